"""Maps over photographs: their scale, their place and what is left out."""

import io

import numpy as np
import pytest
from PIL import Image

from saliency_jax.report import folder, panels, style
from tests.report import made


@pytest.fixture
def results(tmp_path):
  scored = made.scores(('conv5_3', 'conv4_1'))
  scored['conv5_3'][:, 0] = [1, 2, 3, 4, 5, 6]
  return folder.read(made.dissect(
      tmp_path, scored, labels=['text', 'food'] * 3,
      fixations=[8, 9, 0, 9, 7, 6]))


def _pixels(figure) -> np.ndarray:
  return np.asarray(Image.open(io.BytesIO(panels.jpeg(figure)))).astype(int)


def test_standardised_maps_by_hand():
  # Half-pixel centres: 0 1 becomes 0 1/4 3/4 1, of mean 1/2, variance 5/32.
  by_hand = (np.array([0, .25, .75, 1]) - .5) / np.sqrt(5 / 32)
  np.testing.assert_allclose(
      panels.standardised(np.array([[0., 1.]], np.float32), 3, 4),
      np.tile(by_hand, (3, 1)), atol=1e-12)


def test_a_constant_map_is_zero():
  constant = np.full((14, 14), 1e4 / 3, np.float32)
  assert not panels.standardised(constant, 97, 101).any()
  assert not panels.standardised(np.zeros((1, 1), np.float32), 5, 7).any()


def test_regions_with_most_fixations_come_first(results):
  shown = panels.most_looked_at(results, results.examples[0])
  # Regions 2 and 4 have nine fixations each; region 4 has the higher score.
  assert [answer.set_id for answer in shown] == [4, 2, 1, 5]


def test_the_photograph_shows_in_grey_where_the_map_is_low(results):
  example = results.examples[0]
  cells = np.zeros((4, 5), np.float32)
  cells[0, 0] = 1
  answer = example.answers[0]._replace(cells=cells, set_id=999)
  picture = _pixels(panels.overlaid(example, answer, 120))
  assert picture.shape == (90, 120, 3)
  spread = picture.max(axis=-1) - picture.min(axis=-1)
  assert spread[50:].max() < 12, 'grey, up to the noise of JPEG'
  assert spread[:10, :10].min() > 100, 'coloured'


def test_the_outline_surrounds_its_region(results):
  example = results.examples[0]
  answer = example.answers[0]
  cells = np.ones((4, 5), np.float32)
  plain = _pixels(panels.overlaid(
      example, answer._replace(cells=cells, set_id=999), 120))
  drawn = _pixels(panels.overlaid(example, answer._replace(cells=cells), 120))
  y, x = np.nonzero(np.abs(drawn - plain).max(axis=-1) > 60)
  inside = np.nonzero(example.sets == answer.set_id)
  assert y.min() <= 2 * inside[0].min() + 2
  assert y.max() >= 2 * inside[0].max() - 2
  assert abs(x.min() - 2 * inside[1].min()) < 8
  assert abs(x.max() - 2 * inside[1].max()) < 8


def test_fixations_and_labels_are_drawn(results):
  example = results.examples[0]
  bare = example._replace(fixations=np.zeros((0, 2), np.int32))
  empty = _pixels(panels.photograph(bare, 120))
  assert np.abs(_pixels(panels.photograph(example, 120)) - empty).max() > 60
  shown = [
      answer._replace(label='$x^2$ <b>' * 9)
      for answer in panels.most_looked_at(results, example)]
  drawn = _pixels(panels.outlined(example, shown, 120))
  assert np.abs(drawn - empty).max() > 60


def test_colour_bar():
  for theme in (style.LIGHT, style.DARK):
    picture = Image.open(io.BytesIO(style.png(panels.colour_bar(theme))))
    middle = np.asarray(picture)[picture.height // 6, :, :3].astype(int)
    # From grey on the left to the yellow of plasma's end on the right.
    assert np.ptp(middle[picture.width // 10]) < 30
    red, green, blue = middle[-picture.width // 10]
    assert min(red, green) > 150 > blue
