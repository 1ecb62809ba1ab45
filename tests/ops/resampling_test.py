"""Each convention against numbers of its library, Pillow, SciPy, or by hand."""

import numpy as np
import pytest
import scipy.ndimage
from PIL import Image

from saliency_jax.ops import resampling
from tests.networks.saliency import plain

_LINE = np.array([3.0, 1.0, 4.0, 1.0, 5.0])


@pytest.mark.parametrize(
  ('axis', 'outputs', 'wanted'),
  [
    # tf.compat.v1.image.resize_bilinear: output i lies at i n / m.
    (resampling.tensorflow, 10, [3, 2, 1, 2.5, 4, 2.5, 1, 3, 5, 5]),
    # scipy.ndimage.zoom(order=1): the ends stay where they are.
    (resampling.corners, 9, [3, 2, 1, 2.5, 4, 2.5, 1, 3, 5]),
    (resampling.corners, 3, [3, 4, 5]),
    # Means from i s to (i + 1) s, s = 2: the last one reaches over the end.
    (resampling.corners_area, 3, [2, 2.5, 5]),
  ],
)
def test_small_numbers(axis, outputs, wanted):
  np.testing.assert_allclose(axis(outputs, 5) @ _LINE, wanted, atol=1e-12)


def test_theano_is_a_transposed_convolution():
  x = np.random.default_rng(0).normal(size=(1, 3, 5)).astype(np.float32)
  for ratio in (2, 4, 16):
    rows, columns = (resampling.theano(ratio * n, n) for n in (3, 5))
    np.testing.assert_allclose(rows @ x[0] @ columns.T, plain.theano_upsampling(x, ratio)[0], atol=1e-6)


def test_cubic_with_aligned_corners():
  # torch.nn.functional.interpolate(mode='bicubic', align_corners=True), whose
  # a is -0.75 as that of TensorFlow 1.
  np.testing.assert_allclose(
    resampling.corners_cubic(8, 5) @ _LINE,
    [3, 1.524781, 1.244898, 3.448981, 3.361516, 1.087462, 2.364431, 5],
    atol=1e-5,
  )


def test_matlab_cubic_is_pillows_but_at_the_border():
  x = np.random.default_rng(0).normal(size=(75, 100)).astype(np.float32)
  for size in ((24, 32), (39, 20), (150, 233)):
    pillow = np.asarray(Image.fromarray(x).resize(size[::-1], Image.Resampling.BICUBIC))
    inside = tuple(slice(n // 4, -n // 4) for n in size)
    np.testing.assert_allclose(resampling.resize(x, size, resampling.matlab_cubic)[inside], pillow[inside], atol=1e-5)
  # imresize mirrors what is beyond the border: of three values enlarged to six
  # the first lies at -1/4, and the kernel at .25, .75, 1.25 and 1.75 is .8672,
  # .2266, -.0703 and -.0234.
  np.testing.assert_allclose(resampling.matlab_cubic(6, 3)[0], [1.09375, -0.09375, 0], atol=1e-9)
  row = np.random.default_rng(1).random(40)
  mirrored = resampling.matlab_cubic(24, 120) @ np.concatenate([row[::-1], row, row[::-1]])
  np.testing.assert_allclose(resampling.matlab_cubic(8, 40) @ row, mirrored[8:16], atol=1e-12)


def test_area_by_hand():
  np.testing.assert_allclose(resampling.area(2, 3), [[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]])
  np.testing.assert_allclose(resampling.area(4, 2), [[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]])


@pytest.mark.parametrize(('ends', 'mode'), [('edge', 'nearest'), ('reflect', 'mirror')])
def test_gaussian_is_scipys(ends, mode):
  row = np.random.default_rng(2).random(30)
  np.testing.assert_allclose(
    resampling.gaussian(30, 2.5, 6, ends) @ row,
    scipy.ndimage.gaussian_filter1d(row, 2.5, radius=6, mode=mode),
    atol=1e-12,
  )


def test_channels_come_last_or_not_at_all():
  maps = np.random.default_rng(3).normal(size=(2, 5, 7, 3)).astype(np.float32)
  rows, columns = resampling.corners(9, 5), resampling.corners(4, 7)
  wanted = np.stack([rows @ x @ columns.T for x in np.moveaxis(maps, -1, 1).reshape(6, 5, 7)]).reshape(2, 3, 9, 4)
  np.testing.assert_allclose(resampling.apply(np.moveaxis(maps, -1, 1), rows, columns), wanted, atol=1e-6)
  np.testing.assert_allclose(
    resampling.apply(maps, rows, columns, channels=True), np.moveaxis(wanted, 1, -1), atol=1e-6
  )


def test_weights_sum_to_one_and_one_size_is_itself():
  for axis in (
    resampling.tensorflow,
    resampling.corners,
    resampling.corners_cubic,
    resampling.corners_area,
    resampling.matlab_cubic,
    resampling.area,
  ):
    for outputs, inputs in ((7, 3), (3, 7), (5, 5), (4, 1), (1, 3)):
      matrix = axis(outputs, inputs)
      assert matrix.shape == (outputs, inputs)
      np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(axis(5, 5) @ _LINE, _LINE, atol=1e-12)
