"""The data of the units' and the images' chapters."""

import base64
import zlib

import numpy as np
import pytest

from saliency_jax.report import packing
from saliency_jax.report.chapter import Site
from saliency_jax.report.units import gallery as images
from saliency_jax.report.units import grid as units
from saliency_jax.report.units import run as reader
from tests.report import made

LABELS = ['text', 'food', 'text', 'drink', 'food', 'text', 'drink']


class _Site(Site):
  """Keeps the values of data as they are."""

  def __init__(self, results, compare=None):
    super().__init__(results, compare, root=None)
    self.values = {}

  def data(self, name, value):
    super().data(name, value)  # it checks them
    self.values[name] = value


def _numbers(packed: dict) -> np.ndarray:
  kind = {'u1': 'u1', 'i2': '<i2', 'scores': '<i2'}[packed['packed']]
  return np.frombuffer(zlib.decompress(base64.b64decode(packed['bytes'])), kind)


def _scores(packed: dict) -> np.ndarray:
  values = _numbers(packed)
  return np.where(values == packing.MISSING, np.nan, values / 1000)


def _integers(packed: dict) -> list[int]:
  return _numbers(packed).tolist()


def _run(path, seed=0, **options):
  options = {'image_ids': ('1001', '1002', '1003'), **options}
  return reader.read(
    made.dissect(
      path,
      made.scores(('conv5_3', 'conv4_1'), rows=7, units=70, seed=seed),
      labels=LABELS,
      categories=('text', 'food', 'drink', 'other'),
      **options,
    )
  )


@pytest.fixture
def run(tmp_path):
  return _run(tmp_path, fixations=[9, 9, 0, 9, 9, 9, 9])


@pytest.fixture
def site(run):
  site = _Site(run)
  units.chapter(run, site)
  images.chapter(run, site)
  return site


def test_scores_are_those_of_the_run(run, site):
  parts = [_scores(site.values[f'scores/0/1/{g}']).reshape(-1, 7) for g in range(2)]
  assert [len(x) for x in parts] == [64, 6]
  np.testing.assert_allclose(np.concatenate(parts), run.scores['conv4_1'].T, atol=5.1e-4)


def test_the_grid_has_the_means(run, site):
  grid = site.values['units']
  assert grid['layers'] == [['conv5_3', 70], ['conv4_1', 70]]
  table = grid['tables'][0]
  assert table['counts'] == [6, 2, 2, 2, 0]
  assert table['factors'][4] is None
  means = _scores(table['means']).reshape(140, 5)
  expected = run.scores['conv4_1'][[0, 5]].mean(axis=0)
  np.testing.assert_allclose(means[70:, 1], expected, atol=5.1e-4)
  assert np.isnan(means[:, 4]).all()


def test_rows_name_their_images_and_categories(site):
  rows = site.values['rows/0']
  assert _integers(rows['categories']) == [0, 1, 0, 2, 1, 0, 2]
  assert _integers(rows['images']) == [0, 0, 0, 1, 1, 2, 2]
  assert rows['kept']['counts'] == [210, 210]


def test_an_image_has_its_regions_and_maps(run, site):
  record = site.values['images/1']
  assert [x['category'] for x in record['regions']] == [2, 1]
  assert [x['row'] for x in record['regions']] == [3, 4]
  assert all(x['d'].startswith('M') for x in record['regions'])
  assert len(record['points']) == 14
  (mine,) = record['runs']
  maps = _numbers(mine['cells']).reshape(140, *made.CELLS)
  kept = run.kept.maps('conv4_1')
  place = np.flatnonzero((kept.units == 33) & (kept.images == 1))[0]
  np.testing.assert_array_equal(maps[70 + 33], packing.cells(kept.cells[place]))
  assert mine['counts'] == [70, 70]
  assert mine['units'][70 + 33] == 33
  best = run.scores['conv4_1'][4].argmax()
  assert mine['best'][1][1][0] == best


def test_a_region_without_a_fixation_has_no_best_unit(site):
  best = site.values['images/0']['runs'][0]['best']
  assert [x is None for x in best] == [False, False, True]


def test_without_pictures_there_is_a_grid_alone(tmp_path):
  run = _run(tmp_path, shown=0)
  site = _Site(run)
  units.chapter(run, site)
  assert images.chapter(run, site) is None
  assert site.values['units']['images'] == 0
  assert set(_integers(site.values['rows/0']['images'])) == {-1}


@pytest.fixture
def other(tmp_path):
  return _run(tmp_path / 'other', seed=1, weights='tuned', depth=3, fixations=[9, 9, 0, 9, 9, 9, 9])


def test_differences_have_paired_intervals(run, other):
  site = _Site(run, other)
  units.chapter(run, site)
  grid = site.values['units']
  assert grid['paired']
  assert len(grid['tables']) == 3
  low, high = grid['ranges'][1]
  assert -low == high > 0
  differences = (run.scores['conv5_3'] - other.scores['conv5_3'])[[0, 5], 8]
  means, halves = (_scores(grid['tables'][2][key]).reshape(140, 5)[8, 1] for key in ('means', 'halves'))
  assert means == pytest.approx(differences.mean(), abs=6e-4)
  # Of two values, s / sqrt(2) is half their distance.
  assert halves == pytest.approx(12.7062 * abs(differences[0] - differences[1]) / 2, abs=2e-3)


def test_runs_on_other_rows_are_not_paired(run, tmp_path):
  other = _run(tmp_path / 'other', image_ids=('1001', '1003', '1009'))
  site = _Site(run, other)
  assert not units.chapter(run, site).context['upright']
  images.chapter(run, site)
  grid = site.values['units']
  assert not grid['paired']
  assert np.isnan(_scores(grid['tables'][2]['halves'])).all()
  # Image 2003 is this run's third, 2009 it does not show.
  assert _integers(site.values['rows/1']['images']) == [0, 0, 0, 2, 2, -1, -1]
  assert [len([x for x in site.values[f'images/{k}']['runs'] if x]) for k in range(3)] == [2, 1, 2]
  # A degree is that of `data.sigma`, else .03 of the width, and a cell or more.
  width = run.kept.images[0].width
  assert site.values['images/0']['sigma'] == max(0.03 * width, width / 64)
  for sigma, blur in ((width / 10, width / 10), (0.001, width / 64)):
    site = _Site(run._replace(config=run.config | {'data': {'sigma': sigma}}))
    images.chapter(site.runs[0], site)
    assert site.values['images/0']['sigma'] == blur


def test_fixations_are_blurred_by_a_gaussian():
  y, x = np.mgrid[:40, :64]
  points = np.array([[10, 20], [30, 5]])
  expected = sum(np.exp(-((y - a) ** 2 + (x - b) ** 2) / (2 * 4.0**2)) for a, b in points)
  found = images.density(points, 40, 64, 4.0)
  np.testing.assert_allclose(found, (expected - expected.mean()) / expected.std(), atol=1e-9)


def test_kinds_are_the_categories_of_arrays(tmp_path):
  run = reader.read(made.popout(tmp_path, made.scores(rows=5), kinds=('orientation', '')))
  site = _Site(run)
  assert units.chapter(run, site).context['upright'], 'a long word'
  images.chapter(run, site)
  grid = site.values['units']
  assert grid['categories'] == ['orientation', '(no kind given)']
  assert grid['tables'][0]['counts'] == [5, 3, 2]
  record = site.values['images/0']
  assert not record['points']
  assert record['human'] is None
  assert len(record['regions']) == 1
