"""Opponent colours, by hand."""

import numpy as np

from saliency_jax.classical import colours


def pixel(*rgb):
  return np.array(rgb, np.float32).reshape(3, 1, 1)


def test_double_opponents_by_hand():
  for rgb, blue_yellow, red_green in (
    [(0.8, 0.2, 0.4), 0.25, 0.75],
    [(0.5, 0.5, 0), 1, 0],
    [(0.3, 0.3, 0.3), 0, 0],
    [(0, 0, 0), 0, 0],
  ):
    image = pixel(*rgb)
    found = colours.double_opponent(image, image.max(axis=0))
    np.testing.assert_allclose(np.ravel(found), [blue_yellow, red_green], atol=1e-6)


def test_grey_lies_on_the_axis_of_luminance():
  greys = np.broadcast_to(np.linspace(0, 1, 9, dtype=np.float32), (3, 1, 9))
  luminance, red_green, blue_yellow = np.asarray(colours.cone_opponent(greys))
  np.testing.assert_allclose(luminance[0, [0, -1]], [-1, 1], atol=1e-6)
  assert (np.diff(luminance[0]) > 0).all()
  np.testing.assert_allclose(red_green, 0, atol=1e-6)
  np.testing.assert_allclose(blue_yellow, 0, atol=1e-6)


def test_luminance_is_that_of_the_standard():
  # Smith and Pokorny's L + M is Judd's luminance: Y of XYZ.
  for place, share in enumerate((0.2126, 0.7152, 0.0722)):
    rgb = np.zeros((3, 1, 1), np.float32)
    rgb[place] = 1
    luminance = colours.cone_opponent(rgb)[0, 0, 0]
    np.testing.assert_allclose(luminance, 2 * share - 1, atol=1e-3)


def test_axes_have_their_poles_at_the_primaries():
  red, green, blue = (np.ravel(colours.cone_opponent(pixel(*rgb))) for rgb in ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
  np.testing.assert_allclose(red[1], 1, atol=1e-6)
  assert green[1] < -0.2
  np.testing.assert_allclose(blue[2], 1, atol=1e-6)
  assert red[2] < 0 > green[2]
