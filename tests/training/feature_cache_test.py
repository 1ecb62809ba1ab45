"""Cached features: the same numbers, and never those of something else."""

import pathlib
import subprocess
import sys
import threading

import jax
import numpy as np
import pytest

from saliency_jax.errors import InputError
from saliency_jax.training import feature_cache, feed, journal, loop
from tests import tiny
from tests.training import made

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEY = {'weights': 'abc', 'image_size': 8}
SHAPE = (5, 2, 3, 4)


def maps(rng, count):
  return rng.normal(size=(count, *SHAPE[1:])).astype(np.float32)


def test_maps_come_back_and_unknown_pixels_do_not(tmp_path):
  rng = np.random.default_rng(0)
  images = rng.integers(0, 256, (3, 8, 8, 3), np.uint8)
  digests = feature_cache.pixels_digest(images)
  index, written = np.array([4, 0, 2]), maps(rng, 3)
  kept = feature_cache.Features(tmp_path, KEY, SHAPE)
  assert not kept.has(index, digests)
  kept.put(index, digests, written)
  again = feature_cache.Features(tmp_path, KEY, SHAPE)
  assert again.has(index, digests)
  np.testing.assert_array_equal(again.get(index), written)
  images[1, 0, 0, 0] ^= 1
  changed = feature_cache.pixels_digest(images)
  assert not again.has(index, changed)
  assert again.has(index[[0, 2]], changed[[0, 2]])
  assert not again.has(np.array([1]), digests[:1])


def test_another_key_or_a_damaged_file_has_nothing(tmp_path):
  rng = np.random.default_rng(0)
  digests = rng.integers(0, 256, (5, 16), np.uint8)
  every = np.arange(5)
  feature_cache.Features(tmp_path, KEY, SHAPE).put(every, digests, maps(rng, 5))
  assert feature_cache.Features(tmp_path, KEY, SHAPE).has(every, digests)
  assert not feature_cache.Features(tmp_path, KEY | {'weights': 'abd'}, SHAPE).has(every, digests)
  (damaged,) = [path for path in tmp_path.glob('*/records') if any(path.read_bytes())]
  damaged.write_bytes(damaged.read_bytes()[:99])
  assert not feature_cache.Features(tmp_path, KEY, SHAPE).has(every, digests)


@pytest.mark.parametrize('size', [None, 0, 20, -96, 96])
def test_maps_that_are_not_whole_are_not_vouched_for(size, tmp_path):
  digests = np.random.default_rng(0).integers(1, 256, (5, 16), np.uint8)
  every = np.arange(5)
  feature_cache.Features(tmp_path, KEY, SHAPE).put(every, digests, np.ones(SHAPE))
  (path,) = tmp_path.glob('*/records')
  content = path.read_bytes()
  path.unlink()
  if size == 96:  # too long
    path.write_bytes(content + bytes(size))
  elif size is not None:
    path.write_bytes(content[:size])
  kept = feature_cache.Features(tmp_path, KEY, SHAPE)
  for row in every:
    assert not kept.has(every[[row]], digests[[row]])
  kept.put(every, digests, np.ones(SHAPE))
  again = feature_cache.Features(tmp_path, KEY, SHAPE)
  assert again.has(every, digests)
  np.testing.assert_array_equal(again.get(every), 1)


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
  job(config, made.DATA, str(workdir), devices=jax.devices()[:devices])
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


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
  (tmp_path / 'file').write_text('')
  config = made.run()
  config.data.features_dir = str(tmp_path / 'file')
  with pytest.raises(InputError, match='features_dir'):
    run(tmp_path / 'run', config)


@pytest.mark.parametrize('place', [7, 17, 30])  # of the pixels' hash, of the checksum, of the features
def test_a_changed_byte_is_noticed(place, tmp_path):
  digests = np.random.default_rng(0).integers(1, 256, (5, 16), np.uint8)
  every = np.arange(5)
  features = feature_cache.Features(tmp_path, KEY, SHAPE)
  features.put(every, digests, np.ones(SHAPE))
  (path,) = tmp_path.glob('*/records')
  content = bytearray(path.read_bytes())
  content[place] ^= 1
  path.write_bytes(content)
  again = feature_cache.Features(tmp_path, KEY, SHAPE)
  assert not again.has(every[:1], digests[:1])
  assert again.has(every[1:], digests[1:])


def test_a_full_disk_is_said(tmp_path):
  code = (
    'import resource, sys, numpy as np\n'
    'from saliency_jax.training import feature_cache\n'
    f'features = feature_cache.Features({str(tmp_path)!r}, {{}}, (5, 9999))\n'
    'resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n'
    'features.put(np.arange(5), np.ones((5, 16)), np.ones((5, 9999)))'
  )
  result = subprocess.run([sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True, check=False)
  assert 'cannot be written to (File too large); make room' in result.stderr


def test_who_fills_the_same_files_waits_for_the_other(tmp_path):
  one, other = (feature_cache.Features(tmp_path, KEY, SHAPE) for _ in range(2))
  order = []

  def fill():
    with other.filling():
      order.append('other')

  beside = threading.Thread(target=fill)
  with one.filling():
    beside.start()
    beside.join(0.3)
    order.append('one')
  beside.join(60)
  assert order == ['one', 'other']
