"""From recorded coordinates to pixels, and what gives wrong ones away."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saliency_jax.data.coordinate_faults import Survey
from saliency_jax.data.coordinates import PIXELS, Coordinates
from saliency_jax.errors import InputError

OSIE = Coordinates(origin=1, slack=0.5)
SIZE = (150, 200)


def pixels(coordinates, *xy, size=SIZE):
  """Returns pixels (x, y) and which lie outside, as lists."""
  found, outside = coordinates.pixels(np.array(xy, float)[:, ::-1], np.array(size))
  return found[:, ::-1].tolist(), outside.tolist()


def true_points(count=100, size=SIZE):
  """Returns pixels (y, x) `[count, 2]` all over an image but its corners."""
  return np.random.default_rng(0).integers(5, np.array(size) - 5, (count, 2))


def said_of(points, coordinates=PIXELS, size=SIZE):
  return Survey(coordinates, np.asarray(points, float), np.tile(size, (len(points), 1))).fault()


@settings(max_examples=100)
@given(st.floats(0, 11), st.floats(0, 8))
def test_rounded_and_moved_to_the_edge_as_osies_authors_do(x, y):
  # MATLAB's round takes halves away from 0; 1-based pixels.
  expected = [max(1, min(math.floor(x + 0.5), 10)) - 1, max(1, min(math.floor(y + 0.5), 7)) - 1]
  assert pixels(OSIE, (x, y), size=(7, 10)) == ([expected], [False])


def test_half_a_pixel_beyond_the_edge_is_inside_and_more_is_not():
  at_edge = [(0, 0), (11, 8), (0, 8), (11, 0)]
  beyond = [(-0.1, 3), (11.1, 3), (3, -0.1), (3, 8.1)]
  assert pixels(OSIE, *at_edge, size=(7, 10)) == ([[0, 0], [9, 6], [0, 6], [9, 0]], [False] * 4)
  assert pixels(OSIE, *beyond, size=(7, 10))[1] == [True] * 4
  # Without slack the edge is where the last pixel ends.
  assert pixels(PIXELS, (-0.5, 6.49), (-0.51, 3), (3, 6.5), size=(7, 10)) == (
    [[0, 6], [0, 3], [3, 6]],
    [False, True, True],
  )


def test_fractions_are_cut_off_if_asked():
  cut = Coordinates(cut=True)
  assert pixels(cut, (3.9, 2.5), (-0.5, 0), (200, 1)) == ([[3, 2], [0, 0], [199, 1]], [False, False, True])


def test_what_is_no_number_lies_outside():
  assert pixels(PIXELS, (math.nan, 3), (math.inf, 3))[1] == [True, True]


@pytest.mark.parametrize(
  ('options', 'recorded'),
  [
    ({}, lambda x, y, h, w: (x, y)),
    ({'origin': 1}, lambda x, y, h, w: (x + 1, y + 1)),
    ({'scale': 'size'}, lambda x, y, h, w: (x / w, y / h)),
    ({'scale': '0.5'}, lambda x, y, h, w: (2 * x, 2 * y)),
    ({'scale': '.25,2'}, lambda x, y, h, w: (4 * x, y / 2)),
    ({'offset': '-60,-45'}, lambda x, y, h, w: (x + 60, y + 45)),
    ({'offset': 'centre', 'scale': '1,-1'}, lambda x, y, h, w: (x - w // 2, h // 2 - y)),
    ({'offset': 'centre'}, lambda x, y, h, w: (x - (w - 1) / 2, y - (h - 1) / 2)),
    ({'scale': '1,-1'}, lambda x, y, h, w: (x, -y)),
    ({'scale': '0.25', 'origin': 1}, lambda x, y, h, w: (4 * (x + 1), 4 * (y + 1))),
    ({'scale': 'size', 'origin': 1}, lambda x, y, h, w: (x / w, y / h)),
  ],
)
def test_a_stated_convention_gives_the_same_pixels(options, recorded):
  y, x = true_points().T
  found = np.stack(recorded(x, y, *SIZE), axis=1)
  assert pixels(Coordinates(**options), *found) == (np.stack([x, y], axis=1).tolist(), [False] * len(x))


@pytest.mark.parametrize(
  ('recorded', 'message'),
  [
    (lambda p: p / SIZE, 'between 0 and 1; .*scale=size'),
    (lambda p: (p - [75, 100]) * [-1, 1], 'offset=centre, and scale=1,-1'),
    (lambda p: p - [75, 100], "the image's centre.*offset=centre"),
    (lambda p: p * [-1, 1], 'y is negative; .*scale=1,-1'),
    (lambda p: p * [240 / 150, 320 / 200], r'filled a screen of 320 x 240, give scale=0\.625,0\.625; or'),
    (lambda p: p + [45, 60], 'centre of a screen of 320 x 240, give offset=-60,-45; or'),
    (lambda p: p * [800 / 200, 600 / 150], 'screen of 800 x 600, give scale=0.25,0.25; or'),
    (lambda p: p * 100, 'so they are not pixels of these images'),
    (lambda p: p[:, ::-1], 'with x and y exchanged; give columns=x=y,y=x'),
    (lambda p: p / [75, 100] - 1, 'between -1 and 1; .*offset=centre and scale=100,75'),
    (lambda p: p / 2, 'lie in 1% to 48% of the width .*give scale'),
    (lambda p: p * [100 / 150, 100 / 200] * 0.6, 'of the height of their imag'),
  ],
)
@pytest.mark.parametrize('drop', [False, True])
def test_many_outside_are_refused_with_their_cause(recorded, message, drop):
  first, said = said_of(recorded(true_points()), Coordinates(drop_outside=drop))
  assert first == -1 or np.array(recorded(true_points()))[first].any()
  with pytest.raises(AssertionError, match=message):
    raise AssertionError(said)


@pytest.mark.parametrize(
  ('size', 'screen', 'flags'),
  [
    ((150, 200), (720, 1280), 'scale=0.208333,0.208333 and offset=-33.3333,0;'),
    ((200, 150), (768, 1024), 'scale=0.260417,0.260417 and offset=-58.3333,0;'),
    ((480, 640), (1024, 1280), 'scale=0.5,0.5 and offset=0,-16;'),
    ((683, 1024), (1080, 1920), 'scale=0.632407,0.632407 and offset=-95.1111,0'),
    ((150, 200), (768, 1366), 'scale=0.195312,0.195312 and offset=-33.3984,0'),  # four fit, three are named
  ],
)
def test_bars_beside_an_image_are_told_from_one_that_fills_the_screen(size, screen, flags):
  points = true_points(300, size)
  factor = min(np.divide(screen, size))
  bars = (screen - np.array(size) * factor) / 2
  recorded = (points + 0.5) * factor - 0.5 + bars
  said = said_of(recorded, size=size)[1]
  height, width = screen
  assert (f'filled a screen of {width} x {height}, with bars beside it, give {flags}') in said
  assert said.count('filled a screen') <= 3
  words = dict(x.strip(';,').split('=') for x in flags.split() if '=' in x)
  found, outside = Coordinates(**words).pixels(recorded, np.array(size))
  np.testing.assert_array_equal(found, points)
  assert not outside.any()


def test_few_outside_are_an_error_unless_they_are_left_out():
  points = true_points()
  points[7] = 3, 210
  first, said = said_of(points, Coordinates(key='config.data'))
  assert first == 7
  assert said == ('1 of 100 fixations lie outside their images; --config.data.drop_outside leaves them out')
  assert said_of(points, Coordinates(drop_outside=True)) is None


def test_coordinates_from_1_are_told_by_the_last_pixel():
  points = true_points() + 1
  points[7] = 150, 200
  assert 'less than a pixel: if they count from 1, give origin=1; drop' in (said_of(points)[1])
  assert said_of(points, Coordinates(origin=1)) is None
  points[3] = 0, 5  # which is no place counted from 1
  assert 'from 1' not in said_of(points)[1]


def test_a_scale_that_is_stated_is_right():
  points = true_points() / 2
  assert said_of(points, Coordinates(scale='1')) is None


def test_what_is_odd_but_no_fault_is_said():
  points = true_points()
  points[3:8], points[9] = 0, (3, 999)
  dropped = Coordinates(drop_outside=True)
  assert said_of(points, dropped) is None
  said = Survey(dropped, points, np.tile(SIZE, (100, 1))).doubt()
  assert '5 of 100 fixations lie exactly at x = 0, y = 0' in said
  assert '1 of 100 fixations (1.0%) lie outside their images and are' in said
  assert not Survey(PIXELS, true_points(), np.tile(SIZE, (100, 1))).doubt()


@pytest.mark.parametrize(('count', 'told'), [(15, False), (30, True)])
def test_one_fixation_in_twenty_at_a_point_is_odd(count, told):
  points = true_points(400)
  points[:count] = 70, 90
  said = Survey(PIXELS, points, np.tile(SIZE, (400, 1))).doubt()
  assert (f'{count} of 400 fixations lie exactly at x = 90, y = 70' in said) == bool(said) == told


def test_half_numbers_do_not_hide_a_cause():
  points = true_points(120, SIZE[::-1]).astype(float)
  points[::3, 0] = math.nan
  assert 'with x and y exchanged' in said_of(points)[1]


@pytest.mark.parametrize(('count', 'told'), [(30, False), (60, True)])
def test_few_fixations_are_of_no_smaller_screen(count, told):
  points = np.random.default_rng(0).integers(0, 97, (count, 2))
  points[:2] = (96, 3), (5, 96)
  said = said_of(points, size=(600, 800))
  assert (said is not None and 'percent of the size' in said[1]) == told


def test_a_share_that_is_stated_is_accepted():
  points = true_points()
  points[:30] += 1000
  assert 'accept_outside=0.3' in said_of(points, Coordinates(drop_outside=True))[1]
  assert said_of(points, Coordinates(drop_outside=True, accept_outside=0.3)) is None
  assert said_of(points, Coordinates(drop_outside=True, accept_outside=0.29))


@pytest.mark.parametrize('xy', [(0, 0), (199, 149), (199, 0), (0, 149)])
def test_fixations_piled_on_a_corner_are_refused(xy):
  points = true_points()
  points[:4] = xy[::-1]
  assert said_of(points) is None
  points[:7] = xy[::-1]
  first, said = said_of(points)
  assert first == -1
  assert f'7 of 100 fixations lie exactly at x = {xy[0]}, y = {xy[1]}' in said
  assert f'missing={xy[0]},{xy[1]}' in said
  assert said_of(points, Coordinates(missing='none')) is None


def test_lost_gaze_outside_is_told_from_fixations_outside():
  points = true_points()
  points[:30] = -1
  assert 'missing=-1,-1' in said_of(points)[1]


@pytest.mark.parametrize(
  ('missing', 'lost'), [('', []), ('none', []), ('0,0', [1, 4]), ('0', [1, 2, 4]), ('3,2', [3, 4]), ('NA', [4])]
)
def test_what_stands_for_lost_gaze(missing, lost):
  points = np.array([[1, 1], [0, 0], [0, 5], [2, 3], [math.nan, 1]])
  found = Coordinates(missing=missing).lost(points)
  assert np.flatnonzero(found).tolist() == lost


def test_few_fixations_are_taken_as_they_are():
  assert said_of([(0, 0), (1, 1), (0, 1)]) is None
  assert said_of(np.zeros((0, 2))) is None


@pytest.mark.parametrize(
  ('options', 'message'),
  [
    ({'origin': 2}, 'cannot count from 2; give 0 or 1 as origin'),
    ({'scale': 'big'}, "scale is 'big'; give two numbers, X,Y, or 'size'"),
    ({'scale': '1,2,3'}, 'scale is'),
    ({'scale': '0'}, 'scale is'),
    ({'scale': 'nan'}, 'scale is'),
    ({'offset': '3'}, "offset is '3'; give two"),
    ({'offset': 'x,y'}, 'offset'),
    ({'accept_outside': 1.1, 'key': 'config.data'}, '--config.data.accept_outside is 1.1'),
  ],
)
def test_wrong_options_are_refused(options, message):
  with pytest.raises(InputError, match=message):
    Coordinates(**options)
