import numpy as np
import pytest

from saliency_jax.networks.weights import caffe_file
from tests.networks.weights import made

ARRAYS = made.caffe_arrays(made.tensors())


def _read(write, folder) -> dict[str, np.ndarray]:
  path = folder / 'net.caffemodel'
  write(path, ARRAYS)
  return caffe_file.arrays(path)


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


def _of(folder, net):
  (folder / 'net').write_bytes(net)
  return caffe_file.arrays(folder / 'net')


def _layer(blob):
  return made.field(100, made.field(1, 'a') + made.field(7, blob))


def test_floats_packed_one_by_one_and_doubles(tmp_path):
  shape = made.field(7, made.field(1, 2))
  for data in (
    made.field(5, np.array([0.5, 2], '<f4').tobytes()),
    made.field(5, 0.5) + made.field(5, 2.0),
    made.field(8, np.array([0.5, 2]).tobytes()),
  ):
    assert _of(tmp_path, _layer(shape + data))['a/0'].tolist() == [0.5, 2]


@pytest.mark.parametrize(
  ('net', 'reason'),
  [
    (2 * _layer(made.field(7, made.field(1, 1)) + made.field(5, 1.0)), "two blobs 'a/0'"),
    (_layer(made.field(7, made.field(1, 1 << 40))), "'a/0' has 0 values"),
    (_layer(made.field(7, made.field(1, -1) + made.field(1, -1)) + made.field(5, 1.0)), "'a/0' has 1 values"),
  ],
)
def test_what_is_refused(net, reason, tmp_path):
  with pytest.raises(ValueError, match=reason):
    _of(tmp_path, net)


def test_no_message_is_so_large(tmp_path):
  with open(tmp_path / 'large', 'wb') as file:
    file.truncate(1 << 31)
  with pytest.raises(ValueError, match='larger than 2 GiB'):
    caffe_file.arrays(tmp_path / 'large')
