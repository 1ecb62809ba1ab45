"""The two jobs from config to what the page shows."""

import json
import re

import h5py
import numpy as np
import pytest
from PIL import Image

from configs import osie as osie_config
from configs import popout as popout_config
from saliency_jax import schema
from saliency_jax.data.popout import search_arrays as arrays
from saliency_jax.errors import InputError
from saliency_jax.experiments import chance, exported_maps, runner, table_values, units
from saliency_jax.experiments.statistics import Rows
from saliency_jax.ops import resize
from saliency_jax.report.units import run as page
from saliency_jax.report.units import unit_findings
from saliency_jax.training import trained_models
from tests import brute_force, tiny
from tests.experiments import made


def config(get_config, **report):
  config = get_config()
  config.network.name, config.network.image_size = 'tests.tiny:vgg', 32
  config.network.taps = made.TAPS
  config.data.batch_size = 8
  config.report.update({'units': 2, 'examples': 1} | report)
  return config


def dissect(source, workdir, skip=False, batch_size=8, **report):
  given = config(osie_config.get_config, **report)
  given.data.batch_size = batch_size
  # A file that no run changes, so that the next one may go on.
  given.data.dir = given.data.regions = str(made.__file__)
  given.data.on_bad_image = 'skip' if skip else 'raise'
  return units.dissect(given, source, str(workdir))


def test_an_image_that_was_skipped_is_not_shown(tmp_path):
  dissect(made.Photographs(6, broken=(2,)), tmp_path / 'out', True)
  listed = made.listed(tmp_path / 'out')
  assert [row['image_id'] for row in listed] == ['000', '001', '003', '004', '005']


def test_images_at_equal_steps_are_shown(tmp_path):
  # By category with a fixation: 0, 2, 4, 2, 4, 0, 2, 4, ...
  counts = dissect(made.Photographs(10), tmp_path / 'out', images=5)['counts']
  named = ('images', 'images_without_regions', 'regions', 'regions_without_fixations')
  assert [counts[name] for name in named] == [10, 2, 40, 2]
  assert [row['image_id'] for row in made.listed(tmp_path / 'out')] == ['000', '002', '004', '007', '009']


def test_an_interrupted_pass_is_made_again_without_measuring(tmp_path, monkeypatch):
  dissect(made.Photographs(6), tmp_path / 'whole')
  out = tmp_path / 'out'
  real = exported_maps.standardised

  def interrupt(*_):
    raise KeyboardInterrupt

  monkeypatch.setattr(exported_maps, 'standardised', interrupt)
  with pytest.raises(KeyboardInterrupt):
    dissect(made.Photographs(6), out)
  assert not (out / 'summary.json').exists()
  monkeypatch.setattr(exported_maps, 'standardised', real)
  source = made.Photographs(6)
  summary = dissect(source, out)
  assert summary['counts']['resumed'] == 6
  # Two for their categories, then each once, to be drawn.
  assert source.reads[:2] == [0, 1]
  assert sorted(source.reads[2:]) == list(range(6))
  for path in (tmp_path / 'whole').rglob('*.*'):
    if path.name not in ('summary.json', 'config.json'):
      assert (out / path.relative_to(tmp_path / 'whole')).read_bytes() == (path.read_bytes())


def test_an_image_that_vanished_is_named(tmp_path):
  source = made.Photographs(6)
  real = made.Photographs.__getitem__

  class Vanishing(made.Photographs):
    def __getitem__(self, index):
      if index == 4 and 4 in self.reads:
        raise InputError('004.jpg is gone.')
      return real(self, index)

  with pytest.raises(InputError, match='004.jpg is gone'):
    dissect(Vanishing(6), tmp_path / 'out', skip=True)
  assert not (tmp_path / 'out/summary.json').exists()
  assert dissect(source, tmp_path / 'out')['layout'] == 3


def test_cells_lie_at_the_centres_of_receptive_fields_if_asked_for(tmp_path, caplog):
  """A trunk whose maps lie half a cell off: scores, exports, and the page."""
  source, out = made.Photographs(4), [tmp_path / name for name in ('plain', 'grid', 'centres')]
  plain = tiny.vgg()
  conv5 = plain.taps['conv5_3']._replace(offset=-7.5)
  network = plain.replace(taps=dict(plain.taps) | {'conv5_3': conv5})
  summaries, identities = [], []
  for folder, of, alignment in zip(out, (plain, network, network), ('grid', 'grid', 'receptive_field'), strict=True):
    given = config(osie_config.get_config, all_units=True)
    given.network.image_size, given.analysis.alignment = 64, alignment
    given.data.dir = given.data.regions = str(made.__file__)
    summaries.append(units.dissect(given, source, str(folder), network=of))
    identities.append(runner.described(given.to_dict(), runner.check(given, of), source))
  # An interrupted job goes on unless its numbers would be others.
  assert identities[0] == identities[1] != identities[2]
  assert [x['off_grid'] for x in summaries] == [{}, {'conv5_3': -7.5}, {}]
  assert [x['network']['alignment'] for x in summaries] == ['grid', 'grid', 'receptive_field']
  (warned,) = (x.getMessage() for x in caplog.records if 'on a grid' in x.getMessage())
  assert (
    '64 x 64 input (positive: below and to the right): conv5_3 -7.5; --config.analysis.alignment=receptive_field'
    in warned
  )
  runs = [page.read(folder) for folder in out]
  said = [[x.text for x in unit_findings.findings(run) if 'grid' in x.text] for run in runs]
  assert [len(x) for x in said] == [0, 1, 0]
  assert '64 x 64 input' in said[1][0]
  assert 'right): conv5_3 \N{MINUS SIGN}7.5;' in said[1][0]
  for tap in made.TAPS:
    np.testing.assert_array_equal(runs[0].scores[tap], runs[1].scores[tap])
    placement = resize.Placement(-7.5 / 16, 4.0) if tap == 'conv5_3' else resize.TILING
    assert [run.kept.maps(tap).placement for run in runs] == [resize.TILING, resize.TILING, placement]
    expected = []
    for i in range(4):
      record = source[i]
      maps, points = plain.maps(record.image, tap)[tap][0], np.unique(record.fixations, axis=0)
      size = record.image.shape[:2]
      inside = [points[mask[tuple(points.T)]] for mask in record.regions.masks]
      expected += [*brute_force.scores(maps, inside, size, *placement)]
      full = brute_force.upsample(maps[..., 0], size, *placement)
      with h5py.File(out[2] / 'maps/all.h5') as file:
        np.testing.assert_allclose(file[tap][i, 0], (maps[..., 0] - full.mean()) / full.std(), rtol=2e-3, atol=2e-3)
        assert tuple(file[tap].attrs.get('placement', ())) == (placement if tap == 'conv5_3' else ())
    scored = runs[2].rows['fixations'] > 0
    np.testing.assert_allclose(runs[2].scores[tap][scored], np.array(expected)[scored], atol=1e-4)
  sizes = runs[2].kept.packed('001')['sizes']
  assert sizes == [{'h': 4, 'w': 4, 'shift': -7.5 / 16, 'extent': 4.0}, {'h': 8, 'w': 8}]


def test_nothing_of_an_earlier_page_stays(tmp_path):
  out = tmp_path / 'out'
  for name in (
    'pictures/00099.jpg',
    'masks/00099.png',
    'maps/conv9_9.npz',
    'saliency.npz',
    'report/index.html',
    'report.html',
    'fixations.npz',
    'table5.csv',
    'nmm/conv5_3.npy',
  ):
    (out / name).parent.mkdir(parents=True, exist_ok=True)
    (out / name).touch()
  (out / 'config.json').write_text('{"run": {}}')
  dissect(made.Photographs(3), out, images=0)
  assert {path.name for path in out.iterdir()} == {
    'association',
    'config.json',
    'images.csv',
    'regions.csv',
    'samples.npy',
    'summary.json',
    'table2.csv',
    'units.csv',
  }


def test_a_wrong_unit_does_not_cost_the_results_that_lie_there(tmp_path):
  out = tmp_path / 'out'
  dissect(made.Photographs(3), out)
  before = {path: path.read_bytes() for path in out.rglob('*.*')}
  for wrong in ({'also': ('conv5_3:7',)}, {'also': ('conv1_1:0',)}, {'images': -1}):
    with pytest.raises(InputError, match='config.report'):
      dissect(made.Photographs(3), out, **wrong)
  assert {path: path.read_bytes() for path in out.rglob('*.*')} == before


def test_search_arrays_are_shown_with_their_targets(tmp_path):
  source = arrays.SearchArrays(count=20, size=160)
  given = config(popout_config.get_config, images=18)
  units.popout(given, source, str(tmp_path / 'out'))
  listed = made.listed(tmp_path / 'out')
  # Steps of 19 / 17 leave out two.
  shown = [i for i in range(20) if i not in (5, 14)]
  assert [row['image_id'] for row in listed] == [source.image_ids[i] for i in shown]
  for k in (0, 17):
    with Image.open(tmp_path / f'out/masks/{k:05d}.png') as mask:
      np.testing.assert_array_equal(mask, source[shown[k]].regions.masks[0])
  with np.load(tmp_path / 'out/fixations.npz') as file:
    assert file['points'].shape == (0, 2)
    assert file['offsets'].tolist() == [0] * 19
  samples = np.load(tmp_path / 'out/samples.npy')
  assert samples.shape == (len(schema.read(tmp_path / 'out', schema.TABLE5)), table_values.RESAMPLES, 1)
  scores = np.load(tmp_path / 'out/nmm/conv5_3.npy')
  with np.load(tmp_path / 'out/maps/conv5_3.npz') as file:
    found = set(zip(file['units'], file['images'], strict=True))
  best, scores = np.argsort(-scores.mean(axis=0), kind='stable')[:2], scores[shown]
  assert found == {(scores[k].argmax(), k) for k in range(18)} | {
    (unit, k) for unit in best for k in (scores[:, unit].argmax(), 17 - scores[::-1, unit].argmin())
  }
  assert not (tmp_path / 'out/saliency.npz').exists()
  summary = json.loads((tmp_path / 'out/summary.json').read_text())
  assert summary['weights']['depth'] is None


def test_the_results_are_those_that_the_schema_names(tmp_path):
  """Every file that a job leaves is stated, and every table's columns are."""
  dissect(made.Photographs(6), tmp_path / 'out', all_units=True)
  given = config(popout_config.get_config, images=2)
  units.popout(given, arrays.SearchArrays(count=2, size=160), str(tmp_path / 'popout'))
  for job, folder in (('dissect', 'out'), ('popout', 'popout')):
    stated = schema.JOBS[job]
    for path in (tmp_path / folder).rglob('*.*'):
      name = str(path.relative_to(tmp_path / folder))
      if name in (schema.SUMMARY, schema.CONFIG):
        continue
      [file] = [x for x in stated if re.fullmatch(re.sub('<[^>]*>', '[^/]+', x.path), name)][:1]
      if path.suffix == '.csv':
        assert schema.read(tmp_path / folder, file)
      elif path.suffix == '.npy':
        [column] = file.columns
        x = np.load(path)
        assert f'{x.dtype} ' in column.type
        assert x.ndim == column.type.count(',') + 1
      elif path.suffix == '.npz':
        with np.load(path) as archive:
          columns = [x for x in file.columns if x.name != 'placement']  # of cells that do not tile the image
          assert archive.files == [x.name for x in columns]
          for column in columns:
            x = archive[column.name]
            assert column.type.startswith(f'{x.dtype} ')
            assert x.ndim == column.type.count(',') + 1


def test_regions_stand_beside_permuted_labels(tmp_path):
  dissect(made.Photographs(10), tmp_path / 'out')
  [*rows] = schema.read(tmp_path / 'out', schema.TABLE2)
  regions = schema.read(tmp_path / 'out', schema.REGIONS)
  labels, images = (np.array(x) for x in zip(*[(row.category, row.image_id) for row in regions], strict=True))
  scores = np.load(tmp_path / 'out/association/conv5_3.npy')
  bands, _ = chance.bands(*chance.scored(scores, labels, images), top=10)
  for row in rows:
    if row.layer == 'conv5_3':
      assert (row.chance_low, row.chance_mean, row.chance_high) == (pytest.approx(tuple(bands[row.category]), abs=2e-6))
  summary = json.loads((tmp_path / 'out/summary.json').read_text())
  assert summary['chance']['without_band'] == {}


def test_a_category_without_fixations_is_no_company():
  """Labels can be permuted only among regions that have a score."""
  image, labels, none = np.zeros(2, np.int32), np.array(['text', 'food']), np.zeros(0, np.int32)
  alone = Rows(image, np.arange(2), labels, np.array([3, 0]), {})
  assert list(units.DISSECT.without_band(alone, Rows(none, none, labels[:0], none, {}))) == ['text']
  both = alone._replace(counts=np.array([3, 1]))
  assert units.DISSECT.without_band(both, Rows(none, none, labels[:0], none, {})) == {}


def test_categories_that_differ_in_case_are_told(tmp_path, caplog):
  class Cased(made.Photographs):
    def __getitem__(self, index):
      record = super().__getitem__(index)
      names = [name.title() if index % 2 else name for name in record.regions.categories]
      return record._replace(regions=record.regions._replace(categories=tuple(names)))

  dissect(Cased(4), tmp_path / 'out')
  assert 'The categories text and Text differ only in case; spell them alike.' in caplog.text


def test_one_category_stands_beside_regions_of_other_photographs(tmp_path):
  class One(made.Photographs):
    def __getitem__(self, index):
      record = super().__getitem__(index)
      return record._replace(regions=record.regions._replace(categories=('text',) * len(record.regions.ids)))

  source = One(4)
  summary = dissect(source, tmp_path / 'out')
  assert summary['chance']['without_band'] == {}
  [*rows] = schema.read(tmp_path / 'out', schema.TABLE2)
  assert {row.category for row in rows} == {'text'}
  assert all(
    row.chance_low <= row.chance_mean <= row.chance_high and np.isfinite(row.above_chance_high) for row in rows
  )
  # No region of another photograph is among the results.
  regions = schema.read(tmp_path / 'out', schema.REGIONS)
  assert min(row.region_id for row in regions) > 0


def test_targets_stand_beside_other_items(tmp_path):
  source = arrays.SearchArrays(count=4, size=160)
  given = config(popout_config.get_config, images=0)
  given.analysis.chance_items = 3
  units.popout(given, source, str(tmp_path / 'out'))
  network = trained_models.load(given.network, '').whole
  items, of = [], []
  for i, image_id in enumerate(source.image_ids):
    maps = network.maps(source[i].image, taps=('conv5_3',))['conv5_3'][0]
    items += list(brute_force.scores(np.asarray(maps), [*source.items(image_id, 3)], (160, 160)))
    of += [i] * 3
  band = chance.bands_of_others(np.array(items), np.array(of), np.unique(of), top=10)[0]
  row = next(row for row in schema.read(tmp_path / 'out', schema.TABLE5) if row.layer == 'conv5_3')
  assert (row.chance_low, row.chance_mean, row.chance_high) == (pytest.approx(tuple(band), abs=1e-3))
  assert np.load(tmp_path / 'out/nmm/conv5_3.npy').shape[0] == 4
  summary = json.loads((tmp_path / 'out/summary.json').read_text())
  assert summary['counts']['targets'] == 4
  given.analysis.chance_items = 0
  summary = units.popout(given, source, str(tmp_path / 'out'))
  assert list(summary['chance']['without_band']) == ['target']
  [*rows] = schema.read(tmp_path / 'out', schema.TABLE5)
  assert np.isnan([row.chance_mean for row in rows]).all()
  given.analysis.chance_items = -1
  with pytest.raises(InputError, match='chance_items is -1'):
    units.popout(given, source, str(tmp_path / 'out'))


def test_a_module_of_ones_own_is_dissected(tmp_path):
  given = config(osie_config.get_config)
  given.network.name, given.network.image_size = 'tests.tiny:nested', 0
  given.network.taps = ('block.*norm',)
  summary = units.dissect(given, made.Photographs(5), str(tmp_path / 'out'))
  assert summary['units'] == {'block0.norm': 4, 'block1.norm': 5}
  assert (tmp_path / 'out/association/block1.norm.npy').is_file()
  given.network.taps = ()
  assert units.dissect(given, made.Photographs(5), str(tmp_path / 'out'))


def test_a_tap_whose_name_no_file_can_have_is_refused_at_once(tmp_path):
  network = tiny.nested()
  odd = {'a b': network.taps['block1']._replace(name='a b')}
  given = config(osie_config.get_config)
  given.network.taps = ('a b',)
  with pytest.raises(InputError, match="'a b' of .* cannot be a file name"):
    runner.check(given, network.replace(taps=odd))
