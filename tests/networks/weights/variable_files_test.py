import hashlib
import json
import stat

import jax
import numpy as np
import pytest
import safetensors
import safetensors.numpy

from saliency_jax.errors import InputError
from saliency_jax.networks import adapters
from saliency_jax.networks.preprocess import Preprocess
from saliency_jax.networks.weights import variable_files
from tests import tiny
from tests.networks.weights import made

SEEN = Preprocess(224, (120.0, 110.0, 100.0), (1.0, 1.0, 1.0), 1.0)
TRUNK = made.port(made.caffe_arrays(made.tensors()))._replace(preprocess=SEEN)
ORIGIN = ('tiny', 'made.h5')


def _load(path):
  return variable_files.load(path)


def _from(tensors):
  mean = tuple(map(float, tensors.pop('mean')))
  return variable_files.Ported(variable_files.nested(tensors), SEEN._replace(mean=mean))


def test_round_trip(tmp_path):
  path = tmp_path / 'deep' / 'tiny.safetensors'
  variable_files.save(path, TRUNK, *ORIGIN)
  loaded = _load(path)
  assert loaded.name == 'tiny'
  assert loaded.sha256 == variable_files.digest(TRUNK)
  for name, tensor in variable_files.tensors(TRUNK).items():
    np.testing.assert_array_equal(variable_files.tensors(loaded.ported)[name], tensor)
  assert [file.name for file in path.parent.iterdir()] == ['tiny.safetensors']
  assert path.stat().st_mode & stat.S_IRUSR


def test_of_another_file_the_type_that_is_not_read_is_named(tmp_path):
  path = tmp_path / 'tiny.safetensors'
  header = json.dumps({'a.weight': {'dtype': 'F8_E4M3', 'shape': [4], 'data_offsets': [0, 4]}}).encode()
  path.write_bytes(len(header).to_bytes(8, 'little') + header + bytes(4))
  with pytest.raises(ValueError, match="'a.weight' is of the type 'F8_E4M3'"):
    variable_files.read(path)


def test_others_can_read_the_format(tmp_path):
  path = tmp_path / 'tiny.safetensors'
  variable_files.save(path, TRUNK, *ORIGIN)
  tensors = safetensors.numpy.load_file(path)
  assert set(tensors) == set(made.shapes()) | {'mean'}
  with safetensors.safe_open(path, 'numpy') as file:
    assert file.metadata()['source'] == 'made.h5'
    assert file.metadata()['sha256'] == variable_files.digest(TRUNK)


def test_digest_sees_every_tensor_and_its_place():
  seen = {variable_files.digest(TRUNK)}
  for name in variable_files.tensors(TRUNK):
    changed = {key: value.copy() for key, value in variable_files.tensors(TRUNK).items()}
    changed[name].flat[0] += 1
    seen.add(variable_files.digest(_from(changed)))
  assert len(seen) == 28
  swapped = variable_files.tensors(TRUNK)
  swapped['conv5_1/bias'], swapped['conv5_2/bias'] = (swapped['conv5_2/bias'], swapped['conv5_1/bias'])
  assert variable_files.digest(_from(swapped)) not in seen


def test_digest_is_the_documented_one():
  """It is sha256sum of the lines 'name sha256', in the order of the names."""
  lines = ''.join(
    f'{name} {hashlib.sha256(np.asarray(x, "<f4").tobytes()).hexdigest()}\n'
    for name, x in sorted(variable_files.tensors(TRUNK).items())
  )
  assert variable_files.digest(TRUNK) == hashlib.sha256(lines.encode()).hexdigest()


def test_digest_sees_the_preprocessing():
  other = TRUNK._replace(preprocess=TRUNK.preprocess._replace(bgr=True))
  assert variable_files.digest(other) != variable_files.digest(TRUNK)
  # To which side images are resized is no property of the variables.
  other = TRUNK._replace(preprocess=TRUNK.preprocess._replace(image_size=64))
  assert variable_files.digest(other) == variable_files.digest(TRUNK)


def test_integers_and_lists_of_a_network_come_back(tmp_path):
  network = adapters.from_function(
    lambda variables, x: {'map': x * variables['w']},
    {'w': np.ones((1, 1, 1, 3), np.float32)},
    preprocess=Preprocess(32, [120, 110, 100], [57, 58, 59], 1),
  )
  path = tmp_path / 'integers.safetensors'
  variable_files.save(path, variable_files.Ported(dict(network.variables), network.preprocess), *ORIGIN)
  assert variable_files.load(path).ported.preprocess == network.preprocess


def test_all_collections_and_the_whole_preprocessing_come_back(tmp_path):
  network = tiny.nested()
  ported = variable_files.Ported(dict(network.variables), Preprocess(64, bgr=True, resize='bicubic'))
  path = tmp_path / 'nested.safetensors'
  variable_files.save(path, ported, *ORIGIN)
  loaded = variable_files.load(path)
  assert loaded.ported.preprocess == ported.preprocess
  assert loaded.sha256 == variable_files.digest(ported)
  assert set(loaded.ported.variables) == {'params', 'batch_stats'}
  jax.tree.map(np.testing.assert_array_equal, loaded.ported.variables, dict(ported.variables))


def test_every_flipped_byte_is_noticed(tmp_path):
  path = tmp_path / 'tiny.safetensors'
  variable_files.save(path, TRUNK, *ORIGIN)
  whole = path.read_bytes()
  header = 8 + int.from_bytes(whole[:8], 'little')
  for position in {*range(header, len(whole), 101), len(whole) - 1}:
    changed = bytearray(whole)
    changed[position] ^= 0x40
    path.write_bytes(changed)
    with pytest.raises(InputError, match='its tensors are not|not finite'):
      _load(path)


@pytest.mark.parametrize(
  ('change', 'reason'),
  [
    ({'version': '0'}, 'another version'),
    ({'sha256': '00'}, 'its tensors are not'),
    ({'preprocess': '{"scale": 0, "mean": [120, 110, 100]}'}, 'above 0'),
  ],
)
def test_metadata_is_checked(tmp_path, change, reason):
  path = tmp_path / 'tiny.safetensors'
  variable_files.save(path, TRUNK, *ORIGIN)
  with safetensors.safe_open(path, 'numpy') as file:
    metadata = file.metadata()
  safetensors.numpy.save_file(variable_files.tensors(TRUNK), path, metadata | change)
  with pytest.raises(InputError, match=reason):
    _load(path)


def test_what_earlier_versions_wrote_beside_is_passed_over(tmp_path):
  path = tmp_path / 'tiny.safetensors'
  variable_files.save(path, TRUNK, *ORIGIN)
  with safetensors.safe_open(path, 'numpy') as file:
    metadata = file.metadata() | {'source_sha256': '00ff', 'preprocessing': 'own'}
  safetensors.numpy.save_file(variable_files.tensors(TRUNK), path, metadata)
  assert _load(path).sha256 == variable_files.digest(TRUNK)


def test_folder_that_cannot_be_written(tmp_path):
  (tmp_path / 'file').write_text('')
  with pytest.raises(InputError, match=r'cannot be written \(.*another folder'):
    variable_files.save(tmp_path / 'file' / 'tiny.safetensors', TRUNK, *ORIGIN)
