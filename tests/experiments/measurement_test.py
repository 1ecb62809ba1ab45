"""The measuring loop against brute force, stopped and gone on, sharded."""

import os
import signal
import threading

import jax
import ml_collections
import numpy as np
import pytest
from PIL import Image

from saliency_jax import ledger
from saliency_jax.data import pixel_sets
from saliency_jax.data.pipeline import Reading
from saliency_jax.errors import InputError, Stopped
from saliency_jax.experiments import measurement
from saliency_jax.ledger import Ledger
from tests import brute_force, tiny
from tests.experiments import made


def measure(source, folder, devices=1, **reading):
  choose = pixel_sets.distinct_fixations_in_regions
  with tiny.devices(devices):
    return measurement.measure(made.probe(**reading), source, choose, ledger=Ledger(folder, {'': 1}))


@pytest.fixture(scope='module')
def measured(tmp_path_factory):
  return measure(made.Photographs(11), tmp_path_factory.mktemp('ledger'))


def test_every_score_equals_brute_force(measured):
  source = made.Photographs(11)
  scores = {tap: [] for tap in made.TAPS}
  network = made.probe().network
  for i in range(11):
    record = source[i]
    points = np.unique(record.fixations, axis=0)
    small = Image.fromarray(record.image).resize((made.IMAGE_SIZE,) * 2, Image.Resampling.BILINEAR)
    maps = network.maps(np.asarray(small), made.TAPS)
    for mask in record.regions.masks:
      inside = points[mask[tuple(points.T)]]
      for tap in made.TAPS:
        scores[tap].append(brute_force.scores(np.asarray(maps[tap][0]), [inside], record.image.shape[:2])[0])
        if not len(inside):
          scores[tap][-1][:] = np.nan
  for tap in made.TAPS:
    np.testing.assert_allclose(measured.rows.scores[tap], scores[tap], atol=1e-4)
    assert measured.rows.scores[tap].dtype == np.float32


def test_maps_that_are_not_finite_are_said(tmp_path):
  probe = made.probe()
  network = probe.network
  changed = network.replace(
    run=lambda *arguments: jax.tree.map(lambda x: x.at[..., 2].set(np.inf), network.run(*arguments))
  )
  with pytest.raises(InputError, match='1 units of .* first is 2; fix'), tiny.devices(1):
    measurement.measure(
      probe._replace(network=changed),
      made.Photographs(3),
      pixel_sets.distinct_fixations_in_regions,
      ledger=Ledger(tmp_path, {'': 1}),
    )


def test_two_batches_are_computed_at_once_after_the_first_has_compiled():
  meeting, threads = threading.Barrier(2, timeout=60), []

  def compute(batch):
    threads.append(threading.current_thread())
    if batch:
      meeting.wait()
    return batch

  with measurement._computing(compute, 2) as begin:
    results = [begin(0)]
    assert threads == [threading.current_thread()]  # nobody compiles beside it
    results += [begin(1), begin(2)]
    assert [result() for result in results] == [0, 1, 2]


def test_large_scores_lie_in_a_file(measured, tmp_path, monkeypatch):
  monkeypatch.setattr(measurement, '_IN_MEMORY', 0)
  monkeypatch.setattr(ledger, '_BYTES', 0)  # each image is a part of its own
  found = measure(made.Photographs(4), tmp_path).rows
  for tap, scores in found.scores.items():
    assert isinstance(scores, np.memmap)
    np.testing.assert_array_equal(scores, measured.rows.scores[tap][: len(scores)])


def test_rows_follow_the_data_set(measured):
  rows, source = measured.rows, made.Photographs(11)
  expected = [
    (i, set_id, category)
    for i in range(11)
    for set_id, category in zip(source[i].regions.ids, source[i].regions.categories, strict=True)
  ]
  found = list(zip(rows.index, rows.ids, rows.labels, strict=True))
  assert found == expected
  assert tuple(rows.scores) == made.TAPS
  assert not measured.problems
  assert (rows.counts == 0).sum() == 2  # images 1 and 6 have an empty region
  assert set(measured.seconds) == {'decode', 'wait', 'device', 'wall'}


def test_eight_devices_give_the_same(measured, tmp_path):
  again = measure(made.Photographs(11), tmp_path, devices=8)
  for tap in made.TAPS:
    np.testing.assert_allclose(again.rows.scores[tap], measured.rows.scores[tap], atol=1e-5)
  assert again.rows.labels.tolist() == measured.rows.labels.tolist()


def test_a_stopped_run_goes_on_where_it_was(measured, tmp_path, monkeypatch):
  monkeypatch.setattr(measurement.progress, 'bar', lambda **_: _Progress(2, _interrupt))
  with pytest.raises(KeyboardInterrupt):
    measure(made.Photographs(11), tmp_path)
  monkeypatch.undo()
  source = made.Photographs(11)
  again = measure(source, tmp_path)
  assert min(source.reads) == 8
  for tap in made.TAPS:
    np.testing.assert_array_equal(again.rows.scores[tap], measured.rows.scores[tap])


def _interrupt():
  raise KeyboardInterrupt


class _Progress:
  """A progress bar that does something after so many updates."""

  def __init__(self, after: int, do):
    self._left, self._do = after, do

  def __enter__(self):
    return self

  def __exit__(self, *_):
    pass

  def update(self, _):
    self._left -= 1
    if not self._left:
      self._do()


def test_an_image_that_was_skipped_is_tried_again(measured, tmp_path, caplog):
  skipping = measure(made.Photographs(11, broken=(6,)), tmp_path, on_bad_image='skip')
  assert skipping.problems == {'006': '006.jpg is truncated; fetch it again.'}
  assert '006.jpg is truncated; fetch it again. The image is left out.' in caplog.messages
  kept = measured.rows.index != 6
  for tap in made.TAPS:
    np.testing.assert_array_equal(skipping.rows.scores[tap], measured.rows.scores[tap][kept])
  source = made.Photographs(11)
  again = measure(source, tmp_path)
  assert source.reads == [6]
  assert not again.problems
  assert again.resumed == 10
  for tap in made.TAPS:
    # Another batch of other images: the convolutions may round differently.
    np.testing.assert_allclose(again.rows.scores[tap], measured.rows.scores[tap], atol=1e-5)


def test_an_unreadable_image_ends_the_run(tmp_path):
  with pytest.raises(InputError, match='006.jpg is truncated'):
    measure(made.Photographs(11, broken=(6,)), tmp_path)


def test_nothing_readable_is_an_error(tmp_path):
  with pytest.raises(InputError, match='None of the 2 images'):
    measure(made.Photographs(2, broken=(0, 1)), tmp_path, on_bad_image='skip')


@pytest.mark.parametrize(
  ('change', 'said'),
  [
    ({'batch_size': 0}, 'batch_size is 0'),
    ({'workers': -1}, 'workers is -1'),
    ({'on_bad_image': 'ignore'}, 'raise or skip'),
  ],
)
def test_reading_is_checked(change, said):
  data = ml_collections.ConfigDict({'batch_size': 4, 'on_bad_image': 'raise', 'workers': 0} | change)
  with pytest.raises(InputError, match=said):
    Reading.of(data)


def test_sigterm_saves_what_was_measured(measured, tmp_path, monkeypatch):
  """It ends after the batch in which the signal came."""
  monkeypatch.setattr(
    measurement.progress, 'bar', lambda **_: _Progress(1, lambda: os.kill(os.getpid(), signal.SIGTERM))
  )
  with pytest.raises(Stopped, match='^stopped after 4 of 11 images and saved'):
    measure(made.Photographs(11), tmp_path)
  monkeypatch.undo()
  source = made.Photographs(11)
  again = measure(source, tmp_path)
  assert again.resumed == min(source.reads) == 4
  for tap in made.TAPS:
    np.testing.assert_array_equal(again.rows.scores[tap], measured.rows.scores[tap])
