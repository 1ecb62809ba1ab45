"""What is kept for Figure 8."""

import csv
import types

import numpy as np
import pytest
from PIL import Image

from saliency_jax.data.popout.search_arrays import SearchArrays
from saliency_jax.experiments import example_maps
from saliency_jax.workdir import Folder
from tests import brute_force
from tests.experiments import made


class Model:
  """A model whose maps are noise of a size of its own."""

  def __init__(self, name: str, size: tuple[int, int]):
    self.name, self._size = name, size

  def predict(self, images, image_ids):
    return [self.map(image_id) for image_id in image_ids]

  def map(self, image_id: str) -> np.ndarray:
    seed = sum(map(ord, image_id))
    return np.random.default_rng(seed).random(self._size).astype(np.float32)


MODELS = [Model('coarse', (5, 7)), Model('fine', (400, 300))]


def test_the_first_the_last_and_those_between():
  # Image 3 is the best on average, then 0, 4, 2 and 1.
  scores = np.array([[3.0, 0, 1, 5, 2], [3.0, 0, 1, 5, 2]])
  assert example_maps.choose(scores, 3) == [3, 4, 1]
  assert example_maps.choose(scores, 2) == [3, 1]
  assert example_maps.choose(scores, 9) == [3, 0, 4, 2, 1]
  assert example_maps.choose(scores, 0) == []


def test_an_image_without_a_score_is_not_shown():
  scores = np.array([[1.0, np.nan, 3], [1.0, 5, 3]])
  assert example_maps.choose(scores, 3) == [2, 0]


def scored(name, source, metric, index, kind, scores, human):
  """Returns what came out of a data set of which one image was scored."""
  scoring = types.SimpleNamespace(
    dataset=types.SimpleNamespace(name=name, source=source), ranked=metric, kinds={index: kind}, human=human
  )
  models = [each.name for each in MODELS]
  of = {model: {metric: np.array([score])} for model, score in zip(models, scores, strict=True)}
  return types.SimpleNamespace(scoring=scoring, images=[index], models=models, scores=of)


@pytest.fixture
def kept(tmp_path) -> tuple[dict, list[dict], object]:
  photographs, arrays = made.Photographs(3), SearchArrays(count=2, size=700)

  def human(record):
    return np.eye(*record.image.shape[:2])

  example_maps.write(
    Folder(tmp_path, {}),
    [
      scored('photographs', photographs, 'nss', 1, '', (1.0, 2.0), human),
      scored('arrays', arrays, 'nmm', 0, 'colour', (3.0, 4.0), lambda record: None),
    ],
    1,
    MODELS,
  )
  with np.load(tmp_path / 'examples.npz', allow_pickle=False) as archive:
    found = {name: archive[name] for name in archive.files}
  with open(tmp_path / 'examples.csv', newline='') as file:
    return found, list(csv.DictReader(file)), tmp_path


def test_maps_are_standardised_over_the_image(kept):
  found, _, _ = kept
  record = made.Photographs(3)[1]
  cells = found['0/map/0']
  assert cells.dtype == np.float16
  upsampled = brute_force.upsample(cells, record.image.shape[:2])
  assert upsampled.mean() == pytest.approx(0, abs=1e-3)
  assert upsampled.std() == pytest.approx(1, abs=1e-3)
  assert np.corrcoef(cells.ravel(), MODELS[0].map('001').ravel())[0, 1] > 0.9999
  assert found['0/human'].shape == record.image.shape[:2]


def test_large_maps_are_averaged_down(kept):
  found, _, _ = kept
  # 400 x 300 cells, of which 2 x 2 become one.
  assert found['1/map/1'].shape == (200, 150)
  own = MODELS[1].map('colour-00').reshape(200, 2, 150, 2).mean(axis=(1, 3))
  assert np.corrcoef(found['1/map/1'].ravel(), own.ravel())[0, 1] > 0.999


def test_what_else_is_kept(kept):
  found, rows, folder = kept
  assert found['models'].tolist() == ['coarse', 'fine']
  assert found['0/scores'].tolist() == [1, 2]
  np.testing.assert_array_equal(found['0/fixations'], made.Photographs(3)[1].fixations)
  assert [row['metric'] for row in rows] == ['nss', 'nmm']
  assert [int(rows[0][x]) for x in ('height', 'width')] == [*made.Photographs(3)[1].image.shape[:2]]
  assert (rows[1]['height'], rows[1]['kind']) == ('700', 'colour')
  with Image.open(folder / rows[1]['picture']) as picture:
    assert picture.size == (640, 640)
  target = found['1/target']
  assert target.shape == (640, 640)
  mask = SearchArrays(count=1, size=700)[0].regions.masks[0]
  assert target.mean() == pytest.approx(mask.mean(), rel=0.1)
  assert '1/human' not in found
  assert '0/target' not in found
