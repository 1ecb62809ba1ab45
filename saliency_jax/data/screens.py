"""Screens that coordinates may be of."""

import numpy as np

from saliency_jax.data.coordinates import Coordinates

# The share outside that a remedy may leave.
MENDED = 0.05
# Screens that a sentence names.
_NAMED = 3
# Usual screens, width x height in pixels.
_SIZES = (
  '320x240 640x480 800x600 1024x768 1280x720 1280x800 1280x1024 1366x768 1440x900 1600x900 1600x1200 1680x1050 '
  '1920x1080 1920x1200 2560x1440 3840x2160'
)
SIZES = tuple(tuple(map(int, size.split('x'))) for size in _SIZES.split())


def likely(coordinates: Coordinates, exact: np.ndarray, sizes: np.ndarray) -> str:
  """Says which screens the fixations may be of."""
  low, high = np.quantile(exact, [0.005, 0.995], axis=0)
  size = np.median(sizes, axis=0)
  said = f'they reach from x = {low[1]:.0f} to {high[1]:.0f} and from y = {low[0]:.0f} to {high[0]:.0f}'
  screens = np.array(SIZES)[:, ::-1]
  screens = screens[(screens > size).all(axis=1)]
  # Shown in its own shape it leaves bars, in which people have no place.
  shown = size * (screens / size).min(axis=1, keepdims=True)
  bars = (screens - shown) / 2
  boxed = np.array([_inside(exact - bar, area) for bar, area in zip(bars, shown, strict=True)], bool).reshape(-1, 1)
  shown, bars = np.where(boxed, shown, screens), np.where(boxed, bars, 0)
  # On what is shown they lie about its middle and go near its edges.
  reach = (high - low) / shown
  uneven = np.abs((low + high) / screens - 1).max(axis=1)
  filled = (uneven < 0.2) & (np.ptp(reach, axis=1) < 0.15) & (reach > 0.6).all(axis=1) & (high < screens).all(axis=1)
  offsets = (size - screens) / 2
  centred = [(screen, offset) for screen, offset in zip(screens, offsets, strict=True) if _inside(exact + offset, size)]
  for number in np.flatnonzero(filled)[:_NAMED]:
    (height, width), (y, x) = screens[number], size / shown[number]
    right, down = 0 - bars[number, ::-1] * (x, y)  # no -0
    said += (
      f'; if the image filled a screen of {width} x {height}{", with bars beside it" if bars[number].any() else ""}, '
      f'give {coordinates.flag("scale", f"{x:.6g},{y:.6g}")}'
    )
    if bars[number].any():
      said += f' and {coordinates.flag("offset", f"{right:.6g},{down:.6g}")}'
  if centred:
    (height, width), (y, x) = centred[0]
    said += (
      f'; if it was shown in its own size in the centre of a screen of {width} x {height}, give '
      f'{coordinates.flag("offset", f"{x:g},{y:g}")}'
    )
  if filled.any() or centred:
    return said
  return (
    f'{said}, so they are not pixels of these images; give {coordinates.flag("scale")} and '
    f'{coordinates.flag("offset")}, the size and place on the screen, that make them so'
  )


def _inside(exact: np.ndarray, size: np.ndarray) -> bool:
  """Tells whether nearly all (y, x) `[N, 2]` lie within (height, width)."""
  inside = ((exact >= -0.5) & (exact < size - 0.5)).all(axis=1)
  return inside.mean() > 1 - MENDED
