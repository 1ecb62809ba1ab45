"""Saliency: a 1 x 1 readout trained on -NSS (He et al. 2019, Section 4.2)."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np

from saliency_jax.data.batch_rows import Batch
from saliency_jax.networks import heads
from saliency_jax.ops.association import associate
from saliency_jax.ops.pixel_weights import CellWeights
from saliency_jax.training.tasks import Task


def nss(output: jax.Array, weights: CellWeights) -> jax.Array:
  """Returns the NSS of every image's map, in cells: float32 `[B]`.

  It equals resizing the map bilinearly to the image, standardising it and
  averaging over the fixated pixels. The paper's min-max step in between has no
  effect, as NSS does not change with a map's offset or scale.

  Args:
    output: `[B, h, w, 1]`, the predicted saliency in cells.
    weights: one set per image, its fixations: `sets` `[B, 1, h, w]`.
  """
  return associate(output, weights)[:, 0, 0]


def describe(config, scenes: Mapping[str, str], trained_on: Sequence[str]) -> dict[str, Any]:
  """Returns the task's name, on which alone it depends."""
  del scenes, trained_on
  return {'name': config.name}


def make(described: Mapping[str, Any]) -> Task:
  """Returns the task; see `tasks.Task`."""
  return Task(
    'saliency',
    heads.READOUT,
    output=lambda params, maps, keys: heads.READOUT.apply(params, maps),
    targets=_targets,
    loss=lambda output, weights: -nss(output, weights),
    sums=lambda output, weights, valid: {'nss': (nss(output, weights) * valid).sum(), 'images': valid.sum()},
    metrics=lambda sums: {'nss': float(sums['nss'] / max(sums['images'], 1))},
    watched='nss',
    titles={'nss': 'NSS'},
    rate=3e-3,
    described=described,
  )


def _targets(batch: Batch, grid: tuple[int, int], image_ids: Sequence[str]) -> tuple[CellWeights, np.ndarray]:
  del image_ids
  weights = batch.weights[grid]
  # The pipeline pads the sets of an image; here each has one.
  return (weights._replace(sets=weights.sets[:, :1]), (batch.counts[:, 0] > 0).astype(np.float32))
