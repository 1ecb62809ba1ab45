"""The two jobs from config to folder, on made data and random weights."""

import csv
import json
import pathlib

import numpy as np
import pytest

from configs import osie as osie_config
from configs import popout as popout_config
from saliency_jax.data.source import open_group
from saliency_jax.data.types import ordered_categories
from saliency_jax.experiments import units
from saliency_jax.report import site
from tests.recorder import Recorder, keys


def small(config, weights: pathlib.Path):
  config.network.weights = str(weights)
  config.run.cache_dir = str(weights.parent / 'cache')
  config.network.taps = ('conv2_1', 'features.3')
  config.network.image_size = 64
  config.data.batch_size = 2
  config.report.images = 3
  config.report.examples = 2
  return Recorder(config.lock())


def rows(path: pathlib.Path) -> list[dict[str, str]]:
  with open(path, newline='') as file:
    return list(csv.DictReader(file))


@pytest.fixture(scope='module')
def dissected(tiny_osie, random_weights, tmp_path_factory):
  config = osie_config.get_config()
  config.data.dir = str(tiny_osie)
  config.data.regions = str(tiny_osie / 'labelme')
  config = small(config, random_weights)
  workdir = tmp_path_factory.mktemp('dissected')
  source = open_group(config.data, wants='regions')
  return config, source, workdir, units.dissect(config, source, str(workdir))


@pytest.fixture(scope='module')
def popped(random_weights, tmp_path_factory):
  config = popout_config.get_config()
  config.data.count = 5
  config.data.size = 160
  config = small(config, random_weights)
  workdir = tmp_path_factory.mktemp('popped')
  source = open_group(config.data, wants='targets')
  return config, source, workdir, units.popout(config, source, str(workdir))


def test_dissection_reads_every_key(dissected):
  # `cli` reads the one that is left.
  assert keys(osie_config.get_config()) - dissected[0].read == {'run.compilation_cache'}


def test_popout_reads_every_key(popped):
  assert keys(popout_config.get_config()) - popped[0].read == {'run.compilation_cache'}


def test_dissection_writes_what_scripts_rely_on(dissected):
  _, source, workdir, summary = dissected
  regions = rows(workdir / 'regions.csv')
  assert list(regions[0]) == ['image_id', 'region_id', 'category', 'fixations']
  expected = [
    (source.image_ids[i], str(set_id), category)
    for i in range(len(source))
    for set_id, category in zip(source[i].regions.ids, source[i].regions.categories, strict=True)
  ]
  assert [tuple(row.values())[:3] for row in regions] == expected
  assert summary['counts']['regions'] == len(regions) == 13
  assert summary['counts']['images'] == 5
  assert summary['counts']['images_without_regions'] == 1
  for layer, count in (('conv2_1', 128), ('conv1_2', 64)):
    scores = np.load(workdir / 'association' / f'{layer}.npy')
    assert scores.dtype == np.float32
    assert scores.shape == (13, count)
    assert summary['units'][layer] == count
    # The region without a fixation has no score; all others have.
    empty = [row['fixations'] == '0' for row in regions]
    assert empty.count(True) == 1
    assert np.isnan(scores).all(axis=1).tolist() == empty


def test_table2_follows_from_the_arrays(dissected):
  workdir = dissected[2]
  regions = rows(workdir / 'regions.csv')
  table = rows(workdir / 'table2.csv')
  assert [(row['layer'], row['category']) for row in table] == [
    (layer, category)
    for layer in ('conv2_1', 'conv1_2')
    for category in ordered_categories(row['category'] for row in regions)
  ]
  for row in table:
    scores = np.load(workdir / 'association' / f'{row["layer"]}.npy')
    chosen = [region['category'] == row['category'] and region['fixations'] != '0' for region in regions]
    means = scores[chosen].mean(axis=0)
    best = np.sort(means)[::-1][:10]
    assert int(row['regions']) == sum(chosen)
    np.testing.assert_allclose(float(row['mean_nss_top10']), best.mean(), rtol=1e-4)
    assert int(row['units_above_threshold']) == (means > 1.5).sum()
    units = [int(unit) for unit in row['top_units'].split()]
    np.testing.assert_allclose(means[units], best, rtol=1e-6)


def test_popout_writes_what_scripts_rely_on(popped):
  _, source, workdir, summary = popped
  patterns = rows(workdir / 'patterns.csv')
  assert list(patterns[0]) == ['image_id', 'kind', 'background', 'set_size']
  assert [row['image_id'] for row in patterns] == list(source.image_ids)
  table = rows(workdir / 'table5.csv')
  assert [row['layer'] for row in table] == ['conv2_1', 'conv1_2']
  for row in table:
    scores = np.load(workdir / 'nmm' / f'{row["layer"]}.npy')
    assert scores.shape == (5, summary['units'][row['layer']])
    best = np.sort(scores.mean(axis=0))[::-1][:10]
    np.testing.assert_allclose(float(row['mean_nmm_top10']), best.mean(), rtol=1e-4)


def test_the_summary_says_what_was_run(dissected, popped):
  for _, _, workdir, summary in (dissected, popped):
    assert json.loads((workdir / 'summary.json').read_text()) == summary
    assert set(summary['seconds']) == {'decode', 'wait', 'device', 'wall', 'export'}
    assert summary['versions']['jax']
    assert summary['device'].startswith('8 x ')
    assert len(summary['weights']['sha256']) == len(summary['weights']['file_sha256']) == 64
    config = json.loads((workdir / 'config.json').read_text())
    assert config['network']['image_size'] == 64
    network = {'name': 'vgg16', 'dtype': 'float32', 'image_size': 64, 'readout_tap': 'conv5_3', 'alignment': 'grid'}
    assert summary['network'] == network
    assert not (workdir / 'partial').exists()


def test_the_table_and_the_page_are_drawn_from_the_folder(dissected, popped):
  for _, _, workdir, _ in (dissected, popped):
    assert 'conv2_1' in site.text(workdir)
    assert site.write(workdir).read_text().startswith('<!doctype html>')
