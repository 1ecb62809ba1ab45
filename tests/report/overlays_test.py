"""Maps over still pictures: their colours, their place and the outline."""

import io

import numpy as np
import pytest
from PIL import Image

from saliency_jax.report import overlays, style

PICTURE = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)
NOTHING = np.zeros((45, 60), bool)


def pixels(*arguments, **options) -> np.ndarray:
  data = overlays.jpeg(*arguments, width=120, **options)
  return np.asarray(Image.open(io.BytesIO(data))).astype(int)


def test_the_picture_shows_in_grey_where_the_map_is_low():
  cells = np.full((4, 5), -0.5)
  cells[0, 0] = 6
  drawn = pixels(PICTURE, NOTHING, cells)
  assert drawn.shape == (90, 120, 3)
  spread = np.ptp(drawn, axis=-1)
  assert spread[50:].max() < 12, 'grey, up to the noise of JPEG'
  assert spread[:10, :10].min() > 60, 'coloured'


def test_colours_by_hand():
  """Half-pixel centres: cells 0 and 6 at four pixels are 0, 1.5, 4.5 and 6."""
  grey = np.full((1, 4, 3), 128, np.uint8)
  ground = 0.1 + 0.65 * 128 / 255
  drawn = overlays.blended(grey, np.array([[0., 6.]]))
  np.testing.assert_allclose(drawn[0, 0], ground, atol=1e-6)
  # Plasma ends in yellow, laid over at 0.75; at a quarter it is violet.
  np.testing.assert_allclose(
      drawn[0, 3], 0.25 * ground + 0.75 * np.array([0.940, 0.975, 0.131]),
      atol=2e-3)
  np.testing.assert_allclose(
      drawn[0, 1], 0.25 * ground + 0.75 * np.array([0.491, 0.013, 0.658]),
      atol=0.02)


@pytest.mark.parametrize('margin', [0., 0.05])
def test_the_outline_surrounds_its_set(margin):
  mask = NOTHING.copy()
  mask[10:20, 30:45] = True
  cells = np.full((4, 5), 1.)
  drawn = pixels(PICTURE, mask, cells, margin=margin)
  changed = np.abs(drawn - pixels(PICTURE, NOTHING, cells)).max(axis=-1) > 60
  y, x = np.nonzero(changed)
  # The picture has two pixels for each of the mask's.
  grown = 120 * margin * 2.2
  for found, wanted in (
      (y.min(), 20 - grown), (y.max(), 39 + grown),
      (x.min(), 60 - grown), (x.max(), 89 + grown)):
    assert abs(found - wanted) < 6 + 60 * margin


def test_the_picture_itself_keeps_its_colours():
  smooth = np.asarray(Image.fromarray(PICTURE).resize(
      (4, 3)).resize((120, 90), Image.Resampling.BICUBIC))
  assert np.abs(pixels(smooth, NOTHING) - smooth).mean() < 4


@pytest.mark.parametrize('theme', [style.LIGHT, style.DARK])
def test_the_scale_goes_from_grey_to_yellow(theme):
  drawn = Image.open(io.BytesIO(style.png(overlays.colour_bar(theme))))
  middle = np.asarray(drawn)[drawn.height // 6, :, :3].astype(int)
  assert np.ptp(middle[drawn.width // 10]) < 30
  red, green, blue = middle[-drawn.width // 10]
  assert min(red, green) > 150 > blue
