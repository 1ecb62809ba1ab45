import numpy as np
import pytest

from saliency_jax.networks.weights import caffe_file
from tests.networks.weights import made

ARRAYS = made.caffe_arrays(made.tensors())


def _read(write, folder) -> dict[str, np.ndarray]:
  path = folder / 'net.caffemodel'
  write(path, ARRAYS)
  return caffe_file.arrays(memoryview(path.read_bytes()))


def test_second_format(tmp_path):
  read = _read(made.write_caffe_v2, tmp_path)
  assert list(read) == list(ARRAYS)
  for name, array in ARRAYS.items():
    np.testing.assert_array_equal(read[name], array)


def test_first_format_pads_shapes_to_four(tmp_path):
  read = _read(made.write_caffe_v1, tmp_path)
  assert list(read) == list(ARRAYS)
  assert read['conv3_1/1'].shape == (1, 1, 1, 5)
  for name, array in ARRAYS.items():
    np.testing.assert_array_equal(read[name].reshape(array.shape), array)


def test_double_data():
  blob = made.field(7, made.field(1, 2)) + made.field(8, np.array([0.1, 0.2]).tobytes())
  net = made.field(100, made.field(1, 'a') + made.field(7, blob))
  assert caffe_file.arrays(memoryview(net))['a/0'].tolist() == [0.1, 0.2]


def test_two_layers_of_one_name():
  blob = made.field(7, made.field(1, 1)) + made.field(5, 1.0)
  layer = made.field(100, made.field(1, 'a') + made.field(7, blob))
  with pytest.raises(ValueError, match="two blobs 'a/0'"):
    caffe_file.arrays(memoryview(layer + layer))


def test_blob_without_its_values():
  blob = made.field(7, made.field(1, 1 << 40))
  layer = made.field(100, made.field(1, 'a') + made.field(7, blob))
  with pytest.raises(ValueError, match="'a/0' has 0 values"):
    caffe_file.arrays(memoryview(layer))
