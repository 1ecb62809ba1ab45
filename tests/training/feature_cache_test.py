"""Cached features: the same numbers, and never those of something else."""

import pathlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from saliency_jax import runtime
from saliency_jax.errors import InputError
from saliency_jax.training import feature_cache, feed, journal, loop
from tests import tiny
from tests.training import made

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEY = {'weights': 'abc', 'image_size': 8}
SHAPES = {'map': jax.ShapeDtypeStruct((1, 2, 3, 4), np.float32), 'vector': jax.ShapeDtypeStruct((1, 3), np.float32)}


def opened(folder, **changes) -> feature_cache.Features:
  return feature_cache.Features(folder, KEY | changes, SHAPES)


def features(count):
  rng = np.random.default_rng(0)
  return {name: rng.normal(size=(count, *x.shape[1:])).astype(np.float32) for name, x in SHAPES.items()}


def test_features_take_four_bytes_a_number():
  assert feed.gigabytes(SHAPES, 1000) == pytest.approx(1000 * 4 * (24 + 3) / 1e9)


def test_features_come_back_and_unknown_pixels_do_not(tmp_path):
  images = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), np.uint8)
  digests = feature_cache.pixels_digest(images)
  index, written = np.array([4, 0, 2]), features(3)
  with opened(tmp_path) as kept:
    assert not kept.has(index, digests)
    kept.put(index, digests, written)
  again = opened(tmp_path)
  assert again.has(index, digests)
  jax.tree.map(np.testing.assert_array_equal, again.get(index), written)
  assert not opened(tmp_path, weights='abd').has(index, digests)
  half = jax.tree.map(lambda x: jnp.asarray(x, jnp.bfloat16), written)
  with opened(tmp_path, dtype='bfloat16') as rounded:
    rounded.put(index, digests, half)
  jax.tree.map(np.testing.assert_array_equal, opened(tmp_path, dtype='bfloat16').get(index), half)
  images[1, 0, 0, 0] ^= 1
  changed = feature_cache.pixels_digest(images)
  assert not again.has(index, changed)
  assert again.has(index[[0, 2]], [changed[0], changed[2]])
  assert not again.has(np.array([1]), digests[:1])


def test_a_changed_byte_is_noticed(tmp_path):
  every, digests = np.arange(5), list('abcde')
  with opened(tmp_path) as kept:
    kept.put(every, digests, features(5))
  (path,) = tmp_path.glob('*/*.part')
  content = bytearray(path.read_bytes())
  content[-7] ^= 1
  path.write_bytes(content)
  with opened(tmp_path) as again:
    assert not again.has(every[:1], digests[:1])
    again.put(every, digests, features(5))
  jax.tree.map(np.testing.assert_array_equal, opened(tmp_path).get(every), features(5))


def test_the_key_holds_what_the_maps_follow_from(monkeypatch):
  def key(depth=2, layer='conv3_1', by=0.0, images='x', **changes):
    network = tiny.vgg()
    params = dict(network.variables['params'])
    params[layer] = {name: x + by for name, x in params[layer].items()}
    dtype = changes.pop('dtype', 'float32')
    return feature_cache.key(
      network.replace(variables={'params': params}, dtype=dtype, preprocess=network.preprocess._replace(**changes)),
      depth,
      images,
    )

  assert key(by=1.0) != key()
  assert key(mean=(1.0, 2.0, 3.0)) != key()
  assert key(depth=1) != key()
  assert key(image_size=9) != key()
  assert key(bgr=True) != key()
  assert key(resize='bicubic') != key()
  assert key(dtype='bfloat16') != key()
  assert key(images='y') != key()
  # What is trained has no part in the maps.
  assert key(layer='conv5_3', by=1.0) == key()
  # The same variables in code that has changed.
  network = tiny.nested()
  changed = network.replace(run=lambda *arguments: jax.tree.map(lambda x: 2 * x, network.run(*arguments)))
  assert (
    feature_cache.key(changed, 0, 'x') != feature_cache.key(network, 0, 'x') == feature_cache.key(tiny.nested(), 0, 'x')
  )
  here = key()
  monkeypatch.setattr(jax, 'default_backend', lambda: 'gpu')
  assert key() != here


def run(workdir, config, devices=1):
  job = loop.sweep if 'sweep' in config else loop.train
  with tiny.devices(devices):
    job(config, made.DATA, str(workdir))
  return journal.read(workdir)


@pytest.mark.parametrize('kind', ['run', 'sweep'])
def test_cached_features_change_nothing(kind, tmp_path, monkeypatch):
  config = {'run': made.run, 'sweep': made.sweep}[kind]()
  config.train.epochs = 2
  computed = run(tmp_path / 'computed', config)
  config.data.features_dir = str(tmp_path / 'features')
  cached = run(tmp_path / 'cached', config)

  def forbidden(self, *_):
    raise AssertionError('The frozen layers are computed again.')

  # The second run finds everything.
  monkeypatch.setattr(feature_cache.Features, 'put', forbidden)
  monkeypatch.setattr(feed.Computed, 'batches', forbidden)
  again = run(tmp_path / 'again', config)
  assert cached == again
  for one, other in zip(computed, cached, strict=True):
    for name, score in one['nss'].items():
      np.testing.assert_allclose(other['nss'][name], score, atol=1e-6)


def test_features_on_the_devices_are_those_on_disk(tmp_path, monkeypatch):
  config, devices = made.sweep(), 4
  config.data.features_dir = str(tmp_path / 'features')
  on_disk = run(tmp_path / 'on_disk', config, devices)
  monkeypatch.setattr(runtime, 'free_bytes', lambda mesh: 1 << 30)
  reads, get = [], feature_cache.Features.get
  monkeypatch.setattr(feature_cache.Features, 'get', lambda self, index: reads.append(len(index)) or get(self, index))
  assert run(tmp_path / 'resident', config, devices) == on_disk
  # Of every depth, once.
  depths = len(config.sweep.depths)
  assert sorted(reads) == sorted([len(made.DATA.train), len(made.DATA.validation)] * depths)


def test_a_device_that_does_not_tell_its_memory_holds_no_features():
  assert runtime.free_bytes(runtime.data_mesh(jax.devices()[:2])) == 0


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
  (tmp_path / 'file').write_text('')
  config = made.run()
  config.data.features_dir = str(tmp_path / 'file')
  with pytest.raises(InputError, match='features_dir'):
    run(tmp_path / 'run', config)
