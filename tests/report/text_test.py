"""The text on the terminal, letter by letter on small made numbers."""

import json
import textwrap

import numpy as np
import pytest
from scipy import stats

from saliency_jax.data.types import CATEGORIES
from saliency_jax.ops import inference
from saliency_jax.report import site
from saliency_jax.report.units import run as reader
from saliency_jax.report.units.unit_findings import findings, layer_means
from tests.report import made


def test_table5(tmp_path):
  levels = {'conv5_3': 0.5, 'conv5_1': 1.0, 'conv4_1': 1.5, 'conv3_1': 2.5}
  path = made.popout(
    tmp_path, {layer: np.array([[x + 1, x, -9.0], [x - 1, x, -9.0]] * 5) for layer, x in levels.items()}
  )
  assert site.text(path) == textwrap.dedent("""\
      Table 5: mean NMM of the 2 best units (paper: 10) of each layer

      layer      run   held out   chance from     to   paper   run - paper
      conv5_3   0.50       0.25          0.50   1.00    0.38          0.12
      conv5_1   1.00       0.75          0.50   1.00    1.47         -0.47
      conv4_1   1.50       1.25          0.50   1.00    2.12         -0.62
      conv3_1   2.50       2.25          0.50   1.00       -             -

      - Over 3 layers, the means correlate with those of Table 5 of the paper at r = 0.990 [0.285,
        0.999]; they are 0.32 SD lower on average.
      - The best units of conv3_1 respond most (mean NMM over 10 arrays 2.50 [2.03, 2.72]), those of
        conv5_3 least (0.50 [0.05, 0.67]; paper 0.38).
      - On 10 of 10 arrays, the best units of conv3_1 respond more to the target than to the whole array
        (mean over all arrays: held out 2.25, chance 0.50 to 1.00).""")  # noqa: E501
  run = reader.read(path)
  samples = run.values('mean')[:, None] + np.array([0, 0.1, 0.5, 0])[:, None, None] * np.random.default_rng(0).normal(
    size=(4, 200, 1)
  )
  found = findings(run._replace(samples=samples))[0].text
  low, high = inference.of_correlation(np.array([0.5, 1, 1.5]), samples[:3, :, 0].T, np.array([0.38, 1.47, 2.12]))
  assert low < 0.990 < high
  assert f'at r = 0.990 [{low:.3f}, {high:.3f}]; they are 0.32 SD' in found


def test_many_categories_continue_below(tmp_path):
  names = tuple(f'category{i}' for i in range(20))
  path = made.dissect(tmp_path, made.scores(('conv5_3',)), labels=names[:6], categories=names)
  first = site.text(path).split('\n\n')[1:4]
  assert max(len(line) for part in first for line in part.split('\n')) == 99
  heads, regions = ([x for part in first for x in part.split('\n')[i].split()] for i in (0, 1))
  assert tuple(heads) == names
  assert [x for x in regions if x != 'regions'] == ['1'] * 6 + ['0'] * 14


def test_table2_with_a_category_without_regions(tmp_path):
  path = made.dissect(
    tmp_path,
    {
      'conv5_3': np.array([[2.0, 1.0, 0.0], [3.0, 1.0, 0.0], [1.0, 1.0, 1.0]]),
      'conv3_1': np.array([[0.0, 1.0, 2.0], [0.0, 1.0, 2.0], [4.0, 0.0, 0.0]]),
    },
    labels=['person head', 'person head', 'text'],
    categories=('person head', 'text', 'drink'),
  )
  # Of two regions and of one nothing is found.
  assert site.text(path).strip() == textwrap.dedent("""\
      Table 2: mean NSS of the 2 best units (paper: 10) for each category

                          person
                            head text drink
      regions                  2    1     0
      conv5_3 run           1.75 1.00     -
              held out      1.50 0.75     -
              chance from   0.50 0.50     -
              to            1.00 1.00     -
              paper         1.21 1.10  1.48
      conv3_1 run           1.50 2.00     -
              held out      1.25 1.75     -
              chance from   0.50 0.50     -
              to            1.00 1.00     -

      Table 2: number of units whose mean NSS exceeds 1.5

                          person
                            head text drink
      regions                  2    1     0
      conv5_3 run              1    0     -
              chance from      0    0     -
              to               1    1     -
              paper            2    2     4
      conv3_1 run              1    1     -
              chance from      0    0     -
              to               1    1     -""")


def _many(path, **change):
  """A run of 12 categories with a region each on 10 photographs, 2 layers."""
  names = list(CATEGORIES)
  rng = np.random.default_rng(0)
  return reader.read(
    made.dissect(
      path,
      {layer: rng.normal(1 + i, 0.1, (120, 5)) for i, layer in enumerate(('conv5_3', 'conv4_1'))},
      labels=names * 10,
      **{'image_ids': [*map(str, range(1001, 1011))]} | change,
    )
  )


def _over_categories(means, paper):
  found, rng = [], np.random.default_rng(0)
  for _ in range(2000):
    drawn = rng.choice(12, 12)
    found.append(stats.pearsonr(means[:, drawn].ravel(), paper[:, drawn].ravel()).statistic)
  low, high = np.percentile(found, [2.5, 97.5])
  assert low < stats.pearsonr(means.ravel(), paper.ravel()).statistic < high
  return f'{low:.3f} to {high:.3f}'


def test_findings_are_of_ten_cells_or_more_and_six_at_most(tmp_path):
  run = _many(tmp_path / 'a')
  means, paper = run.values('mean'), run.values('paper')
  found = [x.text for x in findings(run)]
  level = (means - paper).mean()
  r = np.corrcoef(means.ravel(), paper.ravel())[0, 1]
  low, high = inference.of_correlation(means.ravel(), run.samples.swapaxes(0, 1).reshape(50, -1), paper.ravel())
  assert found[0] == (
    f'Over 24 cells with 10 regions or more, the means correlate with those of Table '
    f'2 of the paper at r = {r:.3f} [{low:.3f}, {high:.3f}] ('
    f'{_over_categories(means, paper)} when categories are resampled); they are '
    f'{abs(level):.2f} SD '
    f'{"higher" if level > 0 else "lower"} on average.'
  )
  (low, high), ends = means.mean(axis=1), layer_means(run)[1]
  assert found[1] == (
    f'The best units of conv4_1 respond most (mean NSS over 12 categories '
    f'{high:.2f} [{ends[0, 1]:.2f}, {ends[1, 1]:.2f}]; paper {paper[1].mean():.2f}), those of conv5_3 '
    f'least ({low:.2f} [{ends[0, 0]:.2f}, {ends[1, 0]:.2f}]; paper {paper[0].mean():.2f}).'
  )
  chance = np.full_like(means, [[0.75], [2.5]])  # its middle: the order is another
  table = run.table.assign(chance_low=chance.ravel() - 0.25, chance_high=chance.ravel() + 0.25)
  beyond = (means - chance).mean(axis=1)
  assert findings(run._replace(table=table))[1].text == found[1] + (
    f' Relative to chance (the middle of its band), conv5_3 is highest (+{beyond[0]:.2f}) and conv4_1 lowest '
    f'(\u2212{-beyond[1]:.2f}).'
  )
  above = (means > 1).sum()
  assert found[2] == (
    f'{above} of 24 means lie above their 95 % chance band and 0 below it; '
    f'for units chosen on other images, means are 0.25 SD lower on average.'
  )
  at = means[1].argmax()
  assert found[3].startswith(
    f'The strongest responses are those to {run.columns[at]} in conv4_1: '
    f'mean NSS {means[1, at]:.2f} [{means[1, at] - 0.2:.2f}, '
    f'{means[1, at] + 0.2:.2f}] over 10 regions (held out '
    f'{means[1, at] - 0.25:.2f}, chance 0.50 to 1.00); the best unit is conv4_1:'
  )
  assert found[4].startswith('The category with the most units above T = 1.5 is ')
  assert ': 5 of 5 (' in found[4]
  for chance, told in ((0.01, True), (0.9, False)):
    weak = run._replace(table=run.table.assign(mean=run.table['mean'] / 10, chance_high=chance))
    assert any(x.text.startswith('The strongest responses are') for x in findings(weak)) == told
  # A higher mean, or more units above T, that chance gives as well is not passed over in silence.
  lucky = run._replace(table=run.table.assign(chance_high=np.where(run.table['mean'] == means.max(), 9, 1)))
  told = [x.text for x in findings(lucky)]
  assert told[3].startswith('The strongest responses (among those above chance over 10 regions or more) are those to ')
  assert f'mean NSS {np.sort(means, axis=None)[-2]:.2f} [' in told[3]
  sets = run.table['sets'].where(run.table['category'] != run.columns[at], 9)
  few = [x.text for x in findings(run._replace(table=run.table.assign(sets=sets)))]
  assert 'mean NSS over 11 of 12 categories' in few[1]
  assert ' of 22 means over 10 regions or more lie above' in few[2]
  # What lies off the grid comes last, of six at most.
  off = run._replace(summary=run.summary | {'off_grid': {'conv5_3': -7.5}, 'network': {'image_size': 224}})
  *others, last = (x.text for x in findings(off, _many(tmp_path / 'c'), 'that'))
  assert len(others) == 5
  assert 'centres of receptive fields differ' in last
  assert '): conv5_3 \u22127.5; ' in last
  # In samples of photographs means move.
  samples = means[:, None] + np.random.default_rng(1).normal(0, 0.05, (2, 500, 12))
  z = np.arctanh([np.corrcoef(x.ravel(), paper.ravel())[0, 1] for x in samples.swapaxes(0, 1)])
  middle, own = z.mean(), np.arctanh(r)
  low, high = np.tanh(
    [
      min(own, 2 * own - middle) + middle - np.quantile(z, 0.975),
      max(own, 2 * own - middle) + middle - np.quantile(z, 0.025),
    ]
  )
  again, layers = (x.text for x in findings(run._replace(samples=samples))[:2])
  mean = means[1].mean()
  of = samples[1].mean(axis=1)
  on = run.rows['image_id'].nunique()
  wider = stats.t.ppf(0.975, on - 1) / stats.norm.ppf(0.975) * (on / (on - 1)) ** 0.5
  ends = mean - [0.25, 0] + wider * (of.mean() - np.quantile(of, [0.975, 0.025]))
  assert f'over 12 categories {mean:.2f} [{ends[0]:.2f}, {ends[1]:.2f}]' in (layers)
  assert f'at r = {r:.3f} [{low:.3f}, {high:.3f}] (' in again
  other = _many(tmp_path / 'b', depth=3, image_ids=('mine',))
  compared = findings(run, other, 'that')
  assert len(compared) <= 6
  assert 'higher in 0 of 24 cells' in compared[0].text
  assert not any('paper' in x.text for x in findings(other))
  # Scores of other pixels, or means of other numbers of units, differ whatever the networks are.
  analysis = other.config['analysis'] | {'alignment': 'receptive_field', 'top_units': 5}
  otherwise = other._replace(config=other.config | {'analysis': analysis})
  assert [x.text for x in findings(run, otherwise, 'that')][:2] == [
    'The runs are not scored alike: analysis.alignment is grid (receptive_field in that), analysis.top_units is 2 '
    '(5 in that).',
    compared[0].text,
  ]
  moved = _many(tmp_path / 'c')
  moved = moved._replace(table=moved.table.assign(mean=moved.table['mean'] - 1), samples=samples - 1)
  jitter = np.random.default_rng(2).normal(0, 0.1, samples.shape)
  changed = findings(run._replace(samples=samples + jitter), moved, 'that')[0].text
  assert (
    'it is higher in 24 of 24 cells, and differs with p < 0.05 in 24 '
    '(bootstrap over the same photographs, corrected for all cells).'
  ) in changed
  back = findings(moved, run._replace(samples=samples + jitter), 'that')[0].text
  assert 'is 1.00 SD lower on average than in that; it is higher in 0 of 24 cells' in back
  # What is left out, for its few regions or its p, is not counted as if it were not there.
  few = run.table['category'] == run.columns[0]
  part = run._replace(table=run.table.assign(sets=np.where(few, 4, 10), mean=run.table['mean'] + few))
  noisy = samples + jitter + 2 * np.random.default_rng(3).normal(size=samples.shape) * (np.arange(12) == 0)
  sure = findings(part._replace(samples=samples + jitter + (np.arange(12) == 0)), moved, 'that')[0].text
  assert '22 of 22 cells over 10 regions or more, and differs with p < 0.05 in 22 (' in sure
  other = moved._replace(table=moved.table.assign(sets=np.where(few, 4, 10)))
  again = findings(run._replace(samples=samples + jitter), other, 'that')[0].text
  assert '22 of 22 cells over 10 regions or more, and differs with p < 0.05 in 22 (' in again
  changed, _, _, above, *_ = (x.text for x in findings(part._replace(samples=noisy), moved, 'that'))
  assert '22 of 22 cells over 10 regions or more, and' in changed
  assert ' of 22 means over 10 regions or more lie above' in above


def test_a_network_that_the_paper_has_not_beside_another(tmp_path):
  """Without columns of the paper, and of all units where that is what there is."""
  runs = [
    made.popout(tmp_path / name, {'a': np.array([[x + 1], [x - 1]] * 5), 'b': np.full((10, 3), x - 1)}, weights=name)
    for name, x in (('mine', 2.0), ('theirs', 0.5))
  ]
  for run in runs:
    made.edit(run / 'config.json', network={'name': 'mine'}, analysis={'top_units': 2})
  assert site.text(*runs) == textwrap.dedent("""\
      mine: mean NMM of the 2 best units (all where a layer has fewer) of each layer

      layer    run   held out   chance from     to   compared
      a       2.00       1.75          0.50   1.00       0.50
      b       1.00       0.75          0.50   1.00      -0.50

      compared: theirs

      - The best units of a respond most (mean NMM over 10 arrays 2.00 [1.55, 2.17]), those of b least
        (1.00 [0.53, 1.17]).
      - On 10 of 10 arrays, the best units of a respond more to the target than to the whole array (mean
        over all arrays: held out 1.75, chance 0.50 to 1.00).""")
  page = (site.write(runs[0])).read_text()
  assert 'of mine, scored on' in page
  assert 'Mean NMM of the 2 best units (all where a layer has fewer);' in page
  made.edit(runs[0] / 'config.json', analysis={'top_units': 9})
  assert site.text(runs[0]).startswith('mine: mean NMM of all units of each layer\n')


@pytest.mark.parametrize(
  ('change', 'start'), [({'depth': 4}, 'Table 6 at depth 4: mean NMM'), ({'depth': 9}, 'vgg16, depth 9: mean NMM')]
)
def test_a_trained_model_is_named_by_its_depth(tmp_path, change, start):
  path = made.popout(tmp_path, {'conv5_3': np.ones((2, 2))}, **change)
  assert site.text(path).startswith(start)


def test_a_trained_network_is_named_by_the_summary(tmp_path):
  """Its config has `network.checkpoint`, and `network.name` by default."""
  run = made.popout(tmp_path, {'layer4': np.ones((2, 2))}, depth=1)
  summary = json.loads((run / 'summary.json').read_text())
  summary['network'] = {'name': 'resnet18'}
  (run / 'summary.json').write_text(json.dumps(summary))
  assert site.text(run).startswith('resnet18, depth 1: mean NMM')


def test_fits_100_columns_with_the_twelve_categories(tmp_path):
  path = made.dissect(tmp_path, made.scores(rows=12), labels=CATEGORIES)
  assert max(map(len, site.text(path).splitlines())) <= 100
