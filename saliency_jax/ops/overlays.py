"""Colour scales, and images under the maps of units.

Exported files and pages share them: the pages' scripts receive tables of them. Maps
are standardised over their image, so a colour means the same in all of them:
standard deviations above the map's mean. Where a map is at its mean or below,
the image shows, in grey unless its colours are the subject; the higher the map,
the stronger its colour.
"""

import numpy as np
from PIL import Image, ImageDraw

from saliency_jax.ops import resize

# 33 evenly spaced colours, linear in between, of matplotlib's viridis, plasma
# and RdBu (red for more).
SCALES = {
  'values': '440154470d6048186a482374472d7b4537814240863e49893b528b375b8d33638d'
  '2f6b8e2c728e297a8e26828e23898e21918c1f988b1fa08822a78528ae8032b67a'
  '3fbc734ec36b5ec96270cf5784d44b98d83eaddc30c2df23d8e219ece51bfde725',
  'maps': '0d08872206903105973f049c4c02a15901a56600a77201a87e03a88a09a59511a1'
  'a01a9caa2395b32c8ebc3587c43e7fcc4778d35171da5a6ae06363e66c5ceb7655'
  'f0804ef58b47f89540fba139fdac33feb82cfdc527fcd225f8df25f4ed27f0f921',
  'differences': '0530610e41791752901f63a82a71b23480b93f8ec0529dc86bacd184bcd99bc9e0'
  'aed3e6c2ddecd4e6f1e0ecf3ecf2f5f7f6f6f9eee7fbe5d8fddcc9fbccb4f8bb9e'
  'f5aa89ee9677e48066db6b55d05548c53e3dba2832ab162a930e267c072267001f',
}
RANGE = (0.0, 6.0)  # of the colours of maps, in standard deviations above the mean
OPACITY = 0.75  # of a map's colour
OPAQUE_FROM = 1.5  # standard deviations from which on the opacity is full
IN_COLOUR = 0.75  # factor of the opacity over an image that keeps its colours
# Grey image = darkest + contrast * luminance, both 0 to 1: bright enough to
# recognise, dark enough for the colours to stand out.
DARKEST, CONTRAST = 0.1, 0.65
_LUMINANCE = (0.299, 0.587, 0.114)  # ITU-R BT.601
_BAR = 34  # height of the colour bar below a picture, pixels


def colours(scale: str, shares: np.ndarray) -> np.ndarray:
  """Returns a scale's colours, float64 `[..., 3]`, 0 to 1, at `[...]` shares of its length, clipped to 0 to 1."""
  stops = np.frombuffer(bytes.fromhex(SCALES[scale]), np.uint8).reshape(-1, 3)
  places = np.linspace(0, 1, len(stops))
  return np.stack([np.interp(shares, places, stops[:, i] / 255) for i in range(3)], axis=-1)


def hexed(colour: np.ndarray) -> str:
  """Returns a colour `[3]` as '#rrggbb'."""
  return '#' + ''.join(f'{round(255 * x):02x}' for x in colour)


def legible(colour: np.ndarray) -> str:
  """Returns black or white, whichever stands out more from a colour `[3]`.

  By the contrast ratio of WCAG 2.2: (L1 + 0.05) / (L2 + 0.05), with L the
  relative luminance.
  """
  linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
  luminance = linear @ (0.2126, 0.7152, 0.0722)
  return '#000' if (luminance + 0.05) ** 2 > 1.05 * 0.05 else '#fff'


def shades(deviations: np.ndarray) -> np.ndarray:
  """Returns the colours and opacities, float64 `[..., 4]`, 0 to 1, of standard deviations above a map's mean."""
  low, high = RANGE
  colour = colours('maps', (np.asarray(deviations) - low) / (high - low))
  opacity = OPACITY * np.clip(np.asarray(deviations) / OPAQUE_FROM, 0, 1)
  return np.concatenate([colour, opacity[..., None]], axis=-1)


def under_map(
  image: np.ndarray, cells: np.ndarray, placement: resize.Placement = resize.TILING, *, coloured: bool = False
) -> np.ndarray:
  """Returns an RGB image, uint8 `[H, W, 3]`, with a map laid over it.

  Cells `[h, w]`, in standard deviations above the map's mean, are upsampled
  bilinearly, with half-pixel centres unless `placement` says where they lie.
  """
  height, width = image.shape[:2]
  rows, columns = cells.shape
  full = np.asarray(cells, float)
  if full.shape != (height, width) or placement != resize.TILING:
    full = resize.bilinear(height, rows, placement) @ full @ resize.bilinear(width, columns, placement).T
  full = shades(full)
  ground = image / 255
  if coloured:
    full[..., 3] *= IN_COLOUR
  else:
    ground = DARKEST + CONTRAST * (ground @ _LUMINANCE)[..., None]
  opacity = full[..., 3:]
  blended = (1 - opacity) * ground + opacity * full[..., :3]
  return np.round(255 * blended).astype(np.uint8)


def with_bar(picture: np.ndarray) -> Image.Image:
  """Returns a picture with the colour scale of its map below it."""
  height, width = picture.shape[:2]
  framed = Image.new('RGB', (width, height + _BAR), 'white')
  framed.paste(Image.fromarray(picture))
  line = under_map(np.full((10, width, 3), 128, np.uint8), np.linspace(*RANGE, width)[None].repeat(2, axis=0))
  framed.paste(Image.fromarray(line), (0, height + 4))
  draw = ImageDraw.Draw(framed)
  low, high = RANGE
  for value in np.arange(low, high + 1, 1 if width > 160 else 2):
    share = (value - low) / (high - low)
    text = {low: '0 SD', high: '6 or more'}.get(value, f'{value:g}')
    draw.text((share * (width - 1), height + 16), text, 'black', anchor={low: 'la', high: 'ra'}.get(value, 'ma'))
  return framed
