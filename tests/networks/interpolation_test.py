"""Each convention against numbers of its library, or its definition."""

import numpy as np
import pytest
from PIL import Image

from saliency_jax.networks import interpolation
from tests.networks.saliency import plain

_LINE = np.array([3.0, 1.0, 4.0, 1.0, 5.0])


@pytest.mark.parametrize(
  ('axis', 'outputs', 'wanted'),
  [
    # tf.compat.v1.image.resize_bilinear: output i lies at i n / m.
    (interpolation.tensorflow, 10, [3, 2, 1, 2.5, 4, 2.5, 1, 3, 5, 5]),
    # scipy.ndimage.zoom(order=1): the ends stay where they are.
    (interpolation.corners, 9, [3, 2, 1, 2.5, 4, 2.5, 1, 3, 5]),
    (interpolation.corners, 3, [3, 4, 5]),
    # Means from i s to (i + 1) s, s = 2: the last one reaches over the end.
    (interpolation.corners_area, 3, [2, 2.5, 5]),
  ],
)
def test_small_numbers(axis, outputs, wanted):
  np.testing.assert_allclose(axis(outputs, 5) @ _LINE, wanted, atol=1e-12)


def test_theano_is_a_transposed_convolution():
  x = np.random.default_rng(0).normal(size=(1, 3, 5)).astype(np.float32)
  for ratio in (2, 4, 16):
    rows, columns = (interpolation.theano(ratio * n, n) for n in (3, 5))
    np.testing.assert_allclose(rows @ x[0] @ columns.T, plain.theano_upsampling(x, ratio)[0], atol=1e-6)


def test_cubic_with_aligned_corners():
  # torch.nn.functional.interpolate(mode='bicubic', align_corners=True), whose
  # a is -0.75 as that of TensorFlow 1.
  np.testing.assert_allclose(
    interpolation.corners_cubic(8, 5) @ _LINE,
    [3, 1.524781, 1.244898, 3.448981, 3.361516, 1.087462, 2.364431, 5],
    atol=1e-5,
  )


def test_matlab_cubic_is_pillows_but_at_the_border():
  x = np.random.default_rng(0).normal(size=(40, 1)).astype(np.float32)
  for outputs in (13, 21, 90):
    pillow = np.asarray(Image.fromarray(x).resize((1, outputs), Image.Resampling.BICUBIC))
    inside = slice(outputs // 4, -outputs // 4)
    np.testing.assert_allclose((interpolation.matlab_cubic(outputs, 40) @ x)[inside], pillow[inside], atol=1e-5)
  # imresize mirrors what is beyond the border: of three values enlarged to six
  # the first lies at -1/4, and the kernel at .25, .75, 1.25 and 1.75 is .8672,
  # .2266, -.0703 and -.0234.
  np.testing.assert_allclose(interpolation.matlab_cubic(6, 3)[0], [1.09375, -0.09375, 0], atol=1e-9)


def test_weights_sum_to_one_and_one_size_is_itself():
  for axis in (
    interpolation.tensorflow,
    interpolation.corners,
    interpolation.corners_cubic,
    interpolation.corners_area,
    interpolation.matlab_cubic,
  ):
    for outputs, inputs in ((7, 3), (3, 7), (5, 5), (4, 1)):
      matrix = axis(outputs, inputs)
      assert matrix.shape == (outputs, inputs)
      np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(axis(5, 5) @ _LINE, _LINE, atol=1e-12)
