"""Maps over images for a paper: their scale, their place, their outline."""

import numpy as np
import pytest

from saliency_jax.report import overlays, panels, style
from saliency_jax.report.panels import Panel


@pytest.fixture
def panel():
  """A bright photograph, a map with one high cell, and a target."""
  image = np.random.default_rng(0).integers(0, 256, (45, 60, 3), np.uint8)
  cells = np.zeros((4, 5), np.float32)
  cells[0, 0] = 6
  mask = np.zeros((90, 120), bool)
  mask[40:52, 60:90] = True
  return Panel('a <b> $x^2$', image, cells, mask)


def test_maps_are_upsampled_with_half_pixel_centres():
  np.testing.assert_allclose(
      overlays.upsampled(np.array([[0., 1.]], np.float32), 3, 4),
      np.tile([0, .25, .75, 1], (3, 1)), atol=1e-12)


def test_the_image_shows_in_grey_where_the_map_is_low():
  ground = np.full((2, 2, 3), 0.5)
  drawn = overlays.blend(ground, np.array([[-3., 0.], [1.5, 6.]]))
  np.testing.assert_array_equal(drawn[0], ground[0])
  assert (drawn[1] != ground[1]).any(axis=-1).all()
  # Yellow, the end of plasma (0.94, 0.975, 0.13), at three quarters.
  np.testing.assert_allclose(
      drawn[1, 1], 0.25 * 0.5 + 0.75 * np.array([0.940, 0.975, 0.131]),
      atol=2e-3)


def test_rows_of_panels(panel):
  figure = panels.grid(
      [('easiest', [panel, panel]), ('hardest', [panel])], style.LIGHT)
  pictures = [axis for axis in figure.axes if axis.images]
  assert len(pictures) == 3
  assert pictures[0].get_title() == panel.title
  shown = pictures[0].images[0].get_array()
  assert shown.shape == (45, 60, 3)
  spread = np.ptp(np.asarray(shown), axis=-1)
  assert spread[25:].max() < 1e-12, 'grey'
  assert spread[:5, :5].min() > 0.3, 'coloured'
  assert b'easiest' in style.vector(figure, 'svg')


def test_the_outline_surrounds_the_target_at_a_margin(panel):
  axis = next(
      x for x in panels.grid([('', [panel])], style.LIGHT).axes if x.images)
  line = np.concatenate(axis.collections[0].get_paths()[0].to_polygons())
  # The target is 30 to 45 across and 20 to 26 down at the image's size.
  assert 26 < line[:, 0].min() < 30
  assert 45 < line[:, 0].max() < 49
  assert 16 < line[:, 1].min() < 20
  assert 26 < line[:, 1].max() < 30


def test_a_target_that_another_covers_has_no_outline(panel):
  covered = panel._replace(mask=np.zeros_like(panel.mask))
  axis = next(
      x for x in panels.grid([('', [covered])], style.LIGHT).axes if x.images)
  assert not axis.collections
