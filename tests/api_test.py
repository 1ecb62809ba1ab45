"""The Python interface, as a notebook uses it."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import saliency_jax as sj
from saliency_jax.data import pixel_sets
from saliency_jax.data.popout.search_arrays import SearchArrays
from saliency_jax.data.types import Regions
from saliency_jax.experiments import depth, units
from saliency_jax.training import loop
from tests import brute_force, tiny
from tests.experiments import made as photographs
from tests.report import made_sweep
from tests.training import made

ROOT = pathlib.Path(__file__).resolve().parent.parent
SMALL = {'report.images': 0, 'network.taps': ('conv5_3', 'conv4_1')}


def test_importing_the_package_imports_nothing_else():
  code = (
    'import sys, saliency_jax; '
    'assert "jax" not in sys.modules and "numpy" not in sys.modules; '
    'assert {"load", "nss", "dissect", "metrics"} <= set(dir(saliency_jax))'
  )
  subprocess.run([sys.executable, '-c', code], check=True, cwd=ROOT)


def test_every_public_name_is_there_and_documented():
  for name in sj.__all__:
    assert getattr(sj, name)
    if name != '__version__':
      assert getattr(sj, name).__doc__, name
  with pytest.raises(AttributeError, match='no attribute'):
    sj.nothing  # noqa: B018


def test_networks_are_listed():
  assert 'vgg16' in sj.networks()


def test_the_nss_of_a_unit_in_three_lines():
  record = made.TRAIN[0]
  net = tiny.vgg()
  maps = net.maps(record.image, 'conv4_1')['conv4_1'][0]
  score = sj.nss(maps[..., 2], record.fixations, record.image.shape[:2])
  full = brute_force.upsample(maps[..., 2].astype(np.float64), record.image.shape[:2])
  standard = (full - full.mean()) / full.std()
  points = np.unique(record.fixations, axis=0)
  assert score == pytest.approx(standard[tuple(points.T)].mean(), abs=1e-4)
  assert sj.associate(maps, [points], record.image.shape[:2])[0, 2] == pytest.approx(score, abs=1e-6)


@pytest.fixture(scope='module')
def dissected(tiny_osie, tmp_path_factory):
  source = sj.open_source('osie', tiny_osie, regions=str(tiny_osie / 'labelme'))
  workdir = tmp_path_factory.mktemp('api') / 'dissected'
  return workdir, sj.dissect(tiny.vgg(), source, workdir, SMALL)


def test_results_are_data_frames_and_arrays(dissected):
  workdir, summary = dissected
  results = sj.read(workdir)
  assert results.summary == json.loads(json.dumps(summary))
  assert results.config['network']['name'] == 'tests.tiny:vgg'
  assert results.summary['weights']['depth'] is None, 'not trained here'
  regions = results.tables['regions']
  assert list(regions.columns)[:2] == ['image_id', 'region_id']
  assert regions['image_id'].map(type).eq(str).all()
  assert results.scores('conv4_1').shape == (len(regions), 4)
  table = results.tables['table2']
  assert set(table['layer']) == {'conv5_3', 'conv4_1'}
  # As of any dictionary: `get` found none before a table was read.
  assert sj.read(workdir).tables.get('table2').equals(table)
  assert results.tables.get('table9') is None
  assert str(results.tables) == 'tables images, regions, table2, units'
  with pytest.raises(sj.InputError, match='no scores of conv1_1; it has those'):
    results.scores('conv1_1')
  with pytest.raises(sj.InputError, match='no file .*summary.json'):
    sj.read(workdir.parent)


def test_names_that_are_numbers_stay_names(tmp_path):
  (tmp_path / 'summary.json').write_text('{}')
  (tmp_path / 'config.json').write_text('{}')
  (tmp_path / 'regions.csv').write_text('image_id,region_id,category,fixations\n007,1,01,3\n7,2,1,0\nNA,3,,2\n')
  (tmp_path / 'own.csv').write_text('a\n1\n')
  tables = sj.read(tmp_path).tables
  assert tables['regions'].dropna().to_numpy().tolist() == [['007', 1, '01', 3], ['7', 2, '1', 0]]
  assert tables['regions']['image_id'].tolist() == ['007', '7', 'NA']
  assert tables['own']['a'].tolist() == [1]


def test_photographs_without_regions_are_not_measured(tiny_osie, tmp_path):
  images = sj.open_source('images', tiny_osie / 'stimuli')
  with pytest.raises(sj.InputError, match='give `open_source` their regions'):
    sj.dissect(tiny.vgg(), images, tmp_path / 'out', SMALL)
  with pytest.raises(sj.InputError, match='A str is no network; give what load'):
    sj.dissect('vgg16', images, tmp_path / 'out', SMALL)
  # Nor are those without fixations learnt from, before a step is made.
  with pytest.raises(sj.InputError, match='images to validate with have no fixations; give'):
    sj.train(tiny.vgg(), made.TRAIN, images, tmp_path / 'out', {'network.image_size': 48})
  assert not (tmp_path / 'out').exists()


def test_search_arrays_are_drawn_by_default(tmp_path):
  drawn = {'data.kind': 'popout', 'data.count': 3, 'data.size': 128}
  summary = sj.popout(tiny.vgg(), None, tmp_path, drawn | SMALL)
  assert summary['counts']['images'] == 3
  assert len(sj.read(tmp_path).tables['patterns']) == 3


def test_search_arrays_of_ones_own_are_measured(tmp_path, monkeypatch):
  measured, arrays = [], sj.open_source('popout', count=3)
  monkeypatch.setattr(units, 'popout', lambda config, source, workdir, network: measured.append((source, workdir)))
  sj.popout(tiny.vgg(), arrays, tmp_path)
  sj.popout(tiny.vgg(), None, tmp_path)
  assert measured[0] == (arrays, str(tmp_path))
  assert [len(measured[1][0]), measured[1][1]] == [80, str(tmp_path)]
  with pytest.raises(sj.InputError, match='Path is no data set'):
    sj.popout(tiny.vgg(), tmp_path, arrays)
  arrays.image_ids = ()  # none are not taken for those that are drawn
  with pytest.raises(sj.InputError, match='has no image'):
    sj.popout(tiny.vgg(), arrays, tmp_path)


def test_training_splits_and_is_loaded_again(tmp_path):
  options = {'train.depth': 1, 'train.epochs': 1, 'network.image_size': 48, 'data.batch_size': 4}
  sj.train(tiny.vgg(), made.TRAIN, None, tmp_path, options)
  trained = sj.load(checkpoint=tmp_path, cache_dir=tmp_path / 'cache')
  assert 'saliency' in trained.taps
  maps = trained.maps(made.TRAIN[0].image, 'saliency')['saliency']
  assert maps.shape == (1, 3, 3, 1)
  # The same from a network that no name stands for.
  mine = tiny.vgg().replace(name='mine')
  sj.train(mine, made.TRAIN, None, tmp_path / 'mine', options)
  with pytest.raises(sj.InputError, match="passed as a value, 'mine'; load it with .*trunk=NETWORK.* or from_function"):
    sj.load(checkpoint=tmp_path / 'mine')
  again = sj.load(checkpoint=tmp_path / 'mine', trunk=mine)
  np.testing.assert_array_equal(again.maps(made.TRAIN[0].image, 'saliency')['saliency'], maps)
  with pytest.raises(sj.InputError, match='leave dtype out'):
    sj.load(checkpoint=tmp_path / 'mine', trunk=mine, dtype='bfloat16')


def test_a_sweep_is_measured_and_finished(tmp_path, monkeypatch):
  options = {'sweep.depths': (0,), 'train.epochs': 1, 'data.batch_size': 4}
  source = photographs.Photographs(6)
  options |= {'measured': ('regions',), 'regions.network.taps': ('conv5_3',)}
  # A network that no name stands for: it was refused once it was trained.
  summary = sj.sweep(tiny.vgg().replace(name='mine'), source, None, tmp_path, options)
  results = sj.read(tmp_path)
  assert results.summary['measured'] == summary['measured'] == ['regions']
  assert set(results.tables['table3']['category']) == {'food', 'text', 'other', 'plant'}
  # Of photographs without regions search arrays are left.
  opened = []
  monkeypatch.setattr(depth, 'open_sources', lambda config, *_: opened.append(config.measured) or {})
  monkeypatch.setattr(loop, 'sweep', lambda *_: {})
  monkeypatch.setattr(depth, 'measure', lambda *_, **__: {})
  sj.sweep(tiny.vgg(), made.TRAIN, None, tmp_path)
  sj.sweep(tiny.vgg(), source, None, tmp_path)
  assert opened == [('popout',), ('regions', 'popout')]
  monkeypatch.undo()
  with pytest.raises(sj.InputError, match='A str is no data set'):
    sj.sweep(tiny.vgg(), 'osie', None, tmp_path)
  with pytest.raises(sj.InputError, match='leave regions out of measured'):
    sj.sweep(tiny.vgg(), made.TRAIN, None, tmp_path, options)


def test_training_finds_what_the_options_say(tmp_path, monkeypatch):
  opened = []
  monkeypatch.setattr(loop, 'train', lambda config, data, *_: opened.append(data))
  arrays = SearchArrays(count=5, size=128)
  for source, options in ((made.TRAIN, {}), (made.TRAIN, {'analysis.fixations': 'all'}), (arrays, {})):
    sj.train(tiny.vgg(), source, None, tmp_path, options)
  assert [data.choose for data in opened] == [
    pixel_sets.distinct_fixations,
    pixel_sets.all_fixations,
    pixel_sets.target,
  ]
  assert [len(data.validation) for data in opened] == [2, 2, 1]


class Stops(made.Photographs):
  """Cannot be read to the end, or has other fixations."""

  gives = frozenset({'fixations', 'regions'})

  def __init__(self, ends=True, by=0):
    super().__init__(20)
    self._ends, self._by = ends, by

  def __getitem__(self, index):
    if self._ends and index == 18:
      raise sj.InputError('gone')
    record = super().__getitem__(index)
    regions = Regions(np.ones(1, np.int32), ('object',), np.ones((1, *record.image.shape[:2]), bool))
    return record._replace(regions=regions, fixations=(record.fixations + self._by) // (1 + self._by))


def bare(seed):
  """Returns a network of somebody's own, of whose weights nobody tells."""
  net = tiny.vgg(seed=seed)
  return net.replace(provenance=net.provenance._replace(sha256='', name=''))


@pytest.mark.parametrize(('seed', 'by', 'resumed'), [(0, 0, True), (1, 0, False), (0, 1, False)])
def test_another_network_or_other_data_do_not_go_on(seed, by, resumed, tmp_path):
  options = SMALL | {'data.batch_size': 8}
  with pytest.raises(sj.InputError, match='gone'):
    sj.dissect(bare(0), Stops(), tmp_path, options)
  summary = sj.dissect(bare(seed), Stops(False, by), tmp_path, options)
  assert bool(summary['counts']['resumed']) == resumed
  assert summary['weights']['sha256']


@pytest.mark.parametrize(
  ('options', 'says'),
  [
    ({'network.dtype': 'bfloat16'}, "'network.dtype' would change nothing"),
    ({'data.fixations': 'all'}, "'data.fixations' would change nothing"),
    ({'analysis.top': 1}, 'of osie; is it analysis.top_units'),
    ({'report.images': 'many'}, "'report.images' of osie cannot be 'many'"),
  ],
)
def test_a_wrong_option_is_named(options, says, tmp_path):
  with pytest.raises(sj.InputError, match=says):
    sj.dissect(tiny.vgg(), made.TRAIN, tmp_path, options)


def test_networks_and_data_of_a_notebook_are_scored(tmp_path):
  net, source = tiny.decoding(), photographs.Photographs(3)
  # Tiles and receptive fields differ.
  net = net.replace(preprocess=net.preprocess._replace(image_size=61), provenance=net.provenance._replace(depth=1))
  placed = {'analysis.alignment': 'receptive_field'}
  options = placed | {'sets.mine.sigma': 5.0, 'eval.examples': 1, 'eval.resamples': 20}
  summary = sj.evaluate({'mine': net, 'prior': 'centre'}, tmp_path, options, source)
  assert [*summary['models']] == ['mine', 'prior']
  assert summary['datasets']['mine']['kind'] == 'Photographs'
  results = sj.read(tmp_path)
  scores = results.tables['scores'].set_index(['model', 'metric'])['mean']
  expected = [
    sj.nss(net.maps(x.image, 'saliency')['saliency'][0, :, :, 0], x.fixations, x.image.shape[:2]) for x in source
  ]
  assert scores['mine', 'nss'] == pytest.approx(np.mean(expected), abs=1e-4)
  assert summary['warnings'][0].startswith('mine was trained here, on images that it does not name')
  # Inner saliency is that of a dissection with the same options.
  sj.dissect(net, source, tmp_path / 'dissected', placed | {'network.taps': (net.top_tap,), 'report.images': 0})
  inner = results.tables['figure7'].dropna(subset='inner').set_index('category')['inner']
  means = sj.read(tmp_path / 'dissected').tables['table2'].set_index('category')['mean_nss_top10']
  np.testing.assert_allclose(inner, means[inner.index], atol=1e-5)
  with pytest.raises(sj.InputError, match="'sets.mine.dir' would change nothing"):
    sj.evaluate({'mine': net}, tmp_path, {'sets.mine.dir': 'photos'}, source)
  with pytest.raises(sj.InputError, match='neither a folder nor one of'):
    sj.evaluate({'mine': []}, tmp_path, options, source)


def test_pages_are_drawn_again(tmp_path):
  run = made_sweep.run(tmp_path)
  assert sj.make_report(run) == str(run / 'report' / 'index.html')
  assert sj.make_report(run, single_file=True) == str(run / 'report.html')
  with pytest.raises(sj.InputError, match='--compare takes'):
    sj.make_report(run, compare=run)


def test_a_member_needs_its_sweep():
  with pytest.raises(sj.InputError, match='checkpoint=FOLDER'):
    sj.load(member='depth_3')
  with pytest.raises(sj.InputError, match='A trunk is one of a training run; give checkpoint=FOLDER'):
    sj.load(trunk=tiny.vgg())
