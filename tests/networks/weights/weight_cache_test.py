import stat

import numpy as np
import pytest
import safetensors
import safetensors.numpy

from saliency_jax.errors import InputError
from saliency_jax.networks.weights import conversion, weight_cache
from tests.networks.weights import made

TRUNK = conversion.port(made.own_arrays(made.tensors()), widths=made.WIDTHS)
ORIGIN = weight_cache.Origin('tiny', 'made.h5', '00ff', '')


def _load(path):
  return weight_cache.load(path, widths=made.WIDTHS)


def test_round_trip(tmp_path):
  path = tmp_path / 'deep' / 'tiny.safetensors'
  saved = weight_cache.save(path, TRUNK, ORIGIN)
  loaded = _load(path)
  assert loaded.origin == ORIGIN
  assert loaded.sha256 == saved.sha256 == weight_cache.digest(TRUNK)
  for name, tensor in weight_cache.tensors(TRUNK).items():
    np.testing.assert_array_equal(
        weight_cache.tensors(loaded.trunk)[name], tensor)
  assert [file.name for file in path.parent.iterdir()] == ['tiny.safetensors']
  assert path.stat().st_mode & stat.S_IRUSR


def test_others_can_read_the_format(tmp_path):
  path = tmp_path / 'tiny.safetensors'
  weight_cache.save(path, TRUNK, ORIGIN)
  tensors = safetensors.numpy.load_file(path)
  assert set(tensors) == set(conversion.shapes(made.WIDTHS)) | {'mean'}
  with safetensors.safe_open(path, 'numpy') as file:
    assert file.metadata()['source'] == 'made.h5'
    assert file.metadata()['sha256'] == weight_cache.digest(TRUNK)


def test_digest_sees_every_tensor_and_its_place():
  seen = {weight_cache.digest(TRUNK)}
  for name in weight_cache.tensors(TRUNK):
    changed = {
        key: value.copy() for key, value in weight_cache.tensors(TRUNK).items()}
    changed[name].flat[0] += 1
    seen.add(weight_cache.digest(conversion.port(changed, widths=made.WIDTHS)))
  assert len(seen) == 28
  swapped = weight_cache.tensors(TRUNK)
  swapped['conv5_1/bias'], swapped['conv5_2/bias'] = (
      swapped['conv5_2/bias'], swapped['conv5_1/bias'])
  trunk = conversion.port(swapped, widths=made.WIDTHS)
  assert weight_cache.digest(trunk) not in seen


def test_digest_is_the_documented_one():
  # sha256sum of the lines 'name sha256', in the order of the names.
  assert weight_cache.combined({'b': 'ff', 'a': '00'}) == (
      '4060be04678738317618029e3db364ae726cee5a6feff1f416751d4611d382fe')


def test_every_flipped_byte_is_noticed(tmp_path):
  path = tmp_path / 'tiny.safetensors'
  weight_cache.save(path, TRUNK, ORIGIN)
  whole = path.read_bytes()
  header = 8 + int.from_bytes(whole[:8], 'little')
  for position in {*range(header, len(whole), 101), len(whole) - 1}:
    changed = bytearray(whole)
    changed[position] ^= 0x40
    path.write_bytes(changed)
    with pytest.raises(InputError, match='has not the tensors|not finite'):
      _load(path)


@pytest.mark.parametrize(('change', 'reason'), [
    ({'version': '0'}, 'another version'),
    ({'sha256': '00'}, 'has not the tensors'),
    ({'more': ''}, 'where it comes from')])
def test_metadata_is_checked(tmp_path, change, reason):
  path = tmp_path / 'tiny.safetensors'
  weight_cache.save(path, TRUNK, ORIGIN)
  with safetensors.safe_open(path, 'numpy') as file:
    metadata = file.metadata()
  safetensors.numpy.save_file(
      weight_cache.tensors(TRUNK), path, metadata | change)
  with pytest.raises(InputError, match=reason):
    _load(path)


def test_widths_are_checked(tmp_path):
  path = tmp_path / 'tiny.safetensors'
  weight_cache.save(path, TRUNK, ORIGIN)
  with pytest.raises(InputError, match=r'has floats \(3, 3, 3, 64\)'):
    weight_cache.load(path)


def test_folder_that_cannot_be_written(tmp_path):
  (tmp_path / 'file').write_text('')
  with pytest.raises(InputError, match=r'cannot be written \(.*another folder'):
    weight_cache.save(tmp_path / 'file' / 'tiny.safetensors', TRUNK, ORIGIN)
