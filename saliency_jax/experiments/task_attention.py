"""What Table 8 is made of: where trunks respond, and which scenes they tell.

He et al. 2019, Section 8: a trunk's attention is the mean of its units' maps,
scored by NSS at all fixations of an image. Beside it stand the centre prior,
and people: the mean over observers of how all the others' blurred fixations
score at theirs.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np

from saliency_jax import progress
from saliency_jax.data import pixel_sets
from saliency_jax.data.types import Source
from saliency_jax.experiments import predictors, scoring
from saliency_jax.experiments.forward import Forward, Probe, Settings
from saliency_jax.networks import variants
from saliency_jax.networks.network import Network
from saliency_jax.ops import association


class Attention(NamedTuple):
  """N images that could be read."""

  image_ids: np.ndarray  # str `[N]`
  parts: np.ndarray  # str `[N]`: 'train', 'validation' or 'test'
  nss: dict[str, np.ndarray]  # trunk, centre, people -> `[N]`; NaN where none
  outputs: dict[str, np.ndarray]  # trunk with a head -> float32 `[N, K]`


def measure(network: Network, names: Sequence[str], source: Source, part: str, config) -> Attention:
  """Measures versions of a network on every image.

  Args:
    network: see `variants.together`.
    names: of its versions.
    source: the images.
    part: of the data that they are.
    config: `configs/tasks.py`; `data`, `analysis.fixations` are read.

  Raises:
    InputError: an image cannot be read.
  """
  outputs = [x for x in names if variants.outputs_of(x) in network.taps]
  run = Forward(Probe(network, (variants.MEANS, *map(variants.outputs_of, outputs)), Settings.of(config.data)))
  nss = {name: np.full(len(source), np.nan) for name in (*names, predictors.CENTRE, predictors.OBSERVERS)}
  found = {
    name: np.zeros((len(source), network.shapes([tap])[tap][0]), 'f')
    for name, tap in ((x, variants.outputs_of(x)) for x in outputs)
  }
  read = np.zeros(len(source), bool)
  with progress.bar(total=len(source), unit='image', title=f'Attention, {part}') as bar:
    for step in run.steps(
      source, range(len(source)), choose=pixel_sets.counted(config.analysis.fixations, in_regions=False)
    ):
      maps = step.maps[variants.MEANS]
      scores = np.asarray(_associate(maps, step.weights[maps.shape[1:3]]))[:, 0]
      rows = np.flatnonzero((step.batch.index >= 0) & (step.batch.problems == ''))
      read[step.batch.index[rows]] = True
      for row in rows[step.batch.counts[rows, 0] > 0]:
        index = step.batch.index[row]
        for name, value in zip(nss, (*scores[row], *_beside(source, config, index)), strict=True):
          nss[name][index] = value
      for name, of in found.items():
        of[step.batch.index[rows]] = np.asarray(step.maps[variants.outputs_of(name)], np.float32)[rows]
      bar.update(len(rows))
  return Attention(
    np.array(source.image_ids)[read],
    np.full(read.sum(), part),
    {name: x[read] for name, x in nss.items()},
    {name: x[read] for name, x in found.items()},
  )


_associate = jax.jit(association.associate)


def joined(parts: Sequence[Attention]) -> Attention:
  """Returns what was measured on several data sets as if they were one."""
  ids, names, nss, outputs = zip(*parts, strict=True)
  return Attention(
    np.concatenate(ids),
    np.concatenate(names),
    *({name: np.concatenate([x[name] for x in of]) for name in of[0]} for of in (nss, outputs)),
  )


def _beside(source: Source, config, index: int) -> tuple[float, float]:
  """Returns the NSS of the centre prior and of people on an image."""
  if not hasattr(source, 'scanpaths'):
    record = source[index]
    points, subjects = record.fixations, np.zeros(len(record.fixations), int)
    size = record.image.shape[:2]
  else:
    found, size = source.scanpaths(index), source.size(index)
    points, subjects = found.points, found.subjects
  distinct = config.analysis.fixations == 'distinct'
  centre = _nss(predictors.centre(size), points, distinct)
  people = np.unique(subjects)
  if len(people) < 2 or not config.data.sigma:
    return centre, np.nan
  maps = [scoring.human_map(points[subjects == x], size, config.data.sigma) for x in people]
  whole = np.sum(maps, axis=0)
  return centre, float(
    np.mean([_nss(whole - own, points[subjects == x], distinct) for x, own in zip(people, maps, strict=True)])
  )


def _nss(saliency: np.ndarray, points: np.ndarray, distinct: bool) -> float:
  points = np.unique(points, axis=0) if distinct else points
  return float(
    (saliency[points[:, 0], points[:, 1]].mean(dtype=float) - saliency.mean(dtype=float)) / saliency.std(dtype=float)
  )
