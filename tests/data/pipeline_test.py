"""Batches: order, padding, workers, several processes, unreadable images."""

import dataclasses
import os

import jax
import numpy as np
import pytest
from PIL import Image

from saliency_jax.data import batch_rows, pipeline, pixel_sets, reading_processes
from saliency_jax.data.source import open_source
from saliency_jax.errors import InputError
from saliency_jax.experiments import thumbnails
from saliency_jax.ops import pixel_weights
from tests.experiments import made

PREPARATION = batch_rows.Preparation(pixel_sets.distinct_fixations_in_regions, 32, ((4, 4), (2, 2)))


def read(count=11, broken=(), indices=None, batch_size=4, **options):
  rows = pipeline.in_rows(range(count) if indices is None else indices, batch_size)
  return list(pipeline.batches(made.Photographs(count, broken), PREPARATION, rows, **options))


def equal(first: batch_rows.Batch, second: batch_rows.Batch) -> bool:
  first, second = (b._replace(seconds=np.zeros(1)) for b in (first, second))
  return jax.tree.all(jax.tree.map(np.array_equal, first, second))


def test_a_row_is_what_the_record_says():
  source = made.Photographs(11)
  record = source[7]
  batch = read()[1]
  np.testing.assert_array_equal(
    batch.images[3], Image.fromarray(record.image).resize((32, 32), Image.Resampling.BILINEAR)
  )
  points = np.unique(record.fixations, axis=0)
  inside = [points[mask[tuple(points.T)]] for mask in record.regions.masks]
  expected = pixel_weights.cell_weights(inside, record.image.shape[:2], (4, 4))
  found = batch.weights[4, 4]
  np.testing.assert_array_equal(found.sets[3, :10], expected.sets)
  np.testing.assert_array_equal(found.rows[3], expected.rows)
  assert batch.ids[3, :10].tolist() == record.regions.ids.tolist()
  assert batch.counts[3, :10].tolist() == [len(p) for p in inside]
  assert tuple(batch.labels[3, :10]) == record.regions.categories


def test_batches_come_in_order_and_the_last_is_padded():
  found = [batch.index.tolist() for batch in read()]
  assert found == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, -1]]
  last = read()[-1]
  assert not last.images[3].any()
  assert not last.weights[4, 4].sets[3].any()
  assert not (last.labels[3] != '').any()


def test_sets_are_padded_to_sixteen_or_twice_as_many():
  assert [batch.ids.shape[1] for batch in read()] == [16, 16, 16]
  row = PREPARATION.row(made.Photographs(11), 3)
  weights = {grid: x._replace(sets=np.resize(x.sets, (17, *grid))) for grid, x in row.weights.items()}
  more = row._replace(
    weights=weights, **{name: np.resize(getattr(row, name), 17) for name in ('ids', 'labels', 'counts')}
  )
  batch = batch_rows.stack([row, more])
  assert batch.ids.shape == (2, 32)
  np.testing.assert_array_equal(batch.weights[4, 4].sets[1, :17], more.weights[4, 4].sets)
  assert not batch.weights[4, 4].sets[1, 17:].any()


def test_any_order_can_be_asked_for():
  found = [batch.index.tolist() for batch in read(indices=[9, 2, 2, 0, 5])]
  assert found == [[9, 2, 2, 0], [5, -1, -1, -1]]


@pytest.mark.parametrize('options', [{'threads': 7}, {'workers': 2}])
def test_workers_change_nothing(options):
  alone, helped = read(broken=(6,)), read(broken=(6,), **options)
  assert len(alone) == len(helped) == 3
  assert all(map(equal, alone, helped))


def test_threads_hand_over_to_processes_where_there_are_many_images(monkeypatch):
  by_processes = []

  class Readers(reading_processes.Readers):
    def ready(self) -> bool:
      self.wait()
      return True

    def read(self, batches):
      for batch in super().read(batches):
        by_processes.append(batch)
        yield batch

  alone = read(40)
  monkeypatch.setattr(pipeline, '_MANY', 40)
  monkeypatch.setattr(pipeline, '_SEVERAL', 1)
  monkeypatch.setattr(reading_processes, 'Readers', Readers)
  helped = read(40, threads=1)
  assert len(alone) == len(helped) == 10
  assert all(map(equal, alone, helped))
  assert len(by_processes) == 7  # of ten, after one and two that were ahead


def test_threads_read_on_where_a_process_cannot_start(monkeypatch):
  class Readers(reading_processes.Readers):
    def ready(self) -> bool:
      with pytest.raises(InputError, match='has died'):
        self.wait()
      assert not super().ready()
      return False

  monkeypatch.setattr(pipeline, '_MANY', 40)
  monkeypatch.setattr(pipeline, '_SEVERAL', 1)
  monkeypatch.setattr(reading_processes, '_START', 'raise SystemExit')
  monkeypatch.setattr(reading_processes, 'Readers', Readers)
  assert all(map(equal, read(40), read(40, threads=1)))


def test_what_processes_cannot_know_threads_read(monkeypatch):
  monkeypatch.setattr(pipeline, '_MANY', 11)
  mine = dataclasses.replace(PREPARATION, keep=lambda record, index: index)
  with pytest.raises(ValueError, match='cannot receive'):
    reading_processes.serialise(made.Photographs(11), mine)
  found = pipeline.batches(made.Photographs(11), mine, pipeline.in_rows(range(11), 4), threads=4)
  assert [x for batch in found for x in batch.kept] == [*range(11), None]


def test_a_worker_that_dies_ends_the_reading_with_a_sentence():
  with pytest.raises(InputError, match='has died'):
    list(
      pipeline.batches(
        made.Photographs(1), dataclasses.replace(PREPARATION, choose=os._exit), np.zeros((1, 1), int), workers=1
      )
    )


@pytest.mark.parametrize('name', ['plain.jpg', 'turned.jpg', 'grey.png'])
def test_an_image_that_is_not_kept_is_the_same_without_an_array_of_it(tmp_path, name):
  pixels = np.random.default_rng(3).integers(0, 256, (50, 70) + (3,) * (name != 'grey.png'), np.uint8)
  exif = Image.Exif()
  if name == 'turned.jpg':
    exif[0x112] = 6
  Image.fromarray(pixels).save(tmp_path / name, exif=exif)
  source = open_source('images', tmp_path)
  row = dataclasses.replace(PREPARATION, choose=pixel_sets.distinct_fixations).row
  found, record = row(source, 0), source[0]
  assert record.image.shape == ((70, 50) if 'turned' in name else (50, 70)) + (3,)
  np.testing.assert_array_equal(found.images, Image.fromarray(record.image).resize((32, 32), Image.Resampling.BILINEAR))
  (kept,) = dataclasses.replace(PREPARATION, keep=lambda record, index: record.image).row(source, 0).kept
  np.testing.assert_array_equal(kept, record.image)
  expected = pixel_weights.cell_weights([], record.image.shape[:2], (4, 4))
  np.testing.assert_array_equal(found.weights[4, 4].rows, expected.rows)
  np.testing.assert_array_equal(found.weights[4, 4].columns, expected.columns)


@pytest.mark.parametrize('workers', [0, 1])
def test_what_is_kept_of_a_record_rides_along(workers, tmp_path):
  keep = thumbnails.Writer(tmp_path, tuple(range(6)), pixel_sets.regions)
  first, second = pipeline.batches(
    made.Photographs(6, broken=(1,)),
    dataclasses.replace(PREPARATION, keep=keep),
    pipeline.in_rows(range(6), 4),
    workers=workers,
  )
  for batch in (first, second):
    for i, kept in zip(batch.index, batch.kept, strict=True):
      if i in (-1, 1):
        assert kept is None
      else:
        record = made.Photographs(6)[i]
        assert kept.size.tolist() == list(record.image.shape[:2])
        np.testing.assert_array_equal(kept.points, record.fixations)
  assert sorted(path.name for path in (tmp_path / 'pictures').iterdir()) == [f'{i:05d}.jpg' for i in (0, 2, 3, 4, 5)]


def test_an_unreadable_image_is_a_row_with_a_problem():
  batch = read(broken=(5,))[1]
  assert batch.problems.tolist() == ['', '005.jpg is truncated; fetch it again.', '', '']
  assert batch.index[1] == 5
  assert not (batch.labels[1] != '').any()


def test_repeated_fixations_count_once_or_every_time():
  record = made.Photographs(4)[3]
  doubled = record._replace(fixations=np.concatenate([record.fixations, record.fixations]))
  distinct = pixel_sets.distinct_fixations_in_regions(doubled).counts
  repeated = pixel_sets.all_fixations_in_regions(doubled).counts
  once = pixel_sets.all_fixations_in_regions(record).counts
  assert (repeated == 2 * once).all()
  assert (distinct == pixel_sets.distinct_fixations_in_regions(record).counts).all()
  assert (distinct < repeated).all()


def test_the_target_is_a_set_of_its_mask():
  record = made.Photographs(4)[1]
  record = record._replace(regions=record.regions._replace(categories=('text', 'target', 'food')))
  chosen = pixel_sets.target(record)
  assert chosen.labels == ('target',)
  assert chosen.ids.tolist() == [2]
  np.testing.assert_array_equal(chosen.pixels[0], record.regions.masks[1])


def test_what_keep_refuses_leaves_nothing_of_the_image():
  def keep(record, index):
    raise InputError(f'no room for {index}')

  row = dataclasses.replace(PREPARATION, keep=keep).row(made.Photographs(3), 1)
  assert str(row.problems) == 'no room for 1'
  assert not row.images.any()
  assert not len(row.labels) + len(row.counts) + len(row.ids)
  assert not len(row.weights[4, 4].sets)
  assert row.kept == (None,)
