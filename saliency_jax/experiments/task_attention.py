"""Table 8's measurements: where trunks respond, and which scenes they name.

He et al. 2019, Section 8: a trunk's attention is the mean of its units' maps,
scored by NSS at all fixations of an image. Beside it stand the centre prior,
and people: the mean over observers of the NSS of all the others' blurred
fixations at theirs.
"""

from collections.abc import Mapping, Sequence

import jax
import numpy as np
import pandas as pd

from saliency_jax import progress
from saliency_jax.data import pixel_sets
from saliency_jax.data.pipeline import Reading
from saliency_jax.data.types import Source
from saliency_jax.experiments import predictors, scoring
from saliency_jax.experiments.forward import Forward, Probe
from saliency_jax.experiments.task_runs import TrainedSeed
from saliency_jax.networks import variants
from saliency_jax.networks.network import Network
from saliency_jax.ops import association

_associate = jax.jit(association.associate)


def measure(network: Network, trained: Sequence[TrainedSeed], parts: Mapping[str, Source], config) -> pd.DataFrame:
  """Measures trunks on every image.

  Args:
    parts: the images, by part of the data.
    config: `configs/tasks.py`; `data`, `analysis.fixations` are read.

  Returns:
    For every image that could be read: image_id and part; the NSS of each trunk
    by its name, of 'centre' and of 'observers', NaN without fixations; and the
    scene that each trunk with a head names, by `variants.outputs_of` it.

  Raises:
    InputError: an image cannot be read.
  """
  heads = {variants.outputs_of(x.name): np.array(x.outputs) for x in trained if x.outputs}
  names = [*(x.name for x in trained), predictors.CENTRE, predictors.OBSERVERS]
  run = Forward(Probe(network, (variants.MEANS, *heads), Reading.of(config.data)))
  choose = pixel_sets.counted(config.analysis.fixations, in_regions=False)
  found = []
  for part, source in parts.items():
    with progress.bar(total=len(source), unit='image', title=f'Attention, {part}') as bar:
      for batch, pixels, weights in run.inputs(source, range(len(source)), choose=choose):
        maps = run.maps(pixels)
        scores = np.asarray(_associate(maps[variants.MEANS], weights[variants.MEANS]))[:, 0]
        named = {tap: scenes[np.asarray(maps[tap], 'f').argmax(axis=1)] for tap, scenes in heads.items()}
        rows = np.flatnonzero((batch.index >= 0) & (batch.problems == ''))
        for row in rows:
          index = int(batch.index[row])
          nss = (*scores[row], *_baselines(source, config, index)) if batch.counts[row, 0] else [np.nan] * len(names)
          of_image = {'image_id': source.image_ids[index], 'part': part, **dict(zip(names, nss, strict=True))}
          found.append(of_image | {tap: scenes[row] for tap, scenes in named.items()})
        bar.update(len(rows))
  return pd.DataFrame(found)


def _baselines(source: Source, config, index: int) -> tuple[float, float]:
  """Returns the NSS of the centre prior and of people on an image."""
  (points, subjects, *_), size = source.scanpaths(index), source.size(index)
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
