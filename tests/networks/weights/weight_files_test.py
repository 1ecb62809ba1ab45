import zipfile

import h5py
import numpy as np
import pytest
import safetensors.numpy

from saliency_jax.errors import InputError
from saliency_jax.networks.weights import weight_files
from tests.networks.weights import made

WEIGHTS = made.tensors()


@pytest.mark.parametrize('title', list(made.FILES))
def test_every_format_gives_back_its_arrays(tmp_path, title):
  read = weight_files.read_arrays(made.write(title, tmp_path, WEIGHTS))
  expected = {name: x for name, x in made.FILES[title][1](WEIGHTS).items() if x.dtype.kind == 'f'}
  assert set(read) == set(expected)
  for name, array in expected.items():
    assert read[name].dtype == array.dtype
    np.testing.assert_array_equal(read[name].ravel(), array.ravel())


@pytest.mark.parametrize('suffix', ['.pt', '.pth.tar', '.PTH'])
def test_suffixes_of_torch(tmp_path, suffix):
  path = tmp_path / f'net{suffix}'
  path.write_bytes((made.FIXTURES / 'vgg.pth').read_bytes())
  assert 'features.0.weight' in weight_files.read_arrays(path)


def test_bfloat16_is_read(tmp_path):
  read = weight_files.read_arrays(made.FIXTURES / 'kinds.pth')['bfloat16']
  assert read.astype(np.float32).tolist()[0] == [-1.5, -1.25, -1.0, -0.75]
  safetensors.numpy.save_file({'a': read}, tmp_path / 'a.safetensors')
  np.testing.assert_array_equal(weight_files.read_arrays(tmp_path / 'a.safetensors')['a'], read)


@pytest.mark.parametrize('suffix', ['.h5', '.onnx', '.safetensors', '.pth', '.caffemodel', '.npz'])
@pytest.mark.parametrize('content', [b'', b'garbage', b'\x80\x02' + bytes(range(256)) * 9, b'PK\x03\x04' * 99])
def test_garbage_ends_in_one_sentence(tmp_path, suffix, content):
  path = tmp_path / f'net{suffix}'
  path.write_bytes(content)
  with pytest.raises(InputError, match=r'^\S+ (is no usable|holds no)') as caught:
    weight_files.read_arrays(path)
  assert str(path) in str(caught.value)
  assert '\n' not in str(caught.value)
  assert str(caught.value).endswith('.')


@pytest.mark.parametrize('title', list(made.FILES))
def test_cut_off_files(tmp_path, title):
  path = made.write(title, tmp_path, WEIGHTS)
  content = path.read_bytes()
  path.write_bytes(content[: len(content) * 2 // 3])
  with pytest.raises(InputError, match='is no usable'):
    weight_files.read_arrays(path)


def test_missing_and_unknown_files(tmp_path):
  with pytest.raises(InputError, match=r'There is no file .*absent\.h5'):
    weight_files.read_arrays(tmp_path / 'absent.h5')
  with pytest.raises(InputError, match=r'ends in \.h5, .*\.npz'):
    weight_files.read_arrays(tmp_path / 'net.txt')


def _h5(folder):
  return h5py.File(folder / 'net.h5', 'w')


def test_h5_links_are_not_followed(tmp_path):
  with h5py.File(tmp_path / 'secret.h5', 'w') as file:
    file['a'] = np.ones(3)
  for link in (h5py.ExternalLink(tmp_path / 'secret.h5', 'a'), h5py.SoftLink('/b')):
    with _h5(tmp_path) as file:
      file['b'] = np.ones(3)
      file['group/a'] = link
    with pytest.raises(InputError, match="'group/a' is a link"):
      weight_files.read_arrays(tmp_path / 'net.h5')


def test_h5_group_within_itself(tmp_path):
  with _h5(tmp_path) as file:
    file['a/b/x'] = np.ones(3)
    file['a/b/again'] = file['a']
  with pytest.raises(InputError, match='linked twice'):
    weight_files.read_arrays(tmp_path / 'net.h5')


def test_h5_values_in_other_files(tmp_path):
  (tmp_path / 'secret').write_bytes(bytes(24))
  with _h5(tmp_path) as file:
    file.create_dataset('a', (3,), 'f8', external=[(str(tmp_path / 'secret'), 0, 24)])
  with pytest.raises(InputError, match="'a' are kept in another file"):
    weight_files.read_arrays(tmp_path / 'net.h5')
  with h5py.File(tmp_path / 'source.h5', 'w') as file:
    file['x'] = np.ones(3)
  with _h5(tmp_path) as file:
    layout = h5py.VirtualLayout((3,), 'f8')
    layout[:] = h5py.VirtualSource(str(tmp_path / 'source.h5'), 'x', (3,))
    file.create_virtual_dataset('a', layout)
  with pytest.raises(InputError, match="'a' are kept in another file"):
    weight_files.read_arrays(tmp_path / 'net.h5')


def test_h5_array_larger_than_memory(tmp_path):
  with _h5(tmp_path) as file:
    file.create_dataset('a', (1 << 40,), 'f4', chunks=(1 << 10,))
  with pytest.raises(InputError, match='unpacks to more'):
    weight_files.read_arrays(tmp_path / 'net.h5')


def test_h5_text(tmp_path):
  with _h5(tmp_path) as file:
    file['a'] = 'text'
  with pytest.raises(InputError, match="'a' is not an array of numbers"):
    weight_files.read_arrays(tmp_path / 'net.h5')


def test_npz_with_objects(tmp_path):
  np.savez(tmp_path / 'net.npz', a=np.array([{}], object))
  with pytest.raises(InputError, match='holds object'):
    weight_files.read_arrays(tmp_path / 'net.npz')


@pytest.mark.filterwarnings('ignore:Duplicate name')
def test_npz_with_a_name_twice(tmp_path):
  made.write_npz(tmp_path / 'net.npz', {'a': np.zeros(3)})
  with zipfile.ZipFile(tmp_path / 'net.npz', 'a') as archive:
    archive.writestr('a.npy', archive.read('a.npy'))
  with pytest.raises(InputError, match="'a' occurs twice"):
    weight_files.read_arrays(tmp_path / 'net.npz')


def test_npz_larger_than_memory(tmp_path):
  # A million zeros in each of a thousand bytes: refused before it is unpacked.
  made.write_npz(tmp_path / 'net.npz', {'a': np.zeros(3)})
  content = (tmp_path / 'net.npz').read_bytes()
  directory = content.rindex(b'PK\x01\x02')
  size = directory + 24  # the size unpacked, in the central directory
  (tmp_path / 'net.npz').write_bytes(content[:size] + (1 << 31).to_bytes(4, 'little') + content[size + 4 :])
  with pytest.raises(InputError, match='unpacks to more'):
    weight_files.read_arrays(tmp_path / 'net.npz')


def test_npz_member_that_is_no_array(tmp_path):
  made.write_npz(tmp_path / 'net.npz', {'a': np.array(['text'])})
  with pytest.raises(InputError, match='holds <U4 instead of numbers'):
    weight_files.read_arrays(tmp_path / 'net.npz')
