"""A made data set, for tests of the measuring loop."""

import csv
import dataclasses
import pathlib

import numpy as np

from saliency_jax.data.pipeline import Reading
from saliency_jax.data.types import Record, Regions, Source
from saliency_jax.errors import InputError
from saliency_jax.experiments.forward import Probe
from tests import tiny

WIDTHS = tiny.WIDTHS
TAPS = ('conv5_3', 'conv4_1')
IMAGE_SIZE = tiny.PREPROCESS.image_size
READING = Reading(batch_size=4)


def probe(**reading) -> Probe:
  """Returns two taps of the narrow VGG."""
  return Probe(tiny.vgg(), TAPS, dataclasses.replace(READING, **reading))


class Photographs(Source):
  """Images of noise of different sizes, each with 0 to 10 regions.

  Args:
    count: how many images.
    broken: positions that cannot be read.
  """

  def __init__(self, count: int, broken: tuple[int, ...] = ()):
    self.image_ids = tuple(f'{i:03d}' for i in range(count))
    self.reads: list[int] = []
    self._broken = broken

  def __getitem__(self, index: int) -> Record:
    self.reads.append(index)
    if index in self._broken:
      raise InputError(f'{index:03d}.jpg is truncated; fetch it again.')
    rng = np.random.default_rng([5, index])
    height, width = rng.integers(60, 130, size=2)
    regions = (0, 3, 10, 2, 5)[index % 5]
    masks = rng.random((regions, height, width)) < 0.3
    if regions == 3:
      masks[1] = False  # a region without a fixation
    return Record(
      self.image_ids[index],
      rng.integers(0, 256, (height, width, 3)).astype(np.uint8),
      rng.integers(0, (height, width), size=(30, 2)).astype(np.int32),
      Regions(
        np.arange(1, regions + 1, dtype=np.int32),
        ('food', 'text', 'other')[:regions] + ('plant',) * (regions - 3),
        masks,
      ),
    )


def listed(folder: pathlib.Path) -> list[dict[str, str]]:
  """Returns the rows of a results folder's images.csv."""
  with open(folder / 'images.csv', newline='') as file:
    return list(csv.DictReader(file))
