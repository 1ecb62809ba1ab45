"""The whole job in this process: what it writes, and where it goes on."""

import csv
import itertools
import json
import pathlib
import shutil

import numpy as np
import pytest
from PIL import Image
from scipy import stats
from statsmodels.stats.multitest import multipletests

from benchmarks import textbook
from configs import evaluate as evaluate_config
from saliency_jax.data import fingerprints
from saliency_jax.errors import InputError
from saliency_jax.experiments import evaluation, scoring, search_scoring
from saliency_jax.report import site
from tests.experiments import made_scores
from tests.recorder import Recorder, keys

SHARES = ('stands_out', 'first', 'found')


def table(path: pathlib.Path) -> list[dict[str, str]]:
  with open(path, newline='') as file:
    return list(csv.DictReader(file))


def column(path: pathlib.Path, name: str) -> np.ndarray:
  return np.array([float(row[name]) for row in table(path)])


def small(looked_at, models: str):
  config = evaluate_config.get_config()
  config.eval.models, config.eval.sets = models, 'mine'
  config.eval.resamples, config.eval.examples = 50, 1
  config.sets.mine.update(
    {'dir': str(looked_at / 'images'), 'sigma': 5.0, 'drop_outside': True, 'fixations': str(looked_at / 'looks.csv')}
  )
  config.sets.popout.update({'count': 2, 'size': 128})
  return config


def evaluate(config, workdir):
  return evaluation.evaluate(config, str(workdir))


@pytest.fixture(scope='module')
def everything(looked_at, runs, tmp_path_factory):
  """Every kind of model on every kind of data set."""
  folder = tmp_path_factory.mktemp('evaluated')
  config = small(looked_at, f'centre,{runs / "sweep"}')
  config.eval.sets = 'mine,osie,popout'
  config.eval.save_maps = True
  config.sets.osie.dir = str(made_scores.osie(folder / 'osie'))
  config.sets.osie.regions = str(folder / 'osie' / 'labelme')
  recorder = Recorder(config.lock())
  workdir = folder / 'out'
  return recorder, workdir, evaluate(recorder, workdir)


MODELS = ('centre', 'sweep_depth_0', 'sweep_depth_2')


def test_every_key_is_read(everything):
  # `cli` reads the one that is left.
  assert keys(evaluate_config.get_config()) - everything[0].read == {'run.compilation_cache'}


def test_it_writes_what_scripts_rely_on(everything):
  _, workdir, summary = everything
  assert sorted(path.name for path in workdir.iterdir()) == [
    'config.json',
    'differences.csv',
    'examples.csv',
    'examples.npz',
    'figure7.csv',
    'maps',
    'output.csv',
    'per_image',
    'pictures',
    'scores.csv',
    'search.csv',
    'statistics.json',
    'summary.json',
  ]
  assert json.loads((workdir / 'summary.json').read_text()) == summary
  assert summary['job'] == 'evaluate'
  assert list(summary['models']) == list(MODELS)
  assert [each.split()[0] for each in summary['models'].values()] == ['centre', 'network', 'network']
  assert [each['depth'] for each in summary['weights'].values()] == [0, 2]
  assert {name: each['images'] for name, each in summary['datasets'].items()} == {'mine': 4, 'osie': 2, 'popout': 2}


def test_differences_are_paired_and_corrected_over_all(everything):
  workdir = everything[1]
  rows = table(workdir / 'differences.csv')
  assert [tuple(x[name] for name in ('dataset', 'model', 'other', 'metric')) for x in rows] == [
    (dataset, *pair, metric)
    for dataset, metrics in (
      ('mine', scoring.METRICS),
      ('osie', scoring.METRICS),
      ('popout', (*search_scoring.METRICS, *SHARES)),
    )
    for pair in itertools.combinations(MODELS, 2)
    for metric in metrics
  ]
  given = []
  for row in rows:
    if row['p']:
      given.append(row)
    if row['metric'] in SHARES:
      assert int(row['images']) == 2
      continue
    one, other = (
      [float(x[row['metric']] or 'nan') for x in table(workdir / 'per_image' / row['dataset'] / f'{row[who]}.csv')]
      for who in ('model', 'other')
    )
    known = np.isfinite(one) & np.isfinite(other)
    one, other = np.array([one, other])[:, known]
    gap = one - other
    assert int(row['images']) == len(gap)
    if len(gap) > 1 and np.ptp(gap) > 1e-5:
      assert float(row['difference']) == pytest.approx(gap.mean(), abs=2e-6)
      if len(gap) < 4:
        assert row['difference_low'] == row['difference_high'] == ''
      else:
        assert float(row['difference_low']) <= float(row['difference']) <= (float(row['difference_high']))
      # Files have 6 decimals; of whole numbers the test is that of shares.
      if np.ptp(gap) > 0.01 and not np.isin(gap, (-1, 0, 1)).all():
        assert float(row['p']) == pytest.approx(stats.ttest_rel(one, other).pvalue, abs=1e-3)
  assert len(given) > 40
  corrected = multipletests([float(x['p']) for x in given], method='holm')[1]
  assert [float(x['p_corrected']) for x in given] == pytest.approx(corrected, rel=1e-2)


def test_the_table_has_every_model_data_set_and_metric(everything):
  workdir = everything[1]
  rows = table(workdir / 'scores.csv')
  assert list(rows[0]) == ['model', 'dataset', 'metric', 'mean', 'low', 'high', 'images']
  assert [(row['dataset'], row['model'], row['metric']) for row in rows] == [
    (dataset, model, metric)
    for dataset in ('mine', 'osie')
    for model in (*MODELS, 'observers')
    for metric in scoring.METRICS
  ]
  for row in rows:
    values = np.array(
      [
        float(of[row['metric']])
        for of in table(workdir / 'per_image' / row['dataset'] / f'{row["model"]}.csv')
        if of[row['metric']]
      ]
    )
    assert int(row['images']) == len(values)
    assert float(row['mean']) == pytest.approx(values.mean(), abs=2e-6)
    if len(values) < 4:
      assert row['low'] == row['high'] == ''
    else:
      assert float(row['low']) <= float(row['mean']) <= float(row['high'])
  # Nobody but bob looked at p4, so there is no ceiling.
  assert {row['images'] for row in rows if row['dataset'] == 'mine' and row['model'] == 'observers'} == {'3'}
  found = [
    row for row in table(workdir / 'search.csv') if row['kind'] == 'all' and row['metric'] in search_scoring.METRICS
  ]
  assert {row['model'] for row in found} == set(MODELS)
  for row in found:
    values = column(workdir / 'per_image' / 'popout' / f'{row["model"]}.csv', row['metric'])
    if row['metric'] == 'nmm':
      assert float(row['mean']) == pytest.approx(values.mean(), abs=2e-6)


def test_kept_maps_have_these_scores(everything, looked_at):
  workdir = everything[1]
  source = made_scores.source(looked_at)
  for model in MODELS:
    scores = column(workdir / 'per_image' / 'mine' / f'{model}.csv', 'nss')
    for record, expected in zip(source, scores, strict=True):
      cells = np.load(workdir / 'maps' / model / f'{record.image_id}.npy')
      assert cells.dtype == np.float32
      full = np.asarray(Image.fromarray(cells).resize(made_scores.SIZE[::-1], Image.Resampling.BILINEAR), np.float64)
      assert textbook.nss(full, np.unique(record.fixations, axis=0)) == (pytest.approx(expected, abs=1e-4))
  assert np.load(workdir / 'maps' / 'sweep_depth_2' / 'p1.npy').shape == (3, 3)


def test_labelled_regions_have_an_output_saliency(everything):
  rows = table(everything[1] / 'output.csv')
  assert {row['model'] for row in rows} == set(MODELS)
  assert {row['dataset'] for row in rows} == {'osie'}
  assert len(rows) == 6 * len(MODELS)
  figure = table(everything[1] / 'figure7.csv')
  known = {row['model'] for row in figure if row['inner']}
  assert known == {'sweep_depth_0', 'sweep_depth_2'}


def test_a_folder_of_kept_maps_is_a_model(everything, looked_at, tmp_path):
  workdir = everything[1]
  maps = workdir / 'maps' / 'sweep_depth_2'
  made_scores.maps(tmp_path / 'maps' / 'again')  # of a run that kept them
  (tmp_path / 'config.json').write_text('{"run": {}}')
  evaluate(small(looked_at, f'again={maps}'), tmp_path)
  for name in scoring.METRICS:
    np.testing.assert_allclose(
      column(tmp_path / 'per_image' / 'mine' / 'again.csv', name),
      column(workdir / 'per_image' / 'mine' / 'sweep_depth_2.csv', name),
      atol=2e-6,
    )
  assert not (tmp_path / 'maps').exists()


def test_what_a_reader_should_know_is_said(looked_at, tmp_path):
  maps = made_scores.maps(tmp_path / 'mine')
  for image_id in ('p1', 'p2'):
    Image.new('L', (50, 40), 77).save(maps / f'{image_id}.png')
  config = small(looked_at, str(maps))
  # Nobody looks at p4 any more.
  path = tmp_path / 'looks.csv'
  path.write_text(pathlib.Path(config.sets.mine.fixations).read_text().replace('p4,bob,50,30', 'p4,bob,50,3000'))
  config.sets.mine.fixations = str(path)
  summary = evaluate(config, tmp_path / 'out')
  assert summary['datasets']['mine'] == {
    'kind': 'table',
    'images': 4,
    'without_fixations': 1,
    'fixations': 27,
    'fixations_outside': 2,
    'sigma': 5.0,
    'images_with_fewer_than_2_observers': 0,
    'observers_without_a_fixation': 1,
  }
  assert summary['warnings'] == [
    'mine has a constant map for 2 images of mine (p1, p2), scored at chance.',
    'mine: images without a fixation, left out: 1.',
    'mine: fixations outside their image, left out: 2.',
    'mine: observers without a fixation on an image, left out: 1.',
  ]
  rows = table(tmp_path / 'out' / 'per_image' / 'mine' / 'mine.csv')
  assert [(row['image_id'], float(row['nss']) == 0) for row in rows] == [('p1', True), ('p2', True), ('p3', False)]


def test_fixation_maps_have_no_observers(looked_at, tmp_path):
  config = small(looked_at, 'centre')
  for record in made_scores.source(looked_at):
    drawn = np.zeros(made_scores.SIZE, np.uint8)
    drawn[tuple(record.fixations.T)] = 255
    path = tmp_path / 'drawn' / f'{record.image_id}.png'
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(drawn).save(path)
  config.sets.mine.update({'kind': 'maps', 'fixations': str(tmp_path / 'drawn'), 'drop_outside': False})
  summary = evaluate(config, tmp_path / 'out')
  assert summary['datasets']['mine']['images_with_fewer_than_2_observers'] == 4
  rows = table(tmp_path / 'out' / 'scores.csv')
  assert {(row['mean'], row['images']) for row in rows if row['model'] == 'observers'} == {('', '0')}
  assert all(row['mean'] for row in rows if row['model'] == 'centre')
  assert '-' in site.text(tmp_path / 'out').split('observers')[1]
  config.eval.ceiling = False
  evaluate(config, tmp_path / 'out')
  assert 'observers' not in site.text(tmp_path / 'out')


def test_models_are_not_scored_unnoticed_on_what_they_learnt(runs, looked_at, tmp_path):
  sweep = shutil.copytree(runs / 'sweep', tmp_path / 'sweep')
  config = small(looked_at, f'a={sweep},b={sweep}')
  config.eval.members = 'depth_0'
  assert not any('were trained on' in said for said in evaluate(config, tmp_path / 'out')['warnings'])
  # The made photographs in the place of those that it was trained on.
  known = fingerprints.of(made_scores.source(looked_at))
  for images, found in (
    (known[::2], 2),
    ([known[0]._replace(image_id='renamed')], 1),
    ([known[0]._replace(digest='other')], 0),
  ):
    fingerprints.write(sweep, images)
    said = evaluate(config, tmp_path / 'out')['warnings']
    assert ('a_depth_0, b_depth_0 were trained on' in said[0]) == bool(found)
    assert not any(' trained on' in other for other in said[1:])
    assert not found or f'{found} image{"s" * (found > 1)} of mine (p1' in said[0]
    assert 'part=test' not in said[0]  # which is OSIE's


def test_an_image_that_cannot_be_read_may_be_left_out(looked_at, tmp_path):
  folder = shutil.copytree(looked_at, tmp_path / 'data')
  broken = folder / 'images' / 'p2.jpg'
  broken.write_bytes(broken.read_bytes()[:-99])
  maps = tmp_path / 'maps'
  maps.mkdir()
  for name in ('p1', 'p2', 'p3', 'p4'):
    np.save(maps / f'{name}.npy', np.random.default_rng(0).random((6, 8)))
  np.save(maps / 'p4.npy', np.full((6, 8), np.nan))
  config = small(folder, f'centre,gbvs,mine={maps}')
  with pytest.raises(InputError, match=r'p2\.jpg'):
    evaluate(config, tmp_path / 'out')
  config.data.on_bad_image = 'skip'
  summary = evaluate(config, tmp_path / 'out')
  facts = summary['datasets']['mine']
  assert list(facts['skipped']) == ['p2', 'p4']
  assert 'p4.npy' in facts['skipped']['p4']
  assert facts['without_fixations'] == 0
  assert 'mine: left out 2 images that cannot be read, or whose maps cannot (p2, p4).' in summary['warnings']
  for model in ('centre', 'gbvs', 'mine', 'observers'):
    assert [row['image_id'] for row in table(tmp_path / 'out' / 'per_image' / 'mine' / f'{model}.csv')] == ['p1', 'p3']
  # One that somebody looked at, left out for its size, is not one without a fixation.
  np.save(maps / 'p4.npy', np.zeros((96, 72)))  # its photograph is 96 x 72
  config.eval.models = f'mine={maps}'
  facts = evaluate(config, tmp_path / 'out')['datasets']['mine']
  assert (set(facts['skipped']), facts['without_fixations']) == ({'p2', 'p4'}, 0)
