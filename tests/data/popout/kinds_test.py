"""A kind changes its feature and nothing else that could be kept."""

import math

import numpy as np
import pytest
import scipy.ndimage

from saliency_jax.data.popout import palette
from saliency_jax.data.popout.search_arrays import KINDS

# A grid of 600 x 600 points; its step has no common measure with the figures.
_STEP = 0.002003
_LINE = (np.arange(600) - 299.5) * _STEP
_X, _Y = np.meshgrid(_LINE, _LINE)


def _designs(kind):
  for background in palette.BACKGROUNDS:
    for seed in range(8):
      yield background, KINDS[kind](np.random.default_rng(seed), background)


def _figures(kind):
  """Yields the target's and the distractor's pixels, bool `[600, 600]`."""
  for _, design in _designs(kind):
    yield design.target.inside(_X, _Y), design.distractor.inside(_X, _Y)


def _area(figure):
  return figure.sum() * _STEP**2


def _axes(figure):
  """Returns the lengths of a bar along and across, and its tilt in degrees."""
  points = np.stack([_X[figure], _Y[figure]])
  values, vectors = np.linalg.eigh(np.cov(points))
  across, along = np.sqrt(12 * values)
  return along, across, math.degrees(math.atan2(*vectors[::-1, 1])) % 180


def _parts(figure):
  """Returns the areas of the connected parts."""
  labels, count = scipy.ndimage.label(figure, np.ones((3, 3)))
  return np.bincount(labels.ravel())[1:] * _STEP**2 if count else []


def _holes(figure):
  return scipy.ndimage.label(~figure)[1] - 1


def _lightness(rgb):
  value = np.array(rgb) / 255
  linear = np.where(value > 0.04045, ((value + 0.055) / 1.055) ** 2.4, value / 12.92)
  y = np.dot([0.2126, 0.7152, 0.0722], linear)
  return 116 * y ** (1 / 3) - 16 if y > 0.00886 else 903.3 * y


def test_there_are_sixteen_kinds():
  assert list(KINDS) == [
    'colour',
    'intensity',
    'orientation',
    'length',
    'width',
    'size',
    'shape',
    'curvature',
    'closure',
    'intersection',
    'terminators',
    'number',
    'density',
    'enclosure',
    'lighting',
    'frequency',
  ]


@pytest.mark.parametrize('kind', KINDS)
def test_items_fit_their_disc_and_stand_out(kind):
  outside = np.hypot(_X, _Y) > 0.5
  for background, design in _designs(kind):
    ground = _lightness((palette.BACKGROUNDS[background],) * 3)
    for item in design[:2]:
      inside = item.inside(_X, _Y)
      assert not (inside & outside).any()
      assert inside.any()
      inks = [item.ink] if item.shade is None else [item.ink, item.second]
      # The darker or the lighter end of a shaded item may meet the background.
      assert max(abs(_lightness(ink) - ground) for ink in inks) > 15


@pytest.mark.parametrize('kind', sorted(set(KINDS) - {'colour', 'intensity', 'lighting', 'frequency'}))
def test_figures_differ_and_inks_do_not(kind):
  for _, design in _designs(kind):
    target, distractor = (item.inside(_X, _Y) for item in design[:2])
    assert (target ^ distractor).sum() > 0.2 * min(target.sum(), distractor.sum())
    assert design.target[1:] == design.distractor[1:]


@pytest.mark.parametrize('kind', ['colour', 'intensity', 'lighting', 'frequency'])
def test_surfaces_differ_and_figures_do_not(kind):
  for _, design in _designs(kind):
    assert design.target.inside is design.distractor.inside
    assert design.target[1:] != design.distractor[1:]


def test_items_turn_where_their_angle_says_nothing():
  turned = {kind for kind in KINDS for _, design in _designs(kind) if design.spin}
  assert turned == {'curvature', 'terminators', 'number', 'density'}


def test_colours_are_equally_light():
  for _, design in _designs('colour'):
    target, distractor = design.target.ink, design.distractor.ink
    assert abs(_lightness(target) - _lightness(distractor)) < 1
    assert np.abs(np.subtract(target, distractor)).max() > 60


def test_intensity_targets_have_more_contrast_or_the_opposite():
  for background, design in _designs('intensity'):
    value = palette.BACKGROUNDS[background]
    target, distractor = design.target.ink, design.distractor.ink
    assert len(set(target)) == len(set(distractor)) == 1
    steps = target[0] - value, distractor[0] - value
    if background == 'grey':
      assert steps[0] == -steps[1]
    else:
      assert abs(steps[0]) > 2 * abs(steps[1])
      assert steps[0] * steps[1] > 0


def test_orientation_turns_the_same_bar():
  for target, distractor in _figures('orientation'):
    (*target_size, tilt), (*size, base) = _axes(target), _axes(distractor)
    np.testing.assert_allclose(target_size, size, rtol=0.01)
    assert min(base % 90, 90 - base % 90) < 0.1
    apart = (tilt - base) % 180
    assert 34.9 < min(apart, 180 - apart) < 60.1


@pytest.mark.parametrize(('kind', 'changed'), [('length', 0), ('width', 1)])
def test_bars_change_one_of_their_sides(kind, changed):
  for target, distractor in _figures(kind):
    wide, thin = _axes(target), _axes(distractor)
    assert wide[changed] > 2 * thin[changed]
    assert wide[1 - changed] == pytest.approx(thin[1 - changed], rel=0.02)
    assert abs((wide[2] - thin[2] + 90) % 180 - 90) < 0.5


def test_size_scales_the_figure():
  for target, distractor in _figures('size'):
    ratio = math.sqrt(_area(target) / _area(distractor))
    assert 1.9 < ratio < 2.3
    middle = (len(_LINE) - 1) / 2
    scaled = (
      scipy.ndimage.affine_transform(
        distractor.astype(float), [1 / ratio] * 2, offset=middle * (1 - 1 / ratio), order=1
      )
      > 0.5
    )
    assert (scaled ^ target).sum() < 0.03 * target.sum()


@pytest.mark.parametrize('kind', ['shape', 'curvature', 'intersection'])
def test_figures_have_one_area(kind):
  for target, distractor in _figures(kind):
    # A stroke is 65 points wide, or 64, by where it lies on the grid.
    assert _area(target) == pytest.approx(_area(distractor), rel=0.02)


def test_curves_and_bars_are_equally_wide():
  for target, distractor in _figures('curvature'):
    widest = [scipy.ndimage.distance_transform_edt(figure).max() * 2 * _STEP for figure in (target, distractor)]
    assert widest[0] == pytest.approx(widest[1], abs=2.1 * _STEP)


def test_closure_rearranges_the_same_halves():
  for target, distractor in _figures('closure'):
    np.testing.assert_allclose(_parts(target), _parts(distractor), rtol=0.01)
    assert len(_parts(target)) == 2
    for axis in (0, 1):
      extents = [np.flatnonzero(figure.any(axis=axis))[[0, -1]] for figure in (target, distractor)]
      np.testing.assert_allclose(*extents, atol=2)
    # Strokes that are a little wider close the target around its middle, and
    # close nothing in the distractor.
    grown = [scipy.ndimage.distance_transform_edt(~figure) * _STEP < 0.06 for figure in (target, distractor)]
    assert [_holes(figure) for figure in grown] == [1, 0]
    assert not grown[0][300, 300]


def test_terminators_open_the_same_ring():
  for target, distractor in _figures('terminators'):
    assert not (target & ~distractor).any()
    assert (_holes(target), _holes(distractor)) == (0, 1)
    assert 0.68 < _area(target) / _area(distractor) < 0.80


def test_number_adds_dots_of_one_size():
  for target, distractor in _figures('number'):
    many, few = _parts(target), _parts(distractor)
    assert 4 <= len(many) <= 6
    assert 1 <= len(few) <= 2
    np.testing.assert_allclose(np.concatenate([many, few]), math.pi * 0.0144, rtol=0.02)


def test_density_packs_dots_of_one_size_into_one_extent():
  for target, distractor in _figures('density'):
    many, few = _parts(target), _parts(distractor)
    assert (len(many), len(few)) == (19, 7)
    np.testing.assert_allclose(many, few[0], rtol=0.05)
    reach = [np.hypot(_X, _Y)[figure].max() for figure in (target, distractor)]
    assert reach[0] == pytest.approx(reach[1], abs=_STEP)


def test_enclosure_adds_a_closed_frame():
  for target, distractor in _figures('enclosure'):
    assert not (distractor & ~target).any()
    assert (_holes(target), _holes(distractor)) == (1, 0)
    assert len(_parts(target)) == len(_parts(distractor)) + 1 == 2


def test_lighting_turns_a_bump_upside_down():
  for _, design in _designs('lighting'):
    inside = design.target.inside(_X, _Y)
    dent, bump = (np.where(inside, item.shade(_X, _Y), 0) for item in design[:2])
    np.testing.assert_allclose(dent, bump[::-1, ::-1], atol=1e-12)
    above = _Y < 0
    assert bump[above].mean() > 2 * bump[~above].mean()
    assert bump.min() >= 0
    assert bump.max() <= 1


def test_frequencies_differ_at_one_mean_and_contrast():
  for _, design in _designs('frequency'):
    inside = design.target.inside(_X, _Y)
    shades = [item.shade(_X, _Y)[inside] for item in design[:2]]
    for shade in shades:
      assert shade.mean() == pytest.approx(0.5, abs=1e-6)
      assert shade.std() == pytest.approx(math.sqrt(1 / 8), rel=0.06)
    slopes = [np.hypot(*np.gradient(item.shade(_X, _Y)))[inside].mean() for item in design[:2]]
    assert max(slopes) > 2.4 * min(slopes)
