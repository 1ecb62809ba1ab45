"""The order of images: whole epochs, and the same from any step."""

import numpy as np
import pytest

from saliency_jax.training import data


def order(first, last, padded=5, seed=3):
  return data.training_order(
      seed, 11, batch_size=4, padded=padded, first=first, last=last)


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
  assert data.order_digest(4, 11) != data.order_digest(3, 11)
  # Written down here: a NumPy that draws other numbers is noticed.
  assert data.epoch_order(0, 0, 6).tolist() == [3, 2, 5, 4, 0, 1]


def test_validation_goes_in_order():
  np.testing.assert_array_equal(
      data.in_order(5, batch_size=2, padded=3),
      [[0, 1, -1], [2, 3, -1], [4, -1, -1]])
