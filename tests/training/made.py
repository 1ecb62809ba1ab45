"""Photographs that can be learnt, and configs for a tiny network."""

import ml_collections
import numpy as np

from configs import sweep_depth as sweep_config
from configs import train as train_config
from saliency_jax.data.parts import Data
from saliency_jax.data.types import Record, Source, no_regions

NETWORK = 'tests.tiny:vgg'
IMAGE_SIZE = 48


class Photographs(Source):
  """Noise with a bright square, at which everybody looks.

  Args:
    count: how many images.
    first: the number of the first one; sets with different numbers differ.
    broken: a position that has no fixation.
  """

  def __init__(self, count: int, first: int = 0, broken: int = -1):
    self.image_ids = tuple(f'{first + i:03d}' for i in range(count))
    self._broken = broken

  def __getitem__(self, index: int) -> Record:
    rng = np.random.default_rng([6, int(self.image_ids[index])])
    height, width = rng.integers(60, 90, size=2)
    image = rng.integers(60, 120, (height, width, 3)).astype(np.uint8)
    y, x = rng.integers(5, (height - 25, width - 25))
    image[y : y + 20, x : x + 20] = 250
    points = rng.integers((y, x), (y + 20, x + 20), size=(12, 2))
    if index == self._broken:
      points = points[:0]
    return Record(self.image_ids[index], image, points.astype(np.int32), no_regions(height, width))


TRAIN = Photographs(10)
VALIDATION = Photographs(5, first=50)
DATA = Data(TRAIN, VALIDATION)


def run(depth: int | str = 2) -> ml_collections.ConfigDict:
  """Returns the config of a short run: 3 epochs of 3 steps."""
  config = _small(train_config.get_config())
  config.train.depth = depth
  config.train.trunk_rate = 0.003
  config.train.readout_rate = 0.02
  return config


def sweep(depths: tuple[int | str, ...] = (0, 2)) -> ml_collections.ConfigDict:
  """Returns the config of a short sweep, with the numbers of `run`."""
  config = _small(sweep_config.get_config())
  config.sweep.depths = depths
  config.sweep.trunk_rates = (0.003,)
  config.sweep.readout_rates = (0.02,)
  return config


def _small(config: ml_collections.ConfigDict) -> ml_collections.ConfigDict:
  config.network.name = NETWORK
  config.network.image_size = IMAGE_SIZE
  config.data.batch_size = 4
  config.data.features_limit = 0.0
  config.train.epochs = 3
  return config
