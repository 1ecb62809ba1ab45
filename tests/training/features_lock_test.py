"""Two that make the same folder of features at the same moment."""

import threading

import numpy as np

from saliency_jax import files
from saliency_jax.training import feature_cache

KEY, SHAPE = {'weights': 'abc'}, (5, 2, 3, 4)
EVERY = np.arange(5)


def digests(seed: int) -> np.ndarray:
  return np.random.default_rng(seed).integers(1, 256, (5, 16), np.uint8)


class Beside(threading.Thread):
  """Does something as another process would, from the start to the end.

  `blocks_or_ends` is set when it asks for a lock, or has ended without one.
  """

  def __init__(self, monkeypatch, do):
    super().__init__(daemon=True)
    self._do, self.result, self.blocks_or_ends = do, None, threading.Event()
    flock = files.fcntl.flock

    def told(handle, how):
      if threading.current_thread() is self:
        self.blocks_or_ends.set()
      flock(handle, how)

    monkeypatch.setattr(files.fcntl, 'flock', told)

  def run(self):
    self.result = self._do()
    self.blocks_or_ends.set()

  def begin(self):
    self.start()
    assert self.blocks_or_ends.wait(60)

  def end(self):
    self.join(60)
    assert not self.is_alive()
    return self.result


def test_what_another_makes_meanwhile_is_the_same_array(tmp_path, monkeypatch):
  made = feature_cache._made
  beside = Beside(
      monkeypatch, lambda: feature_cache.Features(tmp_path, KEY, SHAPE))

  def slowly(path, *arguments):
    # This one has found no maps; now comes the other one.
    if (threading.current_thread() is not beside and not beside.ident
        and path.name == 'maps.npy'):
      beside.begin()
    return made(path, *arguments)

  monkeypatch.setattr(feature_cache, '_made', slowly)
  one = feature_cache.Features(tmp_path, KEY, SHAPE)
  other = beside.end()
  one.put(EVERY[:3], digests(0)[:3], np.ones((3, *SHAPE[1:])))
  other.put(EVERY[3:], digests(0)[3:], np.full((2, *SHAPE[1:]), 2))
  for kept in (one, other, feature_cache.Features(tmp_path, KEY, SHAPE)):
    assert kept.has(EVERY, digests(0))
    assert kept.get(EVERY)[:, 0, 0, 0].tolist() == [1, 1, 1, 2, 2]


def test_marks_vouch_for_the_maps_of_who_made_them(tmp_path, monkeypatch):
  one, other = (feature_cache.Features(tmp_path, KEY, SHAPE) for _ in range(2))
  beside = Beside(monkeypatch, lambda: other.put(
      EVERY, digests(2), np.full(SHAPE, 2)))

  class Maps(np.ndarray):
    """Written just before the other one writes its own."""

    def flush(self):
      beside.begin()

  one._maps = one._maps.view(Maps)
  one.put(EVERY, digests(1), np.ones(SHAPE))
  beside.end()
  found = feature_cache.Features(tmp_path, KEY, SHAPE)
  value = found.get(EVERY)
  assert [found.has(EVERY, digests(seed)) for seed in (1, 2)] == [
      (value == seed).all() for seed in (1, 2)]

