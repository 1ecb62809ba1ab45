"""Colours chosen by appearance, in CIELAB (D65), for search arrays in sRGB.

L* fixes the luminance, so colours of equal L* differ in hue but not in
intensity, and the contrast of ink and background can be set.
"""

import math

import numpy as np

# CIE 1976 L*a*b* and IEC 61966-2-1 (sRGB), white point D65, 2 degree observer.
_WHITE = np.array([0.95047, 1.0, 1.08883])
_RGB_TO_XYZ = np.array(
  [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_XYZ_TO_RGB = np.linalg.inv(_RGB_TO_XYZ)

# The RGB value of each background; L* is about 94, 54 and 7.
BACKGROUNDS = {'light': 238, 'grey': 128, 'dark': 22}

Colour = tuple[int, int, int]


def grey(lightness: float) -> Colour:
  """Returns the grey of CIE lightness L* `lightness`, 0 to 100."""
  return vivid(lightness, (0.0,), 0.0)[0]


def vivid(lightness: float, hues: tuple[float, ...], chroma: float) -> tuple[Colour, ...]:
  """Returns colours of one lightness and chroma, as strong as sRGB allows.

  Args:
    lightness: CIE L* of all of them, 0 to 100.
    hues: CIELAB hue angles in degrees.
    chroma: the desired C*ab; lowered in steps of 1, for all hues together,
      until every colour lies in the gamut of sRGB.

  Returns:
    One 8-bit RGB colour per hue.
  """
  for lowered in np.append(np.arange(chroma, 0, -1), 0):
    linear = [_linear_rgb(lightness, lowered, hue) for hue in hues]
    if all((np.abs(rgb - 0.5) <= 0.5).all() for rgb in linear):
      break
  # Rounding in the matrices may put a grey just outside the gamut.
  return tuple(_encode(np.clip(rgb, 0, 1)) for rgb in linear)


def _linear_rgb(lightness: float, chroma: float, hue: float) -> np.ndarray:
  angle = math.radians(hue)
  middle = (lightness + 16) / 116
  f = np.array([middle + chroma * math.cos(angle) / 500, middle, middle - chroma * math.sin(angle) / 200])
  knee = 6 / 29
  xyz = np.where(f > knee, f**3, 3 * knee**2 * (f - 4 / 29)) * _WHITE
  return _XYZ_TO_RGB @ xyz


def _encode(linear: np.ndarray) -> Colour:
  value = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
  red, green, blue = np.rint(value * 255).astype(int).tolist()
  return red, green, blue
