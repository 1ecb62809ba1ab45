"""The metrics against pysaliency 0.2.22 and the MIT benchmark's code.

Their values are for one fixture (48 x 64 pixels, 20 fixations of which 3 repeat
a pixel, 60 fixations of other images): `metrics_*.json` were written by running
them, not by us.
"""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks import textbook
from saliency_jax.ops import auc, blur, distributions, metrics

MAPS = ('smooth', 'offset', 'ties', 'const')
MIT_EPS = distributions.MIT_EPS


@pytest.fixture(scope='module')
def fixture(reference_dir) -> dict[str, np.ndarray]:
  """Maps, and points as the peers make them: truncated to pixels."""
  with np.load(reference_dir / 'metric_fixture.npz') as content:
    found = dict(content)
  for name in ('', 'oth_'):
    found[name + 'points'] = np.stack([found[name + 'ys'], found[name + 'xs']], axis=1).astype(np.int32)
  return found


# The noise that pysaliency adds: normal, with the seed 42.
NOISE = 1e-7 * np.random.RandomState(42).randn(48, 64)  # noqa: NPY002

PYSALIENCY = {
  'NSS_all_fixations_ddof0': lambda m, f: metrics.nss(m, f['points'], distinct=False),
  'NSS_fixmap_pixels_ddof0': lambda m, f: metrics.nss(m, f['points']),
  'AUC_uniform(all px, dup kept)': lambda m, f: auc.auc_uniform(m, f['points'], distinct=False),
  'AUC_unfixated_judd (AUC_Judd, jitter=False)': lambda m, f: auc.auc_judd(m, f['points'], distinct=False),
  'AUC_Judd_jitter_seed42': lambda m, f: auc.auc_judd(m + NOISE.astype(m.dtype), f['points'], distinct=False),
  'AUC_Judd_distinct_pixels(unfixated neg, judd=1)': lambda m, f: auc.auc_judd(m, f['points']),
  'sAUC(all other-image fixations)': lambda m, f: auc.auc_shuffled(m, f['points'], f['oth_points'], distinct=False),
  'sAUC_model': lambda m, f: auc.auc_shuffled(m, f['points'], f['oth_points'], distinct=False),
  'CC_vs_density': lambda m, f: distributions.cc(m, f['density']),
  'SIM_vs_density': lambda m, f: distributions.sim(m, f['density']),
  'KLdiv_MIT(m|density)': lambda m, f: distributions.kl(m, f['density']),
  'KLdiv_minval1e-20': lambda m, f: distributions.kl(m, f['density'], minimum=1e-20, eps=0.0),
  'IG_bits_vs_uniform': lambda m, f: distributions.information_gain(m, jnp.ones_like(m), f['points'], distinct=False),
  'IG_bits_vs_baseline': lambda m, f: distributions.information_gain(m, f['baseline'], f['points'], distinct=False),
}

# Its shuffled AUC and AUC-Borji draw random samples.
MIT = {
  'NSS(std n-1, binary map)': lambda m, f: metrics.nss(m, f['points']) * (1 - 1 / m.size) ** 0.5,
  'AUC_Judd jitter=0': lambda m, f: auc.auc_judd(m, f['points'], ties='apart'),
  'CC': lambda m, f: distributions.cc(m, f['density']),
  'similarity': lambda m, f: distributions.sim(m, f['density'], min_max=True),
  'KLdiv': lambda m, f: distributions.kl(m, f['density']),
  'InfoGain': lambda m, f: distributions.information_gain(m, f['baseline'], f['points'], min_max=True, eps=MIT_EPS),
}


@jax.jit
def everything(saliency, fixture):
  """Returns all of the above for one map: one program, so that it is quick."""
  return {name: function(saliency, fixture) for name, function in (PYSALIENCY | MIT).items()}


@pytest.fixture(scope='module')
def doubles(fixture):
  with jax.enable_x64(True):
    return {name: jax.device_get(everything(fixture[name], fixture)) for name in MAPS}


@pytest.fixture(scope='module')
def singles(fixture):
  single = {key: x.astype(np.float32) if x.dtype == np.float64 else x for key, x in fixture.items()}
  return {name: jax.device_get(everything(single[name], single)) for name in MAPS}


@pytest.fixture(scope='module')
def pysaliency(reference_dir):
  return json.loads((reference_dir / 'metrics_pysaliency.json').read_text())


@pytest.fixture(scope='module')
def mit(reference_dir):
  found = json.loads((reference_dir / 'metrics_mit_octave.json').read_text())
  return found | {'const': found['constm']}


@pytest.mark.parametrize('name', MAPS)
@pytest.mark.parametrize('value', PYSALIENCY)
def test_pysaliency(doubles, singles, pysaliency, name, value):
  theirs = pysaliency[name][value]
  ours = doubles[name][value]
  assert ours.dtype == np.float64
  assert float(ours) == pytest.approx(theirs, abs=1e-9)
  # Noise of 1e-7 is below the precision of float32.
  if value != 'AUC_Judd_jitter_seed42' or name in ('smooth', 'offset'):
    ours = singles[name][value]
    assert ours.dtype == np.float32
    assert float(ours) == pytest.approx(theirs, abs=5e-6)


@pytest.mark.parametrize('name', MAPS)
@pytest.mark.parametrize('value', MIT)
def test_mit(fixture, doubles, singles, mit, name, value):
  theirs = mit[name][value]
  if name == 'const' and value != 'KLdiv':
    assert np.isnan(theirs)
    # Ours is chance, and what the uniform distribution scores.
    theirs = {
      'NSS(std n-1, binary map)': 0,
      'AUC_Judd jitter=0': 0.5,
      'CC': 0,
      'similarity': textbook.sim(np.ones((48, 64)), fixture['density']),
      'InfoGain': np.mean(
        np.log2(1 / 3072) - np.log2(textbook.density(fixture['baseline'], min_max=True)[fixture['fixmap'] > 0])
      ),
    }[value]
  assert float(doubles[name][value]) == pytest.approx(theirs, abs=1e-9)
  assert float(singles[name][value]) == pytest.approx(theirs, abs=5e-6)


def test_every_value_of_the_peers_is_compared(pysaliency, mit):
  # Of its thresholds and negatives two more combinations, which nobody uses.
  assert set(pysaliency['smooth']) - set(PYSALIENCY) == {
    'AUC_judd_thresholds(uniform neg)',
    'AUC_distinct_pixels_all_thresholds(unfixated neg)',
  }
  assert {x for x in mit['smooth'] if 'step' not in x} == set(MIT)


def test_the_fixtures_density_is_its_fixations_blurred(fixture):
  with jax.enable_x64(True):
    ours = blur.blurred_fixations(fixture['points'], (48, 64), 3.0)
  np.testing.assert_allclose(ours, fixture['density'], atol=1e-15)
