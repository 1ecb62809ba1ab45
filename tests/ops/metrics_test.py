"""The eight metrics: against the textbook, their invariances, every way to run."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks import textbook
from saliency_jax.data.sources.osie import Osie
from saliency_jax.ops import auc, blur, distributions, metrics

SIZE = (11, 13)
N = 14  # fixations, some of which repeat a pixel

ALL = jax.jit(metrics.all_scores, static_argnames='distinct')
APART = jax.jit(functools.partial(auc.auc_judd, ties='apart'))


def example(seed, levels=None, size=SIZE, points=N, negatives=40):
  """Returns the arguments of `all_scores` for a made image, valid included."""
  rng = np.random.default_rng(seed)
  saliency = rng.random(size) ** 3
  if levels:
    saliency = np.round(saliency * levels) / levels
  truth, baseline = rng.random((2, *size))
  truth[truth < 0.3] = 0
  fixated = rng.integers(0, size, (points, 2))
  fixated[3] = fixated[7] = fixated[0]
  others = rng.integers(0, size, (negatives, 2))
  valid = np.ones(points, bool)
  valid[-4:] = False
  return saliency, fixated, others, truth, baseline + 0.1, valid


@pytest.mark.parametrize('seed', range(2))
@pytest.mark.parametrize('levels', [None, 5])
@pytest.mark.parametrize('distinct', [True, False])
def test_equal_to_the_textbook(seed, levels, distinct):
  saliency, points, others, truth, baseline, valid = example(seed, levels)
  counted = points[valid]
  if distinct:
    counted = np.unique(counted, axis=0)
  baseline = baseline + saliency.mean()  # a density is never 0 at a fixation
  saliency = saliency + 1e-3
  expected = textbook.all_scores(saliency, counted, others, truth, baseline)
  with jax.enable_x64(True):
    ours = ALL(saliency, points, others, truth, baseline, valid, distinct=distinct)
  np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-13)
  single = (x.astype(np.float32) for x in (saliency, truth, baseline))
  single = dict(zip(('saliency', 'truth', 'baseline'), single, strict=True))
  ours = ALL(points=points, negatives=others, valid=valid, distinct=distinct, **single)
  np.testing.assert_allclose(ours, expected, rtol=3e-6, atol=3e-6)


# Options that no peer's values in `peers_test` have.
@jax.jit
def options(m, truth, baseline, points, mask):
  return (
    metrics.nmm(m, mask),
    distributions.kl(m, truth, eps=1e-7),
    distributions.information_gain(m, baseline, points, minimum=0.01),
  )


@pytest.mark.parametrize('seed', range(3))
def test_options_equal_the_textbook(seed):
  m, points, _, truth, baseline, _ = example(seed, 6)
  m, truth = m - 0.25, truth - 0.1
  points = np.unique(points, axis=0)
  mask = np.zeros(SIZE, bool)
  mask[tuple(points.T)] = True
  with jax.enable_x64(True):
    ours = options(m, truth, baseline, points, mask)
  assert jax.device_get(ours) == pytest.approx(
    (
      textbook.nss(m, points),
      textbook.kl(m, truth, eps=1e-7),
      textbook.information_gain(m, baseline, points, minimum=0.01),
    ),
    abs=1e-12,
  )


def single(seed, **kwargs):
  """Returns an example in float32 as keyword arguments of `all_scores`."""
  names = ('saliency', 'points', 'negatives', 'truth', 'baseline', 'valid')
  return {
    name: x.astype(np.float32) if x.dtype == np.float64 else x
    for name, x in zip(names, example(seed, **kwargs), strict=True)
  }


def test_a_map_with_a_nan_scores_nan():
  given_ = single(0)
  given_['saliency'][0, 0] = np.nan
  found = ALL(**given_ | {'points': np.full((N, 2), 5), 'negatives': np.full((40, 2), 5)})
  assert np.isnan(np.array(found)).all()
  mask = np.zeros(SIZE, bool)
  mask[4, 4] = True
  assert np.isnan(metrics.nmm(given_['saliency'], mask))


@pytest.mark.parametrize('name', ['saliency', 'truth', 'baseline'])
def test_a_large_map_with_a_nan_scores_nan(name):
  """XLA for CPUs drops NaN from the maximum of a large array, if not asked."""
  rng = np.random.default_rng(0)
  size = 180, 200
  given_ = {x: rng.random(size).astype(np.float32) for x in ('saliency', 'truth', 'baseline')}
  given_[name][90, 101] = np.nan
  found = ALL(**given_, points=np.full((3, 2), 5), negatives=np.full((9, 2), 7))
  assert {x for x, value in found._asdict().items() if np.isnan(value)} == {
    'saliency': set(metrics.Scores._fields),
    'truth': {'cc', 'sim', 'kl'},
    'baseline': {'information_gain'},
  }[name]


@pytest.mark.parametrize('point', [(-1, 0), (0, -1), (11, 0), (0, 13)])
@pytest.mark.parametrize('distinct', [True, False])
def test_a_fixation_outside_the_image_is_no_score(point, distinct):
  given_ = single(0)
  given_['points'][2] = point
  found = ALL(**given_, distinct=distinct)
  for name, value in found._asdict().items():
    of_points = name not in ('cc', 'sim', 'kl')
    assert np.isnan(value) == of_points, name
  given_ = single(0)
  given_['negatives'][2] = point
  found = ALL(**given_, distinct=distinct)
  assert np.isnan(found.auc_shuffled)
  assert np.isfinite(np.array(found)).sum() == 7


@pytest.mark.parametrize('listed', [0, N])
def test_no_fixation_is_no_score(listed):
  given_ = single(0)
  given_['points'] = given_['points'][:listed]
  given_['valid'] = np.zeros(listed, bool)
  assert np.isnan(np.array(ALL(**given_))).sum() == 5
  assert np.isnan(metrics.nmm(given_['saliency'], np.zeros(SIZE, bool)))


def test_no_negative_is_no_score():
  given_ = single(0)
  nothing = jax.jit(auc.auc_shuffled)(given_['saliency'], given_['points'], np.zeros((0, 2), int))
  assert np.isnan(nothing)


def test_compiled_vmapped_and_mapped_agree():
  batch = [single(seed) for seed in range(3)]
  negatives = batch[0]['negatives']
  expected = np.array([ALL(**x | {'negatives': negatives}) for x in batch])
  for x in batch:
    del x['negatives']

  def run(x):
    return jnp.stack(metrics.all_scores(**x, negatives=negatives))

  stacked = jax.tree.map(lambda *x: jnp.stack(x), *batch)
  for found in (jax.jit(jax.vmap(run))(stacked), jax.jit(lambda x: jax.lax.map(run, x))(stacked)):
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_half_precision_maps_are_computed_in_float32():
  given_ = single(0)
  saliency = jnp.asarray(given_['saliency']).astype(jnp.bfloat16)
  found = ALL(**given_ | {'saliency': saliency})
  expected = ALL(**given_ | {'saliency': saliency.astype(jnp.float32)})
  assert found == expected
  assert {x.dtype for x in found} == {jnp.dtype('float32')}


@pytest.mark.parametrize(
  ('wrong', 'message'),
  [
    ({'saliency': np.zeros(SIZE, np.uint8)}, 'uint8'),
    ({'saliency': np.zeros((*SIZE, 1), np.float32)}, r'\(11, 13, 1\)'),
    ({'truth': np.zeros((13, 11), np.float32)}, r'\(13, 11\)'),
    ({'baseline': np.zeros((1, 13), np.float32)}, r'\(1, 13\)'),
    ({'points': np.zeros((N, 2))}, 'float'),
    ({'points': np.zeros((N, 3), int)}, r'\(14, 3\)'),
    ({'valid': np.ones(N - 1, bool)}, r'\(13,\)'),
    ({'valid': np.ones(N, int)}, 'int'),
    ({'negatives': np.zeros(8, int)}, r'\(8,\)'),
  ],
)
def test_wrong_shapes_and_types_are_refused(wrong, message):
  with pytest.raises(ValueError, match=message):
    ALL(**single(0) | wrong)


@pytest.mark.parametrize('mask', [np.ones((2, 2), bool), np.ones(SIZE)])
def test_a_wrong_mask_is_refused(mask):
  with pytest.raises(ValueError, match='mask'):
    metrics.nmm(np.ones(SIZE, np.float32), mask)


def test_a_large_map_in_float32_keeps_six_digits():
  rng = np.random.default_rng(0)
  given_ = single(1, size=(600, 800), points=150, negatives=5000)
  saliency = np.exp(rng.normal(size=(600, 800)) * 2).astype(np.float32)
  given_['saliency'] = saliency + np.float32(0.5)
  expected = textbook.all_scores(
    given_['saliency'].astype(float),
    np.unique(given_['points'][given_['valid']], axis=0),
    given_['negatives'],
    given_['truth'].astype(float),
    given_['baseline'].astype(float),
  )
  np.testing.assert_allclose(ALL(**given_), expected, rtol=2e-6, atol=2e-6)


def test_without_eps_a_pixel_without_truth_adds_nothing():
  rng = np.random.default_rng(0)
  saliency, truth = rng.random((2, *SIZE)) + 0.1
  truth[3:7] = 0
  with np.errstate(divide='ignore', invalid='ignore'):
    p, q = textbook.density(saliency), textbook.density(truth)
    expected = np.nansum(q * np.log(q / p))
  with jax.enable_x64(True):
    assert float(distributions.kl(saliency, truth, eps=0.0)) == pytest.approx(expected, abs=1e-12)
    saliency[9, 9] = 0  # where there is truth
    assert distributions.kl(saliency, truth, eps=0.0) == np.inf


def test_eps_is_added_to_the_baseline_too():
  rng = np.random.default_rng(0)
  saliency, baseline = rng.random((2, *SIZE)) + 0.1
  points = np.array([np.unravel_index(baseline.argmin(), SIZE), (2, 3)])
  with jax.enable_x64(True):
    gain = distributions.information_gain(saliency, baseline, points, min_max=True, eps=distributions.MIT_EPS)
  assert float(gain) == pytest.approx(
    textbook.information_gain(saliency, baseline, points, min_max=True, eps=2.0**-52), abs=1e-10
  )
  assert np.isfinite(gain)


def test_the_centre_gaussian_scores_on_osie_as_published(osie_dir):
  """NSS .841, AUC .735, AUC-Judd .738, sAUC .502 by the authors' programs.

  Those are of all 700 photographs; this is every other one that is here.
  """
  size = (600, 800)
  source = Osie(osie_dir)
  points = [source.scanpaths(index).points for index in range(len(source))]
  everything = jnp.asarray(np.concatenate(points))
  image = np.repeat(np.arange(len(points)), [len(x) for x in points])
  prior = jnp.asarray(blur.centre_prior(size, (150, 200)), jnp.float32)

  @jax.jit
  def score(prior, everything, points, valid, others):
    return (
      metrics.nss(prior, points, valid),
      auc.auc_uniform(prior, points, valid),
      auc.auc_judd(prior, points, valid),
      auc.auc_shuffled(prior, points, everything, valid, others),
    )

  found = [
    score(prior, everything, np.pad(x, ((0, 255 - len(x)), (0, 0))), np.arange(255) < len(x), image != i)
    for i, x in enumerate(points)
    if i % 2
  ]
  np.testing.assert_allclose(np.mean(found, axis=0), [0.841, 0.735, 0.738, 0.502], atol=0.02)
