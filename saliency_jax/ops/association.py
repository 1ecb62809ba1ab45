"""The kernel: the mean of every unit's standardised map over sets of pixels.

    score(X, P) = ( mean over P of U - mean(U) ) / std(U),     U = A X B^T

with the population standard deviation. Depending on the sets, this is region
association (He et al. 2019, Eq. 1: the fixations inside a region), NSS (Peters
et al. 2005: all fixations of an image), NMM (Eq. 4: the mask of a search
target) or output saliency (Eq. 2). The upsampled map U is never computed; see
`ops.resize`. On a GPU, `ops.association_pallas` scores bfloat16 maps instead.
"""

import jax
import jax.numpy as jnp

from saliency_jax.ops import association_pallas
from saliency_jax.ops.pixel_weights import CellWeights


def associate(maps: jax.Array, weights: CellWeights) -> jax.Array:
  """Returns the score of every unit on every set of pixels.

  Differentiable; the gradient at a constant map is 0.

  Args:
    maps: float `[..., h, w, C]`, the units' maps in cells. Computed in float32
      or wider, whatever their type.
    weights: `sets` `[..., R, h, w]`, `rows` `[..., 3, h]`, `columns`
      `[..., 3, w]` with the same leading shape.

  Returns:
    `[..., R, C]`. A constant map scores 0, and so does an empty set: mask it. A
    map with NaN or infinity scores NaN. On a GPU, a bfloat16 map is constant if
    its deviation is below 1e-15, and scores NaN above 1e19.

  Raises:
    ValueError: if the shapes do not fit.
  """
  _check(maps, weights)
  if association_pallas.fits(maps, weights):
    return _associate_half(maps, weights)
  return _associate(maps, weights)


@jax.custom_vjp
def _associate_half(maps: jax.Array, weights: CellWeights) -> jax.Array:
  """Returns the scores of bfloat16 maps, on a GPU by the Pallas kernel."""
  return jax.lax.platform_dependent(maps, weights, cuda=association_pallas.associate, default=_associate)


def _forward(maps, weights):
  return _associate_half(maps, weights), (maps, weights)


def _backward(residuals, cotangent):
  return jax.vjp(_associate, *residuals)[1](cotangent)


_associate_half.defvjp(_forward, _backward)


def _associate(maps: jax.Array, weights: CellWeights) -> jax.Array:
  """Returns the scores of maps that fit the weights, on any device."""
  maps = _normalised(maps)
  *batch, height, width, units = maps.shape
  cells = height * width
  average = _average(weights.rows, weights.columns)
  # The plain average is one more set, so that one matrix product gives all
  # means.
  sets = jnp.concatenate([average[..., None, :, :], weights.sets], axis=-3)
  means = jax.lax.dot_general(
    sets.reshape(*batch, -1, cells),
    maps.reshape(*batch, cells, units),
    (((len(batch) + 1,), (len(batch),)), (tuple(range(len(batch))), tuple(range(len(batch))))),
    precision=jax.lax.Precision.HIGHEST,
  )
  mean, set_means = means[..., :1, :], means[..., 1:, :]
  deviation, varies = _deviation(maps - mean[..., None, :], weights.rows, weights.columns)
  deviation, varies = deviation[..., None, :], varies[..., None, :]
  filled = jnp.any(weights.sets != 0, axis=(-2, -1))[..., None]
  return jnp.where(varies & filled, (set_means - mean) / deviation, 0)


def standardise(maps: jax.Array, rows: jax.Array, columns: jax.Array) -> jax.Array:
  """Returns maps `[..., h, w, C]` in cells whose upsampling is `(U - mean(U)) / std(U)`.

  Maps, rows and columns are those of `associate`. A constant map becomes 0, one
  with NaN or infinity NaN.

  Raises:
    ValueError: if the shapes do not fit.
  """
  _check_axes(maps, rows, columns)
  maps = _normalised(maps)
  mean = jnp.sum(_average(rows, columns)[..., None] * maps, axis=(-3, -2), keepdims=True)
  centred = maps - mean
  deviation, varies = _deviation(centred, rows, columns)
  return jnp.where(varies[..., None, None, :], centred / deviation[..., None, None, :], 0)


def _normalised(maps: jax.Array) -> jax.Array:
  """Returns the maps in float32 or wider, minus their first cell, and scaled.

  Neither step changes a score or a standardised map. Subtracting one of its own
  cells makes a constant map, and thus its variance, exactly 0, and keeps a
  large offset from swallowing a small signal. Scaling keeps squares within
  float32: NSS does not fix a map's scale, so a sigmoid trained on it alone
  drifts to 1e-20. A power of 2 rounds nothing.
  """
  maps = maps.astype(jnp.promote_types(maps.dtype, jnp.float32))
  maps = maps - maps[..., :1, :1, :]
  largest = jax.lax.stop_gradient(jnp.max(jnp.abs(maps), axis=(-3, -2), keepdims=True))
  _, exponent = jnp.frexp(jnp.where(jnp.isfinite(largest), largest, 1))
  return maps * jnp.ldexp(jnp.ones_like(largest), -jnp.clip(exponent, -125, 125))


def _average(rows: jax.Array, columns: jax.Array) -> jax.Array:
  """Returns the weight of each cell in the upsampled map's mean."""
  return rows[..., 0, :, None] * columns[..., 0, None, :]


def _deviation(centred: jax.Array, rows: jax.Array, columns: jax.Array) -> tuple[jax.Array, jax.Array]:
  """Returns the upsampled maps' deviation and whether it is not 0, `[..., C]`.

  The deviation is given as 1 where it is 0, and as NaN where it is not finite.
  """
  variance = jnp.sum(jnp.square(_along(_along(centred, columns, -2), rows, -3)), axis=(-3, -2))
  # Not `variance > 0`: a map with NaN must not pass for a constant one.
  varies = variance != 0
  # Two `where`s: the gradient of the root at 0 is infinite, and would reach the
  # result as NaN even through the branch not taken.
  deviation = jnp.sqrt(jnp.where(varies, variance, 1))
  return jnp.where(jnp.isfinite(deviation), deviation, jnp.nan), varies


def _along(x: jax.Array, moments: jax.Array, axis: int) -> jax.Array:
  """Applies L^T along an axis of cells: each cell plus its share of the next one."""
  others = sorted({-3, -2, -1} - {axis})
  diagonal, next_one = (jnp.expand_dims(moments[..., i, :], others) for i in (1, 2))
  # The last cell's share is 0, so what `roll` wraps around does not count.
  return diagonal * x + next_one * jnp.roll(x, -1, axis)


def _check(maps: jax.Array, weights: CellWeights) -> None:
  _check_axes(maps, weights.rows, weights.columns)
  if (
    weights.sets.ndim != maps.ndim
    or weights.sets.shape[:-3] != maps.shape[:-3]
    or weights.sets.shape[-2:] != maps.shape[-3:-1]
  ):
    raise ValueError(f'Maps {maps.shape} do not fit the sets {weights.sets.shape}.')


def _check_axes(maps: jax.Array, rows: jax.Array, columns: jax.Array) -> None:
  if maps.ndim < 3:
    raise ValueError(f'Maps are [..., h, w, C]; these are {maps.shape}.')
  *batch, height, width, _ = maps.shape
  if rows.shape != (*batch, 3, height) or columns.shape != (*batch, 3, width):
    raise ValueError(f'Maps {maps.shape} do not fit the weights: rows {rows.shape}, columns {columns.shape}.')
