import math

import numpy as np
import pytest
import scipy.ndimage
import scipy.spatial.distance

from saliency_jax.data.popout import drawing, glyphs, palette
from saliency_jax.data.popout.drawing import Design, Item
from saliency_jax.data.popout.search_arrays import KINDS, SET_SIZES, SearchArrays

_SHADED = ('lighting', 'frequency')
_SIZES = (128, 224, 401)


def _one_item(figure, size, turn=0.0):
  layout = drawing.Layout(np.full((1, 2), size // 2, np.int32), np.array([turn]))
  item = Item(figure, (51, 100, 200))
  return drawing.draw(drawing.ArrayPlan(Design(item, item, turn != 0), layout, 0, 'grey'), size)


def test_a_bar_covers_the_pixels_that_can_be_counted_by_hand():
  # The item's diameter is 18 px: a bar of 4 x 8 px, centred on a pixel, covers
  # 3 x 7 of them, half of those around and a quarter at the corners.
  drawn = _one_item(glyphs.box(4 / 18, 8 / 18), 200)
  cover = np.array([0.5, 1, 1, 1, 0.5]) * np.array([0.5, 1, 1, 1, 1, 1, 1, 1, 0.5])[:, None]
  expected = np.full((200, 200, 3), 128.0)
  expected[96:105, 98:103] += cover[..., None] * (np.array([51.0, 100, 200]) - 128)
  np.testing.assert_array_equal(drawn.image, np.rint(expected))
  mask = np.zeros((200, 200), bool)
  mask[96:105, 98:103] = cover >= 0.5
  np.testing.assert_array_equal(drawn.target, mask)
  assert not drawn.distractors.any()


@pytest.mark.parametrize('turn', [0.0, 17.0, 100.0])
def test_anti_aliasing_keeps_the_area(turn):
  drawn = _one_item(glyphs.disc(0.8), 401, turn)
  cover = (drawn.image[..., 2] - 128.0) / (200 - 128)
  diameter = 0.8 * 0.09 * 401
  assert cover.sum() == pytest.approx(math.pi / 4 * diameter**2, rel=5e-3)


def test_items_turn_clockwise_by_their_own_angle():
  drawn = _one_item(glyphs.shifted(glyphs.disc(0.2), 0.4, 0.0), 400, 90.0)
  rows, columns = np.nonzero(drawn.target)
  assert rows.mean() - 200 == pytest.approx(0.4 * 36, abs=0.1)
  assert columns.mean() == pytest.approx(200, abs=0.1)


@pytest.mark.parametrize('size', [128, 224, 401, 512, 1024])
@pytest.mark.parametrize('set_size', SET_SIZES)
def test_items_keep_apart_and_off_the_border(size, set_size):
  diameter = drawing.ITEM * size
  for seed in range(50):
    centres = drawing.lay_out(np.random.default_rng(seed), set_size, size).centres
    assert scipy.spatial.distance.pdist(centres).min() > diameter + 1
    # A pixel's centre lies half a pixel inside its border.
    to_border = np.minimum(centres, size - 1 - centres).min() + 0.5
    assert to_border - diameter / 2 > 0.03 * size - 1


def test_a_layout_scales_with_the_image():
  small, large = (drawing.lay_out(np.random.default_rng(1), 36, size).centres for size in (200, 800))
  np.testing.assert_allclose((small + 0.5) * 4, large + 0.5, atol=2.5)


@pytest.mark.parametrize('size', _SIZES)
@pytest.mark.parametrize('kind', KINDS)
def test_masks_agree_with_the_picture(kind, size):
  arrays = SearchArrays(count=48, seed=3, size=size)
  for index in range(list(KINDS).index(kind), 48, len(KINDS)):
    image = arrays[index].image.astype(float)
    target, distractors = arrays[index].regions.masks
    background = palette.BACKGROUNDS[arrays.patterns[index].background]
    assert target.any()
    assert distractors.any()
    assert not (target & distractors).any()
    contrast = np.abs(image - background).max(axis=-1)
    # Nothing is drawn more than an anti-aliased edge away from the masks.
    near = scipy.ndimage.binary_dilation(target | distractors, np.ones((3, 3)), iterations=2)
    assert not contrast[~near].any()
    if kind in _SHADED:
      assert contrast[target | distractors].mean() > 30
      continue
    design = arrays.plan(index).design
    for item, mask, other in ((design.target, target, distractors), (design.distractor, distractors, target)):
      full = np.abs(np.subtract(item.ink, background)).max()
      cover = contrast / full
      away = ~scipy.ndimage.binary_dilation(other, np.ones((5, 5)))
      # Rounding to 8 bits moves the cover by up to half a grey level.
      clear = away & (np.abs(cover - 0.5) > 0.51 / full)
      np.testing.assert_array_equal(mask[clear], cover[clear] > 0.5)


@pytest.mark.parametrize('kind', KINDS)
def test_every_item_is_drawn_once(kind):
  arrays = SearchArrays(count=64, seed=4, size=401)
  for index in range(list(KINDS).index(kind), 64, len(KINDS)):
    centres = arrays.plan(index).layout.centres
    distractors = arrays[index].regions.masks[1]
    rows, columns = np.nonzero(distractors)
    distances = scipy.spatial.distance.cdist(np.stack([rows, columns], axis=-1), centres)
    owners = distances.argmin(axis=1)
    assert set(owners) == (set(range(len(centres))) - {arrays.plan(index).target})
    assert distances.min(axis=1).max() <= drawing.ITEM * 401 / 2 + 1


@pytest.mark.parametrize('kind', KINDS)
def test_distractors_that_do_not_spin_are_equal_pixel_by_pixel(kind):
  arrays = SearchArrays(count=16, seed=5, size=300)
  index = list(KINDS).index(kind)
  plan, image = arrays.plan(index), arrays[index].image
  tiles = [image[y - 14 : y + 15, x - 14 : x + 15] for y, x in plan.layout.centres]
  target = tiles.pop(plan.target)
  assert (target != tiles[0]).any()
  if not plan.design.spin:
    for tile in tiles[1:]:
      np.testing.assert_array_equal(tile, tiles[0])
