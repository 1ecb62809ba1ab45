import math

import numpy as np
import pytest

from saliency_jax.data.popout import glyphs

# Midpoints of a 1200 x 1200 grid over [-0.6, 0.6] squared.
_LINE = (np.arange(1200) + 0.5) / 1000 - 0.6
_X, _Y = np.meshgrid(_LINE, _LINE)


def area(figure):
  return figure(_X, _Y).sum() * 1e-6


@pytest.mark.parametrize(
  ('figure', 'expected'),
  [
    (glyphs.disc(0.8), math.pi * 0.16),
    (glyphs.box(0.3, 0.7), 0.21),
    (glyphs.turned(glyphs.box(0.3, 0.7), 33.0), 0.21),
    (glyphs.shifted(glyphs.box(0.3, 0.7), 0.2, -0.1), 0.21),
    # Equilateral triangle and hexagon of circumradius 0.4.
    (glyphs.regular(3, 0.4), 3 * math.sqrt(3) / 4 * 0.16),
    (glyphs.regular(6, 0.4), 3 * math.sqrt(3) / 2 * 0.16),
    # Ten triangles of sides 0.5 and 0.2 that enclose 36 degrees.
    (glyphs.star(5, 0.5, 0.2), 5 * 0.5 * 0.2 * math.sin(math.radians(36))),
    (glyphs.arc(0.7, 0.1), math.pi * (0.4**2 - 0.3**2)),
    # A sector of an annulus: middle radius x angle x width.
    (glyphs.arc(0.7, 0.1, 120.0), 0.35 * math.radians(120) * 0.1),
    (glyphs.without(glyphs.disc(0.8), glyphs.disc(0.4)), math.pi * 0.12),
    (glyphs.union((glyphs.box(0.2, 0.6), glyphs.box(0.6, 0.2))), 0.2),
    (glyphs.dots(glyphs.hexagon_places(2, 0.4), 0.1), 19 * math.pi * 0.0025),
  ],
)
def test_area_agrees_with_geometry(figure, expected):
  assert area(figure) == pytest.approx(expected, rel=2e-3)


def test_a_figure_without_a_waist_is_the_regular_polygon():
  star = glyphs.star(4, 0.4, 0.4 * math.cos(math.pi / 4))
  square = glyphs.regular(4, 0.4)
  assert area(lambda x, y: star(x, y) ^ square(x, y)) < 1e-5


def test_angles_run_clockwise_on_the_screen_from_three_o_clock():
  quarter = glyphs.arc(0.6, 0.2, 60.0)
  corners = {0: (0.3, 0.0), 90: (0.0, 0.3), 180: (-0.3, 0.0), 270: (0.0, -0.3)}
  for degrees in corners:
    figure = glyphs.turned(quarter, degrees)
    held = [at for at, (x, y) in corners.items() if figure(x, y)]
    assert held == [degrees]


def test_quarter_turns_are_exact():
  x, y = glyphs.turn(np.array([0.1]), np.array([0.7]), 90)
  np.testing.assert_array_equal([x[0], y[0]], [-0.7, 0.1])
  x, y = glyphs.turn(np.array([0.1]), np.array([0.7]), -180)
  np.testing.assert_array_equal([x[0], y[0]], [-0.1, -0.7])


def test_polygons_point_up():
  for figure in (glyphs.regular(3, 0.4), glyphs.star(5, 0.4, 0.15)):
    assert figure(0.0, -0.39)
    assert not figure(0.0, 0.39)


def test_points_on_an_edge_are_inside():
  assert glyphs.box(0.4, 0.2)(0.2, -0.1)
  assert glyphs.disc(1.0)(0.3, 0.4)
  assert glyphs.turned(glyphs.box(0.4, 0.2), 30.0)(0.2 * math.cos(math.pi / 6), 0.2 * math.sin(math.pi / 6))


@pytest.mark.parametrize('count', [2, 4, 5, 6])
def test_places_on_a_circle_keep_their_spacing(count):
  places = np.array(glyphs.circle_places(count, 0.3))
  distances = np.linalg.norm(places[:, None] - places[None], axis=-1)
  np.fill_diagonal(distances, np.inf)
  np.testing.assert_allclose(distances.min(axis=0), 0.3)


@pytest.mark.parametrize(('rings', 'count'), [(1, 7), (2, 19), (3, 37)])
def test_hexagons_are_even_lattices(rings, count):
  places = np.array(glyphs.hexagon_places(rings, 0.45))
  assert len(places) == count
  distances = np.linalg.norm(places[:, None] - places[None], axis=-1)
  np.fill_diagonal(distances, np.inf)
  np.testing.assert_allclose(distances.min(axis=0), 0.45 / rings)
  assert np.linalg.norm(places, axis=-1).max() == pytest.approx(0.45)
