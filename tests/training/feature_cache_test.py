"""Cached features: the same numbers, and never those of something else."""

import errno
import os

import jax
import numpy as np
import pytest

from saliency_jax.errors import InputError
from saliency_jax.training import feature_cache, feed, journal, loop
from tests import tiny
from tests.training import made

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
  assert not feature_cache.Features(
      tmp_path, KEY | {'weights': 'abd'}, SHAPE).has(every, digests)
  (damaged,) = [path for path in tmp_path.glob('*/pixels.npy')
                if np.load(path).any()]
  damaged.write_bytes(damaged.read_bytes()[:100])
  assert not feature_cache.Features(tmp_path, KEY, SHAPE).has(every, digests)


@pytest.mark.parametrize('size', [None, 0, 20, -96, 96])
def test_maps_that_are_not_whole_are_not_vouched_for(size, tmp_path):
  digests = np.random.default_rng(0).integers(1, 256, (5, 16), np.uint8)
  every = np.arange(5)
  feature_cache.Features(tmp_path, KEY, SHAPE).put(
      every, digests, np.ones(SHAPE))
  (path,) = tmp_path.glob('*/maps.npy')
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
  def key(depth=2, layer='conv3_1', by=0., images='x', **changes):
    network = tiny.vgg()
    params = dict(network.variables['params'])
    params[layer] = {name: x + by for name, x in params[layer].items()}
    dtype = changes.pop('dtype', 'float32')
    return feature_cache.key(network.replace(
        variables={'params': params}, dtype=dtype,
        preprocess=network.preprocess._replace(**changes)), depth, images)

  assert key(by=1.) != key()
  assert key(mean=(1., 2., 3.)) != key()
  assert key(depth=1) != key()
  assert key(image_size=9) != key()
  assert key(bgr=True) != key()
  assert key(resize='bicubic') != key()
  assert key(dtype='bfloat16') != key()
  assert key(images='y') != key()
  # What is trained has no part in the maps.
  assert key(layer='conv5_3', by=1.) == key()
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


def allocates(monkeypatch, error: int, left: int = 0) -> None:
  """Lets the file system set no room aside, but for the first files."""
  def fails(handle, start, size):
    nonlocal left
    assert (start, size) == (0, os.fstat(handle).st_size)
    left -= 1
    if left < 0:
      raise OSError(error, os.strerror(error))

  monkeypatch.setattr(os, 'posix_fallocate', fails, raising=False)


@pytest.mark.parametrize('left', [0, 1])
def test_maps_for_which_there_is_no_room_are_not_begun(
    left, tmp_path, monkeypatch):
  with monkeypatch.context() as full:
    allocates(full, errno.ENOSPC, left)
    with pytest.raises(InputError, match=(
        f'{tmp_path}.*No space left.*another --config.data.features_dir')):
      feature_cache.Features(tmp_path, KEY, SHAPE)
  # Neither of the arrays for which there was none.
  assert len([*tmp_path.rglob('*.npy')]) == left
  assert not feature_cache.Features(tmp_path, KEY, SHAPE).has(
      np.arange(5), np.ones((5, 16), np.uint8))
  # One that a copy has left with holes.
  allocates(monkeypatch, errno.ENOSPC)
  with pytest.raises(InputError, match='No space left'):
    feature_cache.Features(tmp_path, KEY, SHAPE)


@pytest.mark.parametrize('lacks', ['system', 'file system'])
def test_where_no_room_can_be_set_aside_maps_are_kept(
    lacks, tmp_path, monkeypatch):
  if lacks == 'system':
    monkeypatch.delattr(os, 'posix_fallocate', raising=False)
  else:
    allocates(monkeypatch, errno.EOPNOTSUPP)
  digests = np.ones((5, 16), np.uint8)
  feature_cache.Features(tmp_path, KEY, SHAPE).put(
      np.arange(5), digests, np.ones(SHAPE))
  assert feature_cache.Features(tmp_path, KEY, SHAPE).has(np.arange(5), digests)


def test_maps_that_cannot_be_flushed_are_told_of(tmp_path, monkeypatch):
  kept = feature_cache.Features(tmp_path, KEY, SHAPE)

  class Maps(np.ndarray):

    def flush(self):
      raise OSError(errno.EIO, 'Input/output error')

  kept._maps = kept._maps.view(Maps)
  digests = np.ones((5, 16), np.uint8)
  with pytest.raises(InputError, match=r'Input/output.*features_dir'):
    kept.put(np.arange(5), digests, np.ones(SHAPE))
  assert not kept.has(np.arange(5), digests)
