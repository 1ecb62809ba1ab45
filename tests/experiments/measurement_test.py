"""The measuring loop against brute force, stopped and gone on, sharded."""

import jax
import numpy as np
import pytest
from PIL import Image

from saliency_jax.data import pixel_sets
from saliency_jax.errors import InputError
from saliency_jax.experiments import measurement, partial
from tests import brute_force
from tests.experiments import made

SETTINGS = measurement.Settings(
    image_size=made.IMAGE_SIZE, batch_size=4, workers=0, on_bad_image='raise')


@pytest.fixture(scope='module')
def network():
  return made.network()


def measure(source, network, folder, devices=1, **settings):
  return measurement.measure(
      source, pixel_sets.distinct_fixations_in_regions, network=network[0],
      params=network[1], settings=SETTINGS._replace(**settings),
      partial=partial.Partial(folder, {'job': 1}),
      devices=jax.devices()[:devices])


@pytest.fixture(scope='module')
def measured(network, tmp_path_factory):
  return measure(
      made.Photographs(11), network, tmp_path_factory.mktemp('partial'))


def test_every_score_equals_brute_force(network, measured):
  source = made.Photographs(11)
  scores = {layer: [] for layer in made.LAYERS}
  for i in range(11):
    record = source[i]
    points = np.unique(record.fixations, axis=0)
    small = Image.fromarray(record.image).resize(
        (made.IMAGE_SIZE,) * 2, Image.Resampling.BILINEAR)
    maps = network[0].apply(network[1], np.asarray(small)[None])
    for mask in record.regions.masks:
      inside = points[mask[tuple(points.T)]]
      for layer in made.LAYERS:
        scores[layer].append(brute_force.scores(
            np.asarray(maps[layer][0]), [inside], record.image.shape[:2])[0])
        if not len(inside):
          scores[layer][-1][:] = np.nan
  for layer in made.LAYERS:
    np.testing.assert_allclose(
        measured.rows.scores[layer], scores[layer], atol=1e-4)
    assert measured.rows.scores[layer].dtype == np.float32


def test_rows_follow_the_data_set(measured):
  rows, source = measured.rows, made.Photographs(11)
  expected = [
      (i, set_id, category) for i in range(11) for set_id, category in
      zip(source[i].regions.ids, source[i].regions.categories, strict=True)]
  found = list(zip(rows.index, rows.ids, rows.labels, strict=True))
  assert found == expected
  assert tuple(rows.scores) == made.LAYERS
  assert not measured.problems
  assert rows.images.tolist() == list(range(11))
  assert (rows.counts == 0).sum() == 2  # images 1 and 6 have an empty region
  assert set(measured.seconds) == {
      'decode', 'wait', 'forward', 'association', 'wall'}


def test_eight_devices_give_the_same(network, measured, tmp_path):
  again = measure(made.Photographs(11), network, tmp_path, devices=8)
  for layer in made.LAYERS:
    np.testing.assert_allclose(
        again.rows.scores[layer], measured.rows.scores[layer], atol=1e-5)
  assert again.rows.labels.tolist() == measured.rows.labels.tolist()


def test_a_stopped_run_goes_on_where_it_was(
    network, measured, tmp_path, monkeypatch):
  monkeypatch.setattr(
      measurement.progress, 'bar', lambda **_: _Interrupting(after=2))
  with pytest.raises(KeyboardInterrupt):
    measure(made.Photographs(11), network, tmp_path)
  monkeypatch.undo()
  source = made.Photographs(11)
  again = measure(source, network, tmp_path)
  assert min(source.reads) == 8
  for layer in made.LAYERS:
    np.testing.assert_array_equal(
        again.rows.scores[layer], measured.rows.scores[layer])


class _Interrupting:
  """A progress bar that stands for a user who presses Ctrl-C."""

  def __init__(self, after: int):
    self._left = after

  def __enter__(self):
    return self

  def __exit__(self, *_):
    pass

  def update(self, _):
    self._left -= 1
    if not self._left:
      raise KeyboardInterrupt


def test_what_a_killed_run_was_writing_is_passed_over(network, tmp_path):
  measure(made.Photographs(5), network, tmp_path)
  whole = next(tmp_path.glob('[!.]*.npz'))
  (tmp_path / '.000001.abcd.npz').touch()
  assert partial.Partial(tmp_path, {'job': 1}).done == set(range(5))
  whole.write_bytes(whole.read_bytes()[:500])
  assert not partial.Partial(tmp_path, {'job': 1}).done


def test_an_image_that_was_skipped_is_tried_again(
    network, measured, tmp_path):
  measure(made.Photographs(11, broken=(6,)), network, tmp_path,
          on_bad_image='skip')
  source = made.Photographs(11)
  again = measure(source, network, tmp_path)
  assert source.reads == [6]
  assert not again.problems
  assert again.resumed == 10
  for layer in made.LAYERS:
    # Another batch of other images: the convolutions may round differently.
    np.testing.assert_allclose(
        again.rows.scores[layer], measured.rows.scores[layer], atol=1e-5)


def test_another_job_starts_from_nothing(network, tmp_path):
  measure(made.Photographs(5), network, tmp_path)
  assert partial.Partial(tmp_path, {'job': 1}).done == set(range(5))
  assert not partial.Partial(tmp_path, {'job': 2}).done


def test_an_unreadable_image_ends_the_run(network, tmp_path):
  with pytest.raises(InputError, match='006.jpg is truncated'):
    measure(made.Photographs(11, broken=(6,)), network, tmp_path)


def test_an_unreadable_image_is_skipped_if_asked(network, measured, tmp_path):
  again = measure(
      made.Photographs(11, broken=(6,)), network, tmp_path,
      on_bad_image='skip')
  assert again.problems == {'006': '006.jpg is truncated; fetch it again.'}
  kept = measured.rows.index != 6
  for layer in made.LAYERS:
    np.testing.assert_array_equal(
        again.rows.scores[layer], measured.rows.scores[layer][kept])


def test_nothing_readable_is_an_error(network, tmp_path):
  with pytest.raises(InputError, match='None of the 2 images'):
    measure(made.Photographs(2, broken=(0, 1)), network, tmp_path,
            on_bad_image='skip')


def test_on_bad_image_is_checked(network, tmp_path):
  with pytest.raises(InputError, match='raise or skip'):
    measure(made.Photographs(2), network, tmp_path, on_bad_image='ignore')
