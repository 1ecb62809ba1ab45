"""Inner saliency: what a network's own units make of the categories.

He et al. 2019, Section 6 (Figure 7): the mean NSS of the ten best units of the
top layer for a category, as in Table 2 and 3.
"""

import pathlib
from typing import NamedTuple

import numpy as np

from saliency_jax.data.pixel_sets import Chooser
from saliency_jax.data.types import Source
from saliency_jax.experiments import measurement
from saliency_jax.experiments.forward import Settings
from saliency_jax.experiments.partial import Partial
from saliency_jax.networks import registry, vgg
from saliency_jax.networks.weights.known_weights import Weights

LAYER = vgg.CONVOLUTIONS[-1]
TOP = 10  # units that are averaged, as in the paper


class UnitScores(NamedTuple):
  """What the units of the top layer score on T regions with fixations."""
  scores: np.ndarray  # float32 `[T, C]`, standard deviations
  images: np.ndarray  # str `[T]`
  ids: np.ndarray  # int `[T]`, the annotation's own numbers


def unit_scores(
    source: Source, weights: Weights, choose: Chooser, *, settings: Settings,
    dtype: str, folder: pathlib.Path, job: dict, title: str,
    widths: vgg.Mapping[str, int] = vgg.WIDTHS
) -> UnitScores:
  """Measures the units of the top layer on every region.

  Args:
    source: photographs with regions.
    weights: the network's.
    choose: the fixations of regions that count, of `datasets.sets`.
    settings: how photographs are read.
    dtype: the type of the arithmetic, 'float32' or 'bfloat16'.
    folder: where what is measured is kept until the job ends.
    job: all that the numbers depend on, as JSON values; see `Partial`.
    title: what the progress bar says.
    widths: units of every convolution; tests use fewer.

  Raises:
    InputError: if an image cannot be read and is not to be skipped.
  """
  network = registry.build(
      'vgg16', layers=(LAYER,), mean=weights.mean, dtype=dtype, widths=widths)
  rows = measurement.measure(
      source, choose, network=network, params=weights.params,
      settings=settings, partial=Partial(folder, job), title=title).rows
  fixated = rows.counts > 0
  return UnitScores(
      rows.scores[LAYER][fixated],
      np.array(source.image_ids)[rows.index[fixated]], rows.ids[fixated])
