"""The kernel: the mean of every unit's standardised map over sets of pixels.

    score(X, P) = ( mean over P of U - mean(U) ) / std(U),     U = A X B^T

with the population standard deviation. Depending on where the sets come from
this is region association (He et al. 2019, Eq. 1: fixations inside a region),
NSS (Peters et al. 2005: all fixations of an image), NMM (Eq. 4: the mask of a
search target) or output saliency (Eq. 2). U is never made; see `ops.resize`.
"""

import jax
import jax.numpy as jnp

from saliency_jax.ops.cells import CellWeights


def associate(maps: jax.Array, weights: CellWeights) -> jax.Array:
  """Returns the score of every unit on every set of pixels.

  Differentiable; the gradient at a constant map is 0.

  Args:
    maps: float `[..., h, w, C]`, the units' maps in cells. Computed in float32
      at least, whatever their type.
    weights: `sets` `[..., R, h, w]`, `rows` `[..., 3, h]`, `columns`
      `[..., 3, w]` with the same leading shape.

  Returns:
    `[..., R, C]`. A constant map scores 0 (one whose deviation is below 1e-19,
    the least whose square is a float32), and so does an empty set: mask it. A
    map with NaN or infinity, or a deviation above 1e19, scores NaN.

  Raises:
    ValueError: if the shapes do not fit.
  """
  _check(maps, weights)
  maps = maps.astype(jnp.promote_types(maps.dtype, jnp.float32))
  *batch, height, width, units = maps.shape
  cells = height * width
  # The score does not change when a constant is taken from a map. Taking a cell
  # of its own makes a constant map exactly 0, so that its variance is too, and
  # keeps a large offset from swallowing a small signal.
  maps = maps - maps[..., :1, :1, :]
  average = (
      weights.rows[..., 0, :, None] * weights.columns[..., 0, None, :])
  # The plain average rides along as one more set: a single matrix product.
  sets = jnp.concatenate([average[..., None, :, :], weights.sets], axis=-3)
  means = jax.lax.dot_general(
      sets.reshape(*batch, -1, cells), maps.reshape(*batch, cells, units),
      (((len(batch) + 1,), (len(batch),)),
       (tuple(range(len(batch))), tuple(range(len(batch))))),
      precision=jax.lax.Precision.HIGHEST)
  mean, set_means = means[..., :1, :], means[..., 1:, :]
  centred = maps - mean[..., None, :]
  variance = jnp.sum(
      jnp.square(_along_rows(_along_columns(centred, weights), weights)),
      axis=(-3, -2))[..., None, :]
  # Not `variance > 0`: NaN must stay NaN and not pass for a constant map.
  varies = variance != 0
  # Twice `where`: the root's gradient at 0 is infinite, and would reach the
  # result as NaN through a branch that is not taken.
  deviation = jnp.sqrt(jnp.where(varies, variance, 1))
  deviation = jnp.where(jnp.isfinite(deviation), deviation, jnp.nan)
  filled = jnp.any(weights.sets != 0, axis=(-2, -1))[..., None]
  return jnp.where(varies & filled, (set_means - mean) / deviation, 0)


def _along_rows(x: jax.Array, weights: CellWeights) -> jax.Array:
  """Applies La^T: each row of cells plus its share of the next."""
  diagonal, next_one = (
      weights.rows[..., i, :, None, None] for i in (1, 2))
  # The last row's share is 0, so what rolls round to it does not count.
  return diagonal * x + next_one * jnp.roll(x, -1, axis=-3)


def _along_columns(x: jax.Array, weights: CellWeights) -> jax.Array:
  """Applies Lb^T: each column of cells plus its share of the next."""
  diagonal, next_one = (
      weights.columns[..., i, None, :, None] for i in (1, 2))
  return diagonal * x + next_one * jnp.roll(x, -1, axis=-2)


def _check(maps: jax.Array, weights: CellWeights) -> None:
  if maps.ndim < 3:
    raise ValueError(f'Maps are [..., h, w, C]; these are {maps.shape}.')
  *batch, height, width, _ = maps.shape
  batch = tuple(batch)
  if (weights.sets.ndim != len(batch) + 3
      or weights.sets.shape[:-3] != batch
      or weights.sets.shape[-2:] != (height, width)
      or weights.rows.shape != (*batch, 3, height)
      or weights.columns.shape != (*batch, 3, width)):
    raise ValueError(
        f'Maps {maps.shape} do not fit the weights: sets {weights.sets.shape}, '
        f'rows {weights.rows.shape}, columns {weights.columns.shape}.')
