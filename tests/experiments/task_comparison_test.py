"""One tiny trunk, two tasks and their controls: tables, figures, resuming."""

import json
import re
import shutil
import types
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

import saliency_jax as sj
from configs import tasks as tasks_config
from saliency_jax import schema
from saliency_jax.data.parts import Data
from saliency_jax.data.subset import subset
from saliency_jax.errors import InputError
from saliency_jax.experiments import bootstrap, task_comparison, task_runs, task_tables, units
from saliency_jax.experiments.depth_tables import UnitScores
from saliency_jax.networks import adapters, heads, trees, variants
from saliency_jax.ops import inference, numpy_metrics
from saliency_jax.report import site
from saliency_jax.report.chapter import Site
from saliency_jax.report.tasks import compared, tasks_page
from saliency_jax.training import checkpoints
from tests import tiny
from tests.experiments import made

PHOTOGRAPHS = made.Photographs(16)
SCENES = {name: ('sea', 'wood')[number % 2] for number, name in enumerate(PHOTOGRAPHS.image_ids)}
DATA = Data(
  subset(PHOTOGRAPHS, PHOTOGRAPHS.image_ids[:10]),
  subset(PHOTOGRAPHS, PHOTOGRAPHS.image_ids[10:14]),
  scenes=SCENES,
  test=subset(PHOTOGRAPHS, PHOTOGRAPHS.image_ids[14:]),
)
_MODULE = tiny.nested()
NETWORK = adapters.from_linen(
  tiny.Nested(),
  _MODULE.variables,
  preprocess=_MODULE.preprocess,
  call={'train': False},
  stages=(('block0', 'block0/.*'), ('block1', '(block1|head)/.*')),
)
TAP = NETWORK.readout_tap


def config(**changes):
  made_of = tasks_config.get_config()
  made_of.update_from_flattened_dict(
    {
      'task.dense': (5,),
      'tasks.seeds': (0, 1),
      'train.epochs': 2,
      'tasks.trunk_rate': 0.03,
      'data.batch_size': 5,
      'tasks.examples': 2,
      'tasks.controls': ('shuffled', 'linear'),
      'regions.analysis.top_units': 2,
    }
    | changes
  )
  return made_of


def compare(folder, **changes):
  return task_comparison.compare(config(**changes), DATA, PHOTOGRAPHS, NETWORK, str(folder))


@pytest.fixture(scope='module')
def done(tmp_path_factory):
  folder = tmp_path_factory.mktemp('tasks')
  compare(folder)
  return folder


def test_the_pretrained_trunk_is_what_dissect_makes_of_it(done, tmp_path):
  one = task_comparison._measuring(config(), (TAP,))
  units.dissect(one, PHOTOGRAPHS, str(tmp_path), network=NETWORK)
  np.testing.assert_allclose(
    np.load(done / 'regions/trunks/association/pt.npy'), np.load(tmp_path / 'association' / f'{TAP}.npy'), atol=1e-5
  )
  rows = schema.read(done, schema.TABLE7)
  assert [row[2:4] for row in rows if row.trunk == 'pt'] == [row[1:3] for row in schema.read(tmp_path, schema.TABLE2)]
  assert {(row.trunk, row.seed) for row in rows} == {
    ('pt', None),
    *((name, seed) for name in ('sp', 'sr', 'sr_shuffled') for seed in (0, 1)),
  }
  assert json.loads((done / 'summary.json').read_text())['counts']['scenes'] == 2
  # Figure 11 shows the first seed.
  regions = [(row.image_id, row.category) for row in schema.read(done / 'regions/trunks', schema.REGIONS)]
  first = np.load(done / 'regions/trunks/association/sp_seed_0.npy')
  for view in json.loads((done / schema.VIEWS.path).read_text())['views']:
    of = [k for k, row in enumerate(regions) if row == (view['image_id'], view['label'])]
    assert np.abs(first[of, view['unit']] - view['scores']['sp']).min() < 1e-5
  pairs = dict.fromkeys((row.trunk, row.other) for row in schema.read(done, schema.TASK_DIFFERENCES))
  assert [*pairs] == [('sp', 'pt'), ('sr', 'pt'), ('sp', 'sr'), ('sr_shuffled', 'pt'), ('sr', 'sr_shuffled')]
  for name in ('sp_seed_0', 'sr_seed_1'):
    trained = np.load(done / f'regions/trunks/association/{name}.npy')
    pretrained = np.load(done / 'regions/trunks/association/pt.npy')
    assert np.nanmax(np.abs(trained - pretrained)) > 0.01


def test_both_tasks_leave_the_same_stages_as_they_were(done):
  start = NETWORK.variables['params']
  for run in ('sp', 'sr'):
    trained = checkpoints.read_best(done / 'runs' / run, 'depth_1_seed_0').params
    assert trained.keys() & start.keys() == {'block1', 'head'}
    assert np.abs(trained['block1']['conv']['kernel'] - start['block1']['conv']['kernel']).max() > 1e-3


def test_both_tasks_see_the_same_images_in_the_same_order(done):
  jobs = [checkpoints.read_best(done / 'runs' / run, 'depth_1_seed_0').job for run in ('sp', 'sr', 'sr_shuffled')]
  orders = [job['images']['order'] for job in jobs]
  assert orders[0] == orders[1] == orders[2]
  assert len({job['images']['train'].split(',')[0] for job in jobs}) == 1


def test_halves_share_no_image_and_shuffling_keeps_the_counts():
  halves = [task_runs._data(DATA, task_runs.RUNS[f'sp_half_{i}'], 0).train.image_ids for i in (1, 2)]
  assert sorted(halves[0] + halves[1]) == list(DATA.train.image_ids)
  drawn = task_runs._data(DATA, task_runs.RUNS['sr_shuffled'], 0).scenes
  assert drawn != SCENES
  for part in (DATA.train, DATA.validation):
    assert sorted(drawn[x] for x in part.image_ids) == sorted(SCENES[x] for x in part.image_ids)


def test_table_8_is_the_nss_of_the_mean_of_all_units(done):
  """Of the photographs whose scene the head tells, upsampled and all."""
  params = dict(checkpoints.read_best(done / 'runs/sr', 'depth_1_seed_1').params)
  head = params.pop('dense')
  network = NETWORK.replace(
    variables={**NETWORK.variables, 'params': trees.override(NETWORK.variables['params'], params)}
  )
  right, nss = [], []
  for image_id in DATA.validation.image_ids:
    record = PHOTOGRAPHS[PHOTOGRAPHS.image_ids.index(image_id)]
    maps = network.maps(record.image, TAP)[TAP]
    nss.append(numpy_metrics.nss(maps[0].mean(axis=-1), record.fixations, record.image.shape[:2]))
    told = heads.apply_dense(head, maps, normalized=True).argmax()
    right.append(('sea', 'wood')[int(told)] == SCENES[image_id])
  rows = {
    row.group: row
    for row in schema.read(done, schema.TABLE8)
    if (row.trunk, row.seed, row.part) == ('sr', 1, 'validation')
  }
  right, nss = np.array(right), np.array(nss)
  assert rows['right'].share == pytest.approx(right.mean(), abs=1e-6)
  assert rows['right'].images == right.sum()
  for group, inside in (('right', right), ('wrong', ~right)):
    if inside.any():
      assert rows[group].nss == pytest.approx(nss[inside].mean(), abs=1e-4)
  told = [x for x in schema.read(done, schema.SCENE_ACCURACY) if (x.head, x.seed, x.part) == ('sr', 1, 'validation')]
  assert told[0].accuracy == pytest.approx(right.mean(), abs=1e-6)
  labels = np.array([SCENES[x] for x in DATA.validation.image_ids])
  assert told[0].balanced == pytest.approx(np.mean([right[labels == x].mean() for x in ('sea', 'wood')]), abs=1e-6)


def test_intervals_of_few_images_and_of_balanced_accuracy():
  nss = np.array([0.9, 0.2, 0.5, 0.4, 0.7, 0.1, 0.3, 0.6])
  for told, known in ((3, False), (4, True), (7, False)):
    *_, (group, count, found) = task_tables._groups(nss, np.arange(8) < told)
    assert (group, count) == ('difference', 8)
    assert found[0] == pytest.approx(nss[:told].mean() - nss[told:].mean())
    assert np.isfinite(found[1:]).all() == known
  # The one image of its scene is told; samples without it have two scenes.
  shares = task_tables._shares(np.array([*'sswwwwb']), np.array([0, 0, 0, 0, 0, 0, 1], bool))
  assert shares[4] == pytest.approx(1 / 3)
  assert 0 <= shares[5] < 1 / 3 < shares[6] <= 1
  # Of 400 images of a scene half are told, of 100 of another nine tenths.
  labels = np.repeat([*'sw'], [400, 100])
  *_, balanced, low, high = task_tables._shares(labels, np.arange(500) % 10 < np.where(labels == 's', 5, 9))
  error = (0.5 * 0.5 / 400 + 0.9 * 0.1 / 100) ** 0.5 / 2
  assert (balanced, low, high) == pytest.approx((0.7, 0.7 - 1.96 * error, 0.7 + 1.96 * error), abs=0.005)


def test_differences_and_distances_follow_from_table_7(done):
  means = {}
  for row in schema.read(done, schema.TABLE7):
    means.setdefault((row.trunk, row.seed), {})[row.category] = row.mean_nss_top10
  lines = schema.read(done, schema.TASK_DIFFERENCES)
  assert [x.p_corrected for x in lines] == pytest.approx(
    multipletests([x.p for x in lines], method='holm')[1], rel=6e-3
  )
  for row in lines:
    gaps = [
      means[row.trunk, seed][row.category] - means.get((row.other, seed), means['pt', None])[row.category]
      for seed in (0, 1)
    ]
    assert row.change == pytest.approx(np.mean(gaps), abs=2e-6)
    assert row.seeds_higher == sum(x > 0 for x in gaps)
  tables = (schema.TASK_DIFFERENCES, schema.TASK_DISTANCES, schema.SCENE_ACCURACY, schema.TABLE8)
  for row in (x._asdict() for table in tables for x in schema.read(done, table)):
    for name in (x.removesuffix('_low') for x in row if x.endswith('_low')):
      low, value, high = (row[name + end] for end in ('_low', '', '_high'))
      assert np.isnan(low) and np.isnan(high) or low <= value <= high, (row, name)
  distances = {(row.trunk, row.other): row for row in schema.read(done, schema.TASK_DISTANCES)}
  assert len(distances) == 8
  assert distances['sp', 'sp'].pairs == 1
  assert distances['sp', 'sr'].pairs == 4
  assert distances['sp', 'sp'].distance == pytest.approx(
    np.mean([abs(means['sp', 0][x] - means['sp', 1][x]) for x in means['sp', 0]]), abs=2e-6
  )


def test_correlations_between_trunks_are_those_of_every_sample():
  """Also where a sample has no region of a category."""
  rng = np.random.default_rng(0)
  images = np.array(list('aabbccdde'))
  found = UnitScores(
    images,
    np.zeros(9, int),
    np.array(list('xyxyxyxyz')),
    {x: rng.normal(size=(9, 5)).astype(np.float32) for x in ('pt', 'sp')},
  )
  both = task_tables.compare(found, 2)
  # x is twice on a: of photographs there are three.
  assert task_tables.compare(found._replace(image_ids=np.array(list('aaaaccdde'))), 2).photographs == (3, 3, 1)
  draws = bootstrap.draw(images, 500)
  for b in (None, 0, 1, 2, 3):
    counts = np.ones(9, int) if b is None else draws.counts[b][np.searchsorted(draws.photographs, images)]
    rows = {x: np.flatnonzero(found.labels == x) for x in 'xyz'}
    rows = {x: np.repeat(of, counts[of]) for x, of in rows.items()}
    units = [
      np.array([scores[of].mean(axis=0) for of in rows.values() if len(of)]) for scores in found.members.values()
    ]
    at = 0 if b is None else 1 + b
    assert both.r[at, 0, 1] == pytest.approx(np.corrcoef(*(x.ravel() for x in units))[0, 1], abs=1e-6)
    tops = [np.sort(x, axis=1)[:, -2:].mean(axis=1) for x in units]
    assert task_tables._pearson(*both.best[at]) == pytest.approx(np.corrcoef(*tops)[0, 1], abs=1e-6)
  assert (draws.counts[:4, -1] == 0).any()  # no region of z
  trained = [types.SimpleNamespace(run=x, name=x, seed=None) for x in ('pt', 'sp')]
  line = task_tables.distances(trained, both)[0]
  assert line[6:9] == (
    pytest.approx(task_tables._pearson(*both.best[0])),
    *inference.of_r(line[6], task_tables._pearson(both.best[1:, 0], both.best[1:, 1])),
  )
  assert line[9:] == (both.r[0, 1, 0], *inference.of_r(both.r[0, 1, 0], both.r[1:, 1, 0]))
  gap, samples = (task_tables._gap(*of.swapaxes(0, 1)) for of in (both.best[:1], both.best[1:]))
  low, high = inference.around(*gap, samples)
  assert low < 0 < high
  assert line[3:6] == (*gap, 0, high)
  (own,) = (x for x in task_tables.distances(trained, both) if x[:2] == ('pt', 'pt'))
  halves = np.nanmean(np.abs(both.best[1::2, 0] - both.best[2::2, 0]), axis=-1)
  assert own[2:6] == (1, pytest.approx(halves.mean()), *np.quantile(halves, [0.025, 0.975]))


def test_chance_is_the_most_frequent_scene_or_one_at_random():
  images = pd.DataFrame({'image_id': [*'abcde'], 'part': ['test'] + 4 * ['validation']})
  scenes = dict(zip('abcde', ('sea', 'sea', 'wood', 'wood', 'wood'), strict=True))
  test, validation = task_tables.accuracy([], images, scenes)
  assert (*test[:5], test[7]) == ('chance', None, 'test', 1, 1, 1)
  assert (*validation[:5], validation[7]) == ('chance', None, 'validation', 4, 0.75, 0.5)


def test_what_is_done_is_not_done_again_and_makes_a_page(done, monkeypatch):
  before = {path: path.stat().st_mtime_ns for part in ('runs', 'regions') for path in (done / part).rglob('*.npy')}
  tables = (done / 'table8.csv').read_text()
  with monkeypatch.context() as context:
    context.setattr(task_comparison.depth, 'measured', mock.Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
      compare(done)
  assert not (done / 'table8.csv').exists(), 'beside none of another run'
  assert compare(done)['job'] == 'tasks'
  with pytest.raises(InputError, match='runs/sr/checkpoints belongs to another run'):
    compare(done, **{'tasks.dense_rate': 0.5})  # the results stay
  assert before == {path: path.stat().st_mtime_ns for path in before}
  assert (done / 'table8.csv').read_text() == tables
  assert not (done / 'features').exists()
  with np.load(done / 'people.npz') as people:
    assert [x.shape for x in people.values()] == [(8, 8)] * 2
    assert all(abs(x.mean()) < 0.01 for x in people.values())
  page = site.write(done)
  assert re.search('sp and sr.*table8', page.read_text(), re.DOTALL)
  assert 'shuffled' in site.text(done)
  trunks = compared.read(done).trunks
  for name, column in (('table7', 'mean'), ('table7_counts', 'above')):
    shown = pd.read_csv(page.parent / f'tables/{name}.csv').set_index(['source', 'trunk']).loc['this run']
    own = trunks.pivot(index='trunk', columns='category', values=column).loc[shown.index, shown.columns]
    np.testing.assert_allclose(shown, own, rtol=1e-5)


def test_a_first_run_that_ends_while_it_trains_keeps_its_features(tmp_path, monkeypatch):
  def train(runs, workdir):
    (tmp_path / 'features').mkdir()
    raise KeyboardInterrupt

  monkeypatch.setattr(task_comparison.task_runs, 'train', train)
  with pytest.raises(KeyboardInterrupt):
    compare(tmp_path)
  assert (tmp_path / 'config.json').exists()
  assert (tmp_path / 'features').exists()


def test_the_paper_s_numbers_stand_beside_its_own_data_alone(done, tmp_path):
  shutil.copytree(done, tmp_path, dirs_exist_ok=True)
  summary = json.loads((done / 'summary.json').read_text())
  for change in ({'network': {'name': 'vgg16', 'readout_tap': 'conv5_3'}}, {'weights': {'name': 'imagenet'}}):
    summary |= change
    (tmp_path / 'summary.json').write_text(json.dumps(summary))
    assert compared.read(tmp_path).trunks['paper'].isna().all()
  regions = tmp_path / 'regions/trunks/regions.csv'
  regions.write_text(re.sub('(?m)^[^,]*(?=,[0-9])', '1001', regions.read_text()))
  found = compared.read(tmp_path)
  assert found.trunks['paper'].notna().any()
  distances = tasks_page.chapters(found, Site(found, None, root=tmp_path))[0].context['distances']
  assert list(distances.rows)[-1][0] == 'sp and sr, the paper'


def test_changes_are_drawn_as_the_table_has_them(done, monkeypatch):
  monkeypatch.setattr(tasks_page.charts, 'dots', lambda rows, series, **of: (of['title'], rows, of['domain']))
  panels = tasks_page._changes(compared.read(done), types.SimpleNamespace(chart=lambda name, specs, *rest: specs))
  lines = [x for x in schema.read(done, schema.TASK_DIFFERENCES) if x.other == 'pt']
  assert [title for title, *_ in panels] == ['sp', 'sr', 'sr_shuffled']
  assert [(x['who'], x['name'], x['x']) for _, rows, _ in panels for x in rows] == [
    (x.trunk, x.category, x.change) for x in lines
  ]
  known = [x for line in lines for x in (line.change, line.change_low, line.change_high) if np.isfinite(x)]
  assert {domain for *_, domain in panels} == {(min(0, *known), max(0, *known))}


def test_table_8_shows_both_groups_with_their_number_and_interval(done):
  found = compared.read(done)
  rows = [x for x in schema.read(done, schema.TABLE8) if (x.trunk, x.part) == ('sr', 'test')]  # NaN of no image
  line = next(x for x in tasks_page._table8(found) if x[0] == 'sr')
  np.testing.assert_allclose(
    line[1:],
    np.concatenate(
      [
        pd.DataFrame([x[start:] for x in rows if x.group == group]).mean()
        for group, start in (('right', 5), ('wrong', 5), ('difference', 6))
      ]
    ),
  )
  share = np.mean([x.share for x in rows])
  page = site.write(done).read_text()
  assert f'sr classifies {100 * share:.0f} % of these photographs correctly' in page
  assert '1 × 1 readout' in page


@pytest.mark.parametrize(
  ('changes', 'says'),
  [
    ({'tasks.depth': 0}, 'config.tasks.depth is 0'),
    ({'tasks.controls': ('half',)}, "controls names 'half'"),
    ({'tasks.seeds': ()}, 'config.sweep.seeds is'),
    ({'task.dense': (0,)}, 'config.task.dense is'),
    ({'regions.analysis.top_units': 0}, 'analysis.top_units is 0'),
  ],
)
def test_what_is_wrong_is_said_before_anything_is_trained(changes, says, tmp_path):
  scenes = tmp_path / 'scenes.csv'
  scenes.write_text('image_id,scene\n' + ''.join(f'{name},{scene}\n' for name, scene in SCENES.items()))
  with pytest.raises(InputError, match=says):
    sj.tasks(
      NETWORK, PHOTOGRAPHS, None, tmp_path / 'out', {'data.scenes': str(scenes), 'data.min_images': 1, **changes}
    )
  assert not (tmp_path / 'out').exists()


def test_images_without_fixations_are_refused_before_a_task_is_learnt(monkeypatch, tmp_path):
  monkeypatch.setattr(DATA.train, 'gives', frozenset())
  with pytest.raises(InputError, match='images to train on have no fixations; give'):
    task_comparison.compare(config(), DATA, PHOTOGRAPHS, NETWORK, str(tmp_path / 'out'))
  assert not (tmp_path / 'out').exists()


def test_versions_of_a_network_are_computed_as_each_alone():
  """With what they share computed once."""
  network, rng = tiny.vgg(), np.random.default_rng(0)
  params = network.variables['params']
  versions = {
    'as it is': variants.Variant(),
    'other': variants.Variant(
      {'conv5_3': {'kernel': rng.normal(size=params['conv5_3']['kernel'].shape).astype(np.float32)}},
      lambda head, maps: maps.sum(axis=(1, 2)) * head['scale'],
      {'scale': np.float32(2.0)},
    ),
  }
  image = rng.integers(0, 256, (1, 64, 64, 3)).astype(np.uint8)
  together = variants.together(network, versions, 1)
  taps = (*versions, variants.outputs_of('other'), variants.MEANS)
  found = together.apply(together.variables, image, taps)
  for number, (name, one) in enumerate(versions.items()):
    alone = network.apply({'params': trees.override(params, one.params)}, image, ('conv5_3',))['conv5_3']
    np.testing.assert_allclose(found[name], alone, rtol=1e-5)
    np.testing.assert_allclose(found[variants.MEANS][..., number], alone.mean(axis=-1), rtol=1e-5)
  np.testing.assert_allclose(found['other outputs'], 2 * alone.sum(axis=(1, 2)), rtol=1e-5)
