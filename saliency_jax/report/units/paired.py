"""How sure the differences between two runs are."""

from typing import NamedTuple

import numpy as np

from saliency_jax.ops import inference
from saliency_jax.report.units.run import Run


class Differences(NamedTuple):
  """A run less another; `[L, C]` each, standard deviations."""
  change: np.ndarray
  low: np.ndarray  # of the 95 % interval, over images and chosen units
  high: np.ndarray
  p: np.ndarray  # corrected for all cells (Holm)
  paired: bool  # both are of the same images


def differences(run: Run, other: Run) -> Differences | None:
  """Returns the differences of the means of the best units.

  In every sample both runs have the same images, where they are of the same,
  and choose their units anew.

  Args:
    run: what was measured.
    other: in the same order, see `run.beside`.

  Returns:
    None where a folder has no samples.
  """
  if run.samples is None or other.samples is None or (
      run.samples.shape != other.samples.shape):
    return None
  paired = same_rows(run, other)
  # Of other images: samples in another order are independent.
  gaps = run.samples - (
      other.samples if paired else other.samples[:, ::-1])
  change = run.values('mean') - other.values('mean')
  cells = [*np.ndindex(change.shape)]
  ends = np.array([inference.around(change[i, j], gaps[i, :, j])
                   for i, j in cells]).reshape(*change.shape, 2)
  p = inference.holm([
      inference.p_value(change[i, j], gaps[i, :, j]) for i, j in cells])
  return Differences(
      change, ends[..., 0], ends[..., 1], p.reshape(change.shape), paired)


def same_rows(run: Run, other: Run) -> bool:
  """Tells whether two runs measured the same rows."""
  keys = [x for x in ('image_id', 'region_id', 'group') if x in run.rows]
  return run.rows[keys].equals(other.rows[keys]) and all(
      np.array_equal(np.isnan(run.scores[layer]).any(axis=1),
                     np.isnan(other.scores[layer]).any(axis=1))
      for layer in run.layers)
