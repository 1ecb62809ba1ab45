"""Memory and cost of dissecting many images, each count in its own process.

  python -m benchmarks.many_images 1000 10000 [100000]

Images are made, of 32 x 32 pixels with three regions; the network has two
layers of 32 and 64 units. So what is timed is everything but the network.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

import saliency_jax as sj
from benchmarks import memory
from saliency_jax.data.types import Record, Regions, Source

_SIDE = 32
_REGIONS = ('food', 'text', 'other')


class Images(Source):
  """Noise with three labelled bands; 15 fixations on each image."""

  gives = frozenset(('fixations', 'regions'))

  def __init__(self, count: int):
    self.image_ids = tuple(f'{i:06d}' for i in range(count))
    self._masks = np.zeros((len(_REGIONS), _SIDE, _SIDE), bool)
    for band in range(len(_REGIONS)):
      self._masks[band, 10 * band : 10 * band + 10] = True

  def __getitem__(self, index: int) -> Record:
    rng = np.random.default_rng([7, index])
    return Record(
      self.image_ids[index],
      rng.integers(0, 256, (_SIDE, _SIDE, 3), np.uint8),
      rng.integers(0, _SIDE, (15, 2), np.int32),
      Regions(np.arange(1, 4, dtype=np.int32), _REGIONS, self._masks),
    )


class Layers(nn.Module):
  """Two convolutions."""

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    for units in (32, 64):
      x = nn.relu(nn.Conv(units, (3, 3), strides=2)(x))
    return x


def _network() -> sj.Network:
  module = Layers()
  variables = module.init(jax.random.key(0), jnp.zeros((1, _SIDE, _SIDE, 3)))
  return sj.from_linen(module, variables, preprocess=sj.Preprocess(image_size=_SIDE))


def _main(count: int) -> None:
  network, source = _network(), Images(count)
  with tempfile.TemporaryDirectory() as folder:
    found = {'images': count}
    for name, job in (
      ('dissection', lambda: sj.dissect(network, source, folder, {'data.batch_size': 64, 'report.images': 20})),
      ('pages', lambda: sj.make_report(folder)),
    ):
      start, cpu = time.perf_counter(), time.process_time()
      summary = job()
      if name == 'dissection':  # the rest joins what was measured, and tables
        found['measuring: ms an image'] = 1e3 * summary['seconds']['wall'] / count
      found |= {
        f'{name}: ms an image': 1e3 * (time.perf_counter() - start) / count,
        f'{name}: of a core': 1e3 * (time.process_time() - cpu) / count,
        f'{name}: GB': memory.peak() / 1e9,
      }
    found['scores: GB'] = (
      sum(
        os.path.getsize(os.path.join(folder, 'association', name))
        for name in os.listdir(os.path.join(folder, 'association'))
      )
      / 1e9
    )
  print(json.dumps(found))


if __name__ == '__main__':
  if len(sys.argv) == 2:
    _main(int(sys.argv[1]))
  else:
    for each in sys.argv[1:]:
      subprocess.run([sys.executable, '-m', 'benchmarks.many_images', each], check=True)
