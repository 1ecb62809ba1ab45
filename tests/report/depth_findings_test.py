"""What is said of a sweep: findings, agreement with the paper, seeds."""

import re

import numpy as np
import pandas as pd
import pytest

from saliency_jax.errors import InputError
from saliency_jax.ops import inference
from saliency_jax.report import best_units
from saliency_jax.report.depths import agreement, swept
from saliency_jax.report.depths import depth_findings as findings
from tests.report import made_sweep as made


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
  return made.sweep(tmp_path_factory.mktemp('sweep'))


def _bare(text: str) -> str:
  """Returns a text without its intervals."""
  return re.sub(r' \[[^]]*\]', '', text)


def test_findings_follow_from_the_numbers(folder):
  results = swept.read(folder)
  found = [x.text for x in findings.findings(results)]
  # Drink has 5 regions, five images validate and nothing has ten cells.
  assert found == [
    'The mean NSS of the best units rises from depth 0 to depth 3 for 2 of 2 '
    'categories, most for person head, from 1.00 [0.80, 1.20] to 3.50 [3.30, '
    '3.70] (paper: 1.21 to 3.28), and least for text, from 0.75 [0.55, 0.95] to 1.25 '
    '[1.05, 1.45] (paper: 1.10 to 1.34).',
    'From depth 0 to depth 3, the mean for text rises by 67 % [18, 107] and that for person head by 250 % [150, 311] '
    '(paper: 22 % and 171 %).',
    'On search arrays, the mean NMM of the best units exceeds that of depth '
    '0 at 1 of 2 depths, with non-overlapping intervals at 1: 0.25 [0.05, 0.45] at '
    'depth 0, at most 1.00 [0.80, 1.20] at depth 3; paper: 0.38 at depth 0, '
    'at most 0.92 at depth 3, r = 0.73.',
  ]
  summary = results.summary | {'counts': {'validation': 50}}
  assert findings.findings(results._replace(summary=summary))[0].text == (
    'On 50 validation images, 2 of 2 trained depths have a higher NSS than the readout alone: 1.62 at depth 0 and at '
    'best 2.75 at depth 3.'
  )
  better = results.seen.copy()
  better.loc[better['member'] == 'depth_all', 'mean'] += 9
  # Of the depth that the paper discusses, although another one is better.
  assert findings.findings(results._replace(seen=better))[0].text == found[0]
  for name in ('text', 'person head'):  # of one alone nothing is said
    one = results._replace(seen=results.seen[results.seen['category'] != name])
    assert not any('the mean for' in x.text for x in findings.findings(one))
  assert [x.text for x in findings.notes(results)] == [
    'Each depth was trained once, so the spread over seeds is unknown and '
    'differences between depths have no error term.',
    'The paper reports that these categories differ from all others; here '
    '(Games-Howell on regions, Tukey on depths, 5 %) this holds for person head in 2 of 3 runs '
    'and over depths as blocks.',
  ]


def test_correlations_with_the_paper_are_those_of_numpy(folder):
  results = swept.read(folder)
  many = results.seen.assign(sets=20)
  again = many.assign(category='again ' + many['category'])
  # Six categories of three depths are eighteen cells.
  table = pd.concat([many, again]).sort_values('depth', kind='stable')
  run, published = (np.hstack([[*values.values()]] * 2) for values in (made.MEANS, made.PAPER))
  left = []
  for values in (run, published):  # what an additive model leaves
    design = np.hstack([np.kron(np.eye(3), np.ones((6, 1))), np.kron(np.ones((3, 1)), np.eye(6))])
    flat = values.ravel()
    left.append(flat - design @ np.linalg.lstsq(design, flat)[0])
  whole, gains, rest = (
    f'{np.corrcoef(a.ravel(), b.ravel())[0, 1]:.3f}'
    for a, b in ((run, published), (run[1:] - run[0], published[1:] - published[0]), left)
  )
  samples = np.tile(results.samples, 2)
  found = findings.findings(results._replace(seen=table, unseen=None, samples=samples))
  assert _bare(next(x.text for x in found if 'correlate' in x.text)) == (
    f'Over 18 cells, the means correlate with those of Table 3 of the paper at r = '
    f'{whole} (Pearson), and the gains over depth 0 at r = {gains}; once the '
    f'means of categories and of depths, which both tables have in common, '
    f'are subtracted, r is {rest}.'
  )


def test_r_is_bootstrapped_over_photographs(folder):
  results, rng = swept.read(folder), np.random.default_rng(0)
  seen = results.seen.assign(sets=20)
  table = pd.concat([seen, seen.assign(category='again ' + seen['category'])])
  table = table.sort_values('depth', kind='stable')
  means = best_units.values(table, 'mean')
  samples = means[:, None] + rng.normal(0, 0.3, (3, 200, 6))
  found = agreement.agreement(results._replace(seen=table, samples=samples), swept.by_depth(table))
  published = best_units.values(table, 'paper').ravel()
  z = np.arctanh([np.corrcoef(x.ravel(), published)[0, 1] for x in samples.swapaxes(0, 1)])
  own = np.arctanh(np.corrcoef(means.ravel(), published)[0, 1])
  both, middle = [own, 2 * own - z.mean()], z.mean()
  low, high = np.tanh([min(both) + middle - np.quantile(z, 0.975), max(both) + middle - np.quantile(z, 0.025)])
  assert f'r = {np.tanh(own):.3f} [{low:.3f}, {high:.3f}] (Pearson)' in found
  assert swept.read(folder).of_arrays is None  # the members' own results are missing
  whole = (folder / 'samples.npy').read_bytes()
  np.save(folder / 'samples.npy', np.zeros((3, 7, 3), np.float32))
  assert swept.read(folder).samples.shape == (3, 7, 3)
  np.save(folder / 'samples.npy', np.zeros((3, 7, 2), np.float32))
  with pytest.raises(InputError, match=r'samples.npy holds \[3, 7, 2\]'):
    swept.read(folder)
  (folder / 'samples.npy').unlink()
  with pytest.raises(InputError, match='samples.npy is missing; start the job again'):
    swept.read(folder)
  (folder / 'samples.npy').write_bytes(whole)


def test_table_6_has_the_interval_of_its_r_and_heads_those_of_their_rise(tmp_path):
  rng = np.random.default_rng(0)
  samples = rng.normal(0.5, 0.1, (3, 2, 200, 1))
  for order in (('depth_all', 'depth_0', 'depth_3'), tuple(made.DEPTHS)):
    folder = made.sweep(tmp_path / order[0], order, views=False)
    for name, of in zip(made.DEPTHS, samples, strict=True):
      place = folder / 'popout' / name
      place.mkdir(exist_ok=True)
      np.save(place / 'samples.npy', of)
      made.table5(place, ('conv4_1', 'conv5_3'))
    results = swept.read(folder)
    np.testing.assert_allclose(results.of_arrays, samples[:, 1, :, 0].T)
  low, high = inference.of_correlation(
    results.arrays['mean'].to_numpy(), results.of_arrays, results.arrays['paper'].to_numpy()
  )
  assert f'r = 0.73 [{findings.number(low)}, {high:.2f}].' in (findings.findings(results)[-1].text)
  made.table5(place, ('conv4_1', 'conv4_2'))
  with pytest.raises(InputError, match='has no row of conv5_3'):
    swept.read(folder)
  of_regions = best_units.values(results.seen, 'mean')[:, None] + rng.normal(0, 0.1, (3, 200, 3))
  both = next(
    x.text
    for x in findings.findings(results._replace(seen=results.seen.assign(sets=20), samples=of_regions))
    if 'text rises' in x.text
  )
  text = of_regions[1, :, 1] / of_regions[0, :, 1]
  low, high = inference.around(66.67, 100 * (text - 1))
  assert f'text rises by 67 % [{low:.0f}, {high:.0f}] and' in both


def test_runs_of_one_depth_tell_what_a_seed_changes(folder):
  values = np.array([[1.0, 2], [3, 9], [2, 4], [7, 8]])
  found = findings.deviations(
    pd.DataFrame({'depth': np.repeat([3, 0, 3, 1], 2), 'category': ['a', 'b'] * 4, 'mean': values.ravel()})
  )
  assert found[[0, 1]].isna().all()
  np.testing.assert_allclose(found[3], values[[0, 2]].std(axis=0, ddof=1))
  results = swept.read(folder)
  # Two runs of depth 3: (3.5, 1.25, 1) and (2, 2, 1.5).
  members = (*results.members[:2], results.members[2]._replace(name='depth_3_seed_1', depth=3))
  seen = results.seen.replace({'depth': {13: 3}})
  assert findings.notes(results._replace(members=members, seen=seen))[0].text == (
    'Over the 1 to 2 runs of a depth (same images in the same order), '
    'the means have a standard deviation of 0.65 on average and 1.06 at most '
    '(person head at depth 3).'
  )


def test_findings_of_several_runs_carry_their_spread(folder):
  results = swept.read(folder)
  results.tests['gains'] = {
    'depth_3': {'person head': {'gain': 2.5, 'p_holm': 0.0}, 'text': {'gain': 0.5, 'p_holm': 0.2}},
    'depth_all': {'person head': {'gain': 1.0, 'p_holm': 0.04}, 'text': {'gain': 1.25, 'p_holm': 0.01}},
  }
  changed = {}
  for name in ('seen', 'arrays'):
    changed[name] = table = getattr(results, name).copy()
    table.loc[table['member'] == 'depth_all', 'depth'] = 3
  members = (*results.members[:2], results.members[2]._replace(name='depth_3_seed_1', depth=3))
  rises, both, arrays = (x.text for x in findings.findings(results._replace(members=members, **changed)))
  assert (
    'for 2 of 2 categories (1 with p < 0.05 in every run, corrected over all categories and members), most '
    'for person head, from 1.00 [0.80, 1.20] to 2.75 [2.55, 2.95] (2.00 to 3.50 over 2 runs)'
  ) in rises
  # Text 1.25 and 2, person head 3.5 and 2.
  assert ('rises by 117 % (67 to 167 over 2 runs) and that for person head by 175 % (100 to 250 over 2 runs)') in _bare(
    both
  )
  assert 'at most 0.60 [0.40, 0.80] (0.20 to 1.00 over 2 runs)' in arrays
  for of in results.tests['gains'].values():  # a folder without corrected tests says nothing of them
    for x in of.values():
      del x['p_holm']
  assert ' for 2 of 2 categories, most' in findings.findings(results._replace(members=members, **changed))[0].text


@pytest.mark.parametrize(
  ('name', 'old', 'new', 'left'),
  [
    ('regions/depth_0/regions.csv', '1001', 'mine', 'arrays'),
    ('popout/depth_0/patterns.csv', 'grey', '', 'seen'),
    ('summary.json', '"imagenet"', '"random"', ''),
    ('summary.json', '"conv5_3"', '"conv4_1"', ''),
  ],
)
def test_other_data_are_not_set_beside_the_paper_s(tmp_path, name, old, new, left):
  """As with a dissection and a pop-out run: by what was measured."""
  folder = made.sweep(tmp_path, views=False)
  file = folder / name
  file.write_text(file.read_text().replace(old, new))
  results = swept.read(folder)
  for of in ('seen', 'arrays'):
    assert getattr(results, of)['paper'].isna().all() == (of != left), of
