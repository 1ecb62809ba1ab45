"""The order of images: whole epochs, and the same from any step."""

import numpy as np
import pytest

from saliency_jax.data import pipeline, pixel_sets
from saliency_jax.data.pipeline import Reading
from saliency_jax.errors import InputError
from saliency_jax.networks.network import resized
from saliency_jax.training import image_batches, tasks
from tests import tiny
from tests.training import made


def order(first, last, padded=5, seed=3):
  return image_batches.training_order(seed, 11, batch_size=4, padded=padded, first=first, last=last)


def test_every_epoch_has_every_image_once_in_another_order():
  rows = order(0, 6)
  epochs = rows.reshape(2, -1)
  for epoch in epochs:
    assert sorted(epoch[epoch >= 0]) == list(range(11))
  assert (epochs[0] != epochs[1]).any()
  assert ((rows >= 0).sum(axis=1) == [4, 4, 3, 4, 4, 3]).all()


@pytest.mark.parametrize('first', range(7))
def test_a_run_that_resumes_sees_what_it_would_have_seen(first):
  np.testing.assert_array_equal(order(first, 6), order(0, 6)[first:])


def test_padding_to_the_devices_moves_no_image():
  narrow, wide = order(0, 6, padded=4), order(0, 6, padded=8)
  np.testing.assert_array_equal(wide[:, :4], narrow)
  assert (wide[:, 4:] == -1).all()


def test_the_seed_decides():
  assert (order(0, 3, seed=4) != order(0, 3)).any()
  assert image_batches.order_digest(4, 11) != image_batches.order_digest(3, 11)
  # Written down here: a NumPy that draws other numbers is noticed.
  assert image_batches.epoch_order(0, 0, 6).tolist() == [3, 2, 5, 4, 0, 1]


def test_validation_goes_in_order():
  np.testing.assert_array_equal(pipeline.in_rows(range(5), 2, 3), [[0, 1, -1], [2, 3, -1], [4, -1, -1]])


class Changed(made.Photographs):
  """Photographs of which one value, or all that can be read, is another."""

  part = 'image'

  def __getitem__(self, index: int):
    record = super().__getitem__(index)
    if not self.part:
      raise InputError('gone')
    changed = getattr(record, self.part).copy()
    changed.flat[0] ^= 1
    return record._replace(**{self.part: changed})


def test_the_pixels_tell_whether_an_image_is_in_both():
  # Folders number their images alike.
  one = made.Photographs(4)
  assert image_batches.shared_image(one, Changed(4)) == ''
  other = made.Photographs(2, first=2)
  assert image_batches.shared_image(one, other) == one.image_ids[2]


def test_an_image_that_cannot_be_read_is_in_neither(monkeypatch):
  monkeypatch.setattr(Changed, 'part', '')
  assert image_batches.shared_image(Changed(1), made.Photographs(1)) == ''


def test_other_fixations_or_pixels_make_another_sample(monkeypatch):
  seen = set()
  for part in ('image', 'fixations', ''):
    monkeypatch.setattr(Changed, 'part', part)
    seen.add(image_batches.sample(Changed(3), pixel_sets.distinct_fixations))
  seen.add(image_batches.sample(made.Photographs(3), pixel_sets.distinct_fixations))
  assert len(seen) == 4
  assert image_batches.sample(made.Photographs(3), pixel_sets.distinct_fixations) in seen
  assert {text.split(', ')[0] for text in seen} == {image_batches.identity(made.Photographs(3))}
  # Of files, which are not all read, all sizes and fixations count.
  for digest, size in (('a', 1), ('b', 1), ('a', 2)):
    monkeypatch.setattr(made.Photographs, 'fixations_digest', lambda _, digest=digest: digest)
    monkeypatch.setattr(made.Photographs, 'file_size', lambda *_, size=size: size)
    seen.add(image_batches.sample(made.Photographs(3), pixel_sets.distinct_fixations))
  assert len(seen) == 7


def test_images_are_resized_with_the_networks_filter():
  """As they are when the trained network is looked into."""
  network = tiny.vgg()

  def read(resize):
    preprocess = network.preprocess._replace(image_size=48, resize=resize)
    examples = image_batches.Examples(
      network.replace(preprocess=preprocess),
      tasks.make({'name': 'saliency'}),
      pixel_sets.distinct_fixations,
      Reading(2),
    )
    (batch,) = image_batches.read(made.TRAIN, examples, np.array([[0, 1]]))
    return preprocess, batch.images

  images = {}
  for resize in ('bilinear', 'bicubic'):
    preprocess, images[resize] = read(resize)
    np.testing.assert_array_equal(images[resize][1], resized(made.TRAIN[1].image, preprocess))
  assert (images['bilinear'] != images['bicubic']).any()


def test_processes_share_every_batch(monkeypatch):
  task = tasks.make({'name': 'saliency'})
  examples = image_batches.Examples(tiny.vgg(), task, pixel_sets.distinct_fixations, Reading(2))

  def read():
    (batch,) = image_batches.read(made.TRAIN, examples, np.array([[3, 0, 1, -1]]))
    return batch

  whole, shares = read(), []
  monkeypatch.setattr(image_batches.jax, 'process_count', lambda: 2)
  for number in range(2):
    monkeypatch.setattr(image_batches.jax, 'process_index', lambda number=number: number)
    shares.append(read())
  assert [x.index.tolist() for x in shares] == [[3, 0], [1, -1]]
  np.testing.assert_array_equal(np.concatenate([x.images for x in shares]), whole.images)
