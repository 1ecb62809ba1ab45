"""A tiny sweep, trained and then measured: tables, resuming, what is shown."""

import csv
import json
import pathlib
import shutil

import ml_collections
import numpy as np
import pytest
from PIL import Image

from configs import osie as osie_config
from configs import popout as popout_config
from saliency_jax import workdir
from saliency_jax.data.parts import Data
from saliency_jax.data.subset import subset
from saliency_jax.data.types import CATEGORIES
from saliency_jax.experiments import depth, depth_views, measurement, runner, units
from saliency_jax.training import loop, trained_models
from tests import brute_force
from tests.training import made

MEMBERS = ('depth_0', 'depth_2', 'depth_all')


def rows(path: pathlib.Path) -> list[dict[str, str]]:
  with open(path, newline='') as file:
    return list(csv.DictReader(file))


def small(osie: pathlib.Path):
  config = made.sweep((0, 2, 'all'))
  config.train.epochs = 1
  config.regions.data.dir = str(osie)
  config.regions.data.regions = str(osie / 'labelme')
  config.popout.data.count = 6
  config.popout.data.size = 160
  for group in (config.regions, config.popout):
    group.network.taps = ('conv5_3', 'conv4_1')
    group.analysis.top_units = 2
    group.data.batch_size = 2
  config.before_after.count = 2
  return config


class Sweep:
  """A config, what it opens, and the folder of its training."""

  def __init__(self, config, folder: pathlib.Path):
    self.config, self.folder = config, folder
    self.sources = depth.open_sources(config)
    self.trained = loop.sweep(config, made.DATA, str(folder))
    # As if it had been trained on one of the photographs, on another chosen.
    self.learnt = Data(*(subset(self.sources['regions'], [name]) for name in ('2001', '2002')))

  def measure(self, folder=None, **changes) -> dict:
    return depth.measure(
      **{
        'config': self.config,
        'trained': self.trained,
        'sources': self.sources,
        'learnt': self.learnt,
        'workdir': str(folder or self.folder),
      }
      | changes
    )


@pytest.fixture(scope='module')
def sweep(tiny_osie, tmp_path_factory):
  folder = tmp_path_factory.mktemp('depths')
  swept = Sweep(small(tiny_osie), folder / 'swept')
  swept.summary = swept.measure()
  return swept


@pytest.fixture
def copy(sweep, tmp_path) -> pathlib.Path:
  # A folder of the same name: the name is part of what the weights are called.
  return shutil.copytree(sweep.folder, tmp_path / sweep.folder.name)


@pytest.fixture
def calls(monkeypatch) -> list[str]:
  """The folders of what is measured."""
  started, measure = [], measurement.measure

  def noted(probe, source, choose, *, ledger, **options):
    started.append('/'.join(ledger.folder.parts[-3:-1]))
    return measure(probe, source, choose, ledger=ledger, **options)

  monkeypatch.setattr(measurement, 'measure', noted)
  return started


def test_the_summary_keeps_the_training_and_comes_last(sweep):
  summary = json.loads((sweep.folder / 'summary.json').read_text())
  assert summary == sweep.summary
  assert summary['job'] == 'sweep'
  assert summary['measured'] == ['regions', 'popout']
  assert set(summary['seconds']) == {'start', 'training', 'validation', 'regions', 'popout', 'tables'}
  for key in ('members', 'counts', 'weights', 'images_per_second'):
    assert summary[key] == sweep.trained[key]
  assert list(summary['members']) == list(MEMBERS)


def test_table3_follows_from_the_arrays(sweep):
  table = rows(sweep.folder / 'table3.csv')
  named = {x['category'] for x in rows(sweep.folder / 'regions' / 'depth_0' / 'regions.csv') if x['fixations'] != '0'}
  assert [(row['member'], row['category']) for row in table] == [
    (member, category) for member in MEMBERS for category in CATEGORIES if category in named
  ]
  for row in table:
    folder = sweep.folder / 'regions' / row['member']
    regions = rows(folder / 'regions.csv')
    scores = np.load(folder / 'association' / 'conv5_3.npy')
    means = scores[[x['category'] == row['category'] and x['fixations'] != '0' for x in regions]].mean(axis=0)
    np.testing.assert_allclose(float(row['mean_nss_top10']), np.sort(means)[-2:].mean(), atol=1e-6)
    assert int(row['units_above_threshold']) == (means > 1.5).sum()
    assert int(row['depth']) == {'depth_0': 0, 'depth_2': 2, 'depth_all': 13}[row['member']]


def test_unseen_photographs_have_a_table_of_their_own(sweep):
  """Regions of what was trained on and of what chose the epoch are left out."""
  assert sweep.summary['measured_on'] == {
    'regions': {'train': 1, 'validation': 1, 'unseen': 3},
    'popout': {'train': 0, 'validation': 0, 'unseen': 6},
  }
  everything, unseen = (
    {(row['member'], row['category']): row for row in rows(sweep.folder / name)}
    for name in ('table3.csv', 'table3_unseen.csv')
  )
  gone = [
    x['category']
    for x in rows(sweep.folder / 'regions' / 'depth_0' / 'regions.csv')
    if x['image_id'] in ('2001', '2002') and x['fixations'] != '0'
  ]
  assert len(gone) > 3
  for key, row in everything.items():
    assert int(unseen[key]['regions']) == (int(row['regions']) - gone.count(key[1]))
  assert unseen['depth_2', gone[0]]['mean_nss_top10'] == ''
  tests = json.loads((sweep.folder / 'depth_tests.json').read_text())
  for table, gains in ((everything, tests['gains']), (unseen, tests['gains_unseen'])):
    means = {key: float(row['mean_nss_top10']) for key, row in table.items() if row['mean_nss_top10']}
    assert gains == {
      name: {
        category: {**of, 'gain': pytest.approx(means[name, category] - means['depth_0', category], abs=2e-6)}
        for category, of in gains[name].items()
      }
      for name in MEMBERS[1:]
    }
    assert {(name, category) for name, of in gains.items() for category in of} == {
      key for key in means if key[0] != 'depth_0'
    }


def test_what_chose_the_epoch_stands_in_for_unseen_photographs(sweep, copy, monkeypatch):
  monkeypatch.setattr(depth.depth_views, 'write', lambda *_, **__: None)
  trained, source = json.loads((copy / 'training.json').read_text()), sweep.sources['regions']
  for validation in (['2002'], [*source.image_ids]):
    (copy / 'table3_unseen.csv').unlink(missing_ok=True)
    parts = {'regions': {'train': [], 'validation': validation, 'unseen': []}}
    depth._write(workdir.Folder(str(copy), {}), sweep.config, {'regions': source}, trained, {}, parts)
    # A table of all of them would be Table 3 once more.
    assert (copy / 'table3_unseen.csv').exists() == (len(validation) < len(source))


def test_table6_follows_from_the_arrays(sweep):
  table = rows(sweep.folder / 'table6.csv')
  assert [row['member'] for row in table] == list(MEMBERS)
  for row in table:
    scores = np.load(sweep.folder / 'popout' / row['member'] / 'nmm' / 'conv5_3.npy')
    np.testing.assert_allclose(float(row['mean_nmm_top10']), np.sort(scores.mean(axis=0))[-2:].mean(), atol=1e-6)


def test_a_member_is_what_its_own_dissection_finds(sweep, tmp_path):
  config = osie_config.get_config()
  config.update(sweep.config.regions.to_dict())
  config.network.checkpoint = str(sweep.folder)
  config.network.member = 'depth_all'
  units.dissect(config, sweep.sources['regions'], str(tmp_path))
  together = sweep.folder / 'regions' / 'depth_all'
  for name in ('regions.csv', 'table2.csv', 'association/conv4_1.npy'):
    assert (tmp_path / name).read_bytes() == (together / name).read_bytes()


def test_a_member_gets_every_key_of_the_jobs(sweep):
  for kind, config in (('regions', osie_config), ('popout', popout_config)):
    one = depth.member_config(sweep.config, kind, 'W', 'depth_0')
    # A locked config takes no key that it has not.
    config.get_config().lock().update(one)
    one.lock().update(config.get_config())
    one = depth.member_config(sweep.config, kind, 'W', 'depth_0')
    assert (one.network.checkpoint, one.network.member) == ('W', 'depth_0')
    assert one.network.image_size == made.IMAGE_SIZE
  # Without photographs of its own a kind has those of training, and its own regions first.
  given = ml_collections.ConfigDict(sweep.config.to_dict())
  for own, expected in (('own', 'own'), ('', 'theirs')):
    given.regions.data.update({'dir': '', 'regions': own})
    given.data.update({'dir': 'photographs', 'regions': 'theirs'})
    found = depth.member_config(given, 'regions').data
    assert (found.dir, found.regions) == ('photographs', expected)
    assert depth.data_key(given, 'regions') == 'config.data'
  assert depth.data_key(sweep.config, 'regions') == 'config.regions.data'
  assert depth.data_key(given, 'popout') == 'config.popout.data'


def test_only_what_changed_is_measured_again(sweep, copy, calls):
  before = {path: path.read_bytes() for path in copy.glob('*.csv')}
  assert sweep.measure(copy)['seconds']['regions'] == (sweep.summary['seconds']['regions'])
  assert not calls
  assert before == {path: path.read_bytes() for path in copy.glob('*.csv')}
  config = sweep.config.copy_and_resolve_references()
  config.popout.analysis.top_units = 1
  # A job of somebody's own in one of the folders.
  summary = copy / 'regions' / 'depth_2' / 'summary.json'
  summary.write_text(json.dumps(json.loads(summary.read_text()) | {'identity': ''}))
  sweep.measure(copy, config=config)
  assert calls == ['popout/depth_0', 'regions/depth_2', 'popout/depth_2', 'popout/depth_all']


def test_a_sweep_stopped_while_it_measures_goes_on(sweep, tmp_path, calls, monkeypatch):
  folder = tmp_path / sweep.folder.name
  for name in ('checkpoints', 'config.json', 'metrics.jsonl', 'pretrained.safetensors', 'training.json'):
    path = sweep.folder / name
    (shutil.copytree if path.is_dir() else shutil.copy)(path, folder / name)
  old = ('table3.csv', 'table3_unseen.csv', 'samples.npy', 'table6.csv', 'depth_tests.json', 'before_after/views.json')
  for name in old:  # of another choice of what is measured
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).touch()

  run = runner.run

  def stop(experiment, *args, **options):
    if experiment is units.POPOUT:
      raise KeyboardInterrupt
    return run(experiment, *args, **options)

  with monkeypatch.context() as context:
    context.setattr(runner, 'run', stop)
    with pytest.raises(KeyboardInterrupt):
      sweep.measure(folder)
  assert not any((folder / name).exists() for name in ('summary.json', *old))
  assert calls == ['regions/depth_0']
  # The same command: nothing is trained again, and it says what it said.
  trained = loop.sweep(sweep.config, made.DATA, str(folder))
  assert trained == sweep.trained
  assert sweep.measure(folder, trained=trained)['members'] == (sweep.summary['members'])
  assert calls == [f'{kind}/{name}' for name in MEMBERS for kind in ('regions', 'popout')]
  for name in ('table3.csv', 'table6.csv'):
    assert (folder / name).read_bytes() == (sweep.folder / name).read_bytes()


def _views(folder: pathlib.Path) -> tuple[dict, dict[str, np.ndarray]]:
  with np.load(folder / 'before_after' / 'maps.npz') as archive:
    maps = dict(archive)
  return json.loads((folder / 'before_after' / 'views.json').read_text()), maps


def test_kept_maps_lie_where_they_were_scored(sweep, tmp_path):
  network = trained_models.read(sweep.folder, 'depth_0').whole
  tap = network.taps['conv5_3']._replace(offset=-7.5)
  network = network.replace(taps=dict(network.taps) | {'conv5_3': tap})
  of = depth_views.View('2001', 0, 'text', 'conv5_3', 1, 'depth_0', {'depth_0': 0.0})
  one = depth.member_config(sweep.config, 'regions')
  one.analysis.alignment = 'receptive_field'
  depth_views.write(
    workdir.Folder(str(tmp_path), {}),
    {'regions': [of]},
    sweep.sources,
    {'depth_0': lambda: network},
    base='depth_0',
    configs={'regions': one},
  )
  _, maps = _views(tmp_path)
  placement = (-7.5 / tap.stride, network.preprocess.image_size / tap.stride)
  assert tuple(maps['placement_0']) == placement
  full = brute_force.upsample(maps['maps_0'][0], (300, 400), *placement)
  np.testing.assert_allclose([full.mean(), full.std()], [0, 1], atol=2e-3)


def test_a_kept_map_is_the_members_own(sweep):
  """Against the network applied to the photograph, upsampled as a whole."""
  listed, maps = _views(sweep.folder)
  assert listed['base'] == 'depth_0'
  assert listed['members'] == list(MEMBERS)
  assert [view['kind'] for view in listed['views']] == (['regions'] * 2 + ['popout'] * 2)
  for number, view in enumerate(listed['views']):
    source = sweep.sources[view['kind']]
    record = source[source.image_ids.index(view['image_id'])]
    shape = record.image.shape[:2]
    assert (view['height'], view['width']) == shape
    with Image.open(sweep.folder / view['mask']) as mask:
      chosen = np.asarray(mask) == view['place'] + 1
    # Where sets overlap the later one is drawn.
    own, *later = record.regions.masks[view['place'] :]
    np.testing.assert_array_equal(chosen, own & ~np.any([np.zeros(shape, bool), *later], axis=0))
    with Image.open(sweep.folder / view['picture']) as picture:
      assert picture.size == shape[::-1]
    for member, kept in zip(MEMBERS, maps[f'maps_{number}'], strict=True):
      network = trained_models.read(sweep.folder, member).whole
      cells = network.maps(record.image, 'conv5_3')['conv5_3'][0, ..., view['unit']]
      full = brute_force.upsample(cells.astype(np.float64), shape)
      deviation = full.std() or 1.0  # a unit may be silent
      np.testing.assert_allclose(kept, (cells - full.mean()) / deviation, atol=0.01)
      if view['kind'] == 'popout':
        standard = (full - full.mean()) / deviation
        np.testing.assert_allclose(view['scores'][member], standard[own].mean(), atol=1e-3)


def test_units_and_images_can_be_named(sweep, copy):
  config = sweep.config.copy_and_resolve_references()
  config.before_after.units = ('conv4_1:3', 'conv5_3:0')
  config.before_after.images = ('2003',)
  depth.open_sources(config)
  sweep.measure(copy, config=config)
  shown = [(view['kind'], view['layer'], view['unit'], view['image_id']) for view in _views(copy)[0]['views']]
  assert shown[:2] == [('regions', 'conv4_1', 3, '2003'), ('regions', 'conv5_3', 0, '2003')]
  # No array is named: each unit is shown where it rises most.
  assert [(view[0], view[1], view[2]) for view in shown[2:]] == [('popout', 'conv4_1', 3), ('popout', 'conv5_3', 0)]


def test_a_sweep_can_be_trained_alone(sweep, tmp_path):
  config = sweep.config.copy_and_resolve_references()
  config.measured = ()
  sources = depth.open_sources(config)
  folder = shutil.copytree(sweep.folder, tmp_path / 'alone', ignore=shutil.ignore_patterns('regions', 'popout'))
  summary = sweep.measure(folder, config=config, sources=sources)
  assert summary['members'] == sweep.summary['members']
  assert not list(folder.glob('*.csv'))
  assert not (folder / 'before_after').exists()
