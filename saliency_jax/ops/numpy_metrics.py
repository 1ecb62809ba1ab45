"""Metrics of NumPy arrays of any size, one image at a time.

    nss(maps, points, size)     a float for a map [h, w], or [C] for C maps

These are the metrics of `ops.metrics`, `ops.auc` and `ops.distributions` and
the kernel of `ops.association`, for scripts and notebooks. Nothing has to be
compiled, padded or batched, and each result is a float or a NumPy array.

Conventions of all functions here:

- Maps are `[h, w]`, or `[h, w, C]` for C units or models at once, of any real
  type and any size. They are upsampled bilinearly to the image, as by PyTorch's
  `interpolate(align_corners=False)`. If the size is None it is the maps' own.
- Points are integers `[N, 2]`, pixels (y, x) of the image from 0 at the top
  left. `distinct` counts each fixated pixel once.
- Sizes are (H, W) in pixels. Arithmetic is float32, or float64 if JAX has it
  enabled.
- A map with a NaN and an image without fixations score NaN; a constant map
  scores chance.
- A `ValueError` is raised if shapes, types or options do not fit.
"""

import functools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from saliency_jax.ops import association, distributions, pixel_weights, resampling, resize
from saliency_jax.ops import auc as areas

Size = tuple[int, int]
Score = float | np.ndarray  # of a map `[h, w]`, or `[C]` of `[h, w, C]`


def associate(maps: ArrayLike, sets: Sequence[ArrayLike], size: Size | None = None) -> np.ndarray:
  """Returns the mean standardised value of maps over sets of pixels.

  If the sets are the fixations inside regions, this is the region association
  of He et al. 2019, Eq. 1. Nothing is upsampled; see `ops.association`.

  Args:
    maps: `[h, w]` or `[h, w, C]`.
    sets: R sets, each either points `[N, 2]`, which count as often as they are
      listed, or a mask bool `[H, W]`.
    size: (H, W) of the image.

  Returns:
    float32 `[R, C]`, or `[R]` for one map. A constant map scores 0, an empty
    set NaN.
  """
  size = _size(maps, size)
  maps, one = _maps(maps)
  sets = [_pixels(pixels) for pixels in sets]
  # A power of 2, so that few numbers of sets are compiled.
  padding = [np.zeros((0, 2), int)] * (_padded(len(sets)) - len(sets))
  weights = pixel_weights.cell_weights([*sets, *padding], size, maps.shape[1:])
  scores = np.array(_associate(jnp.moveaxis(maps, 0, -1), weights))
  scores = scores[: len(sets)]
  for score, pixels in zip(scores, sets, strict=True):
    if not (pixels.any() if pixels.dtype == bool else len(pixels)):
      score[...] = np.nan
  return scores[:, 0] if one else scores


def nss(maps: ArrayLike, points: ArrayLike, size: Size | None = None, *, distinct: bool = True) -> Score:
  """Normalised scanpath saliency; see `ops.metrics.nss`."""
  points = _points(points)
  if distinct and len(points):
    points = np.unique(points, axis=0)
  return _first(associate(maps, [points], size))


def nmm(maps: ArrayLike, mask: ArrayLike) -> Score:
  """The mean standardised value inside a mask bool `[H, W]`.

  With the mask of a search target this is He et al. 2019, Eq. 4.
  """
  mask = np.asarray(mask)
  return _first(associate(maps, [mask], mask.shape))


def auc_judd(
  maps: ArrayLike,
  points: ArrayLike,
  size: Size | None = None,
  *,
  distinct: bool = True,
  ties: str = 'together',
  seed: int | None = None,
) -> Score:
  """AUC-Judd; see `ops.auc.auc_judd`.

  With a seed, ties are broken at random, for each map independently.
  """
  return _of_points(areas.auc_judd, maps, points, size, distinct=distinct, ties=ties, seed=seed)


def auc(maps: ArrayLike, points: ArrayLike, size: Size | None = None, *, distinct: bool = True) -> Score:
  """The AUC against all pixels of the image; see `ops.auc.auc_uniform`."""
  return _of_points(areas.auc_uniform, maps, points, size, distinct=distinct)


def shuffled_auc(
  maps: ArrayLike, points: ArrayLike, negatives: ArrayLike, size: Size | None = None, *, distinct: bool = True
) -> Score:
  """The AUC against fixations on other images; see `ops.auc.auc_shuffled`.

  Args:
    negatives: integers `[M, 2]`, fixations on other images as pixels of this one.
  """
  size = _size(maps, size)
  points, valid = _valid(points, size)
  negatives, negatives_valid = _valid(negatives, size)
  return _mapped(areas.auc_shuffled, maps, size, points, negatives, valid, negatives_valid, distinct=distinct)


def cc(maps: ArrayLike, truth: ArrayLike) -> Score:
  """Pearson's correlation with the human map `[H, W]`.

  See `ops.distributions.cc`.
  """
  return _of_truth(distributions.cc, maps, truth)


def sim(maps: ArrayLike, truth: ArrayLike, *, min_max: bool = False) -> Score:
  """The intersection with the human map `[H, W]`, both as distributions.

  See `ops.distributions.sim`.
  """
  return _of_truth(distributions.sim, maps, truth, min_max=min_max)


def kl(maps: ArrayLike, truth: ArrayLike, *, minimum: float = 0.0, eps: float = distributions.MIT_EPS) -> Score:
  """The divergence of the human map `[H, W]` from the maps, in nats.

  See `ops.distributions.kl`.
  """
  return _of_truth(distributions.kl, maps, truth, minimum=minimum, eps=eps)


def information_gain(
  maps: ArrayLike,
  baseline: ArrayLike,
  points: ArrayLike,
  *,
  distinct: bool = True,
  min_max: bool = False,
  minimum: float = 0.0,
  eps: float = 0.0,
) -> Score:
  """Bits per fixation over a baseline `[H, W]`.

  See `ops.distributions.information_gain`.
  """
  baseline = _image(baseline)
  points, valid = _valid(points, baseline.shape)
  return _mapped(
    distributions.information_gain,
    maps,
    baseline.shape,
    baseline,
    points,
    valid,
    distinct=distinct,
    min_max=min_max,
    minimum=minimum,
    eps=eps,
  )


def _of_points(metric, maps, points, size, **options) -> Score:
  size = _size(maps, size)
  return _mapped(metric, maps, size, *_valid(points, size), **options)


def _of_truth(metric, maps, truth, **options) -> Score:
  truth = _image(truth)
  return _mapped(metric, maps, truth.shape, truth, **options)


def _mapped(metric, maps, size, *arrays, seed: int | None = None, **options) -> Score:
  """Returns a metric of every map, upsampled to the image."""
  maps, one = _maps(maps)
  keys = None
  if seed is not None:
    keys = jax.vmap(functools.partial(jax.random.fold_in, jax.random.key(seed)))(np.arange(len(maps)))
  scores = np.asarray(_computed(metric, size, tuple(options.items()), maps, keys, *arrays))
  return _first(scores) if one else scores


@functools.partial(jax.jit, static_argnums=(0, 1, 2))
def _computed(metric, size: Size, options: tuple[tuple[str, object], ...], maps, keys, *arrays) -> jax.Array:
  """Returns a metric of maps `[C, h, w]` with their keys to break ties, or None."""

  def one(each):
    x, key = each
    if x.shape != size:
      # Minus the median cell, so that rounding does not make a constant map
      # vary; subtracting an outlier would cost all other cells their digits.
      middle = jnp.sort(x, axis=None)[x.size // 2]
      x = middle + resampling.resize(x - middle, size, resize.bilinear)
    return metric(x, *arrays, **dict(options), **({} if key is None else {'jitter': key}))

  return jax.lax.map(one, (maps, keys))


_associate = jax.jit(association.associate)


def _maps(maps: ArrayLike) -> tuple[jax.Array, bool]:
  """Returns maps as float `[C, h, w]`, and whether they were a single map."""
  maps = _real(maps, 'Maps')
  if maps.ndim not in (2, 3) or not maps.size:
    raise ValueError(f'Maps are [h, w] or [h, w, C]; these are {maps.shape}.')
  one = maps.ndim == 2
  return jnp.asarray(maps[None] if one else np.moveaxis(maps, -1, 0)), one


def _size(maps: ArrayLike, size: Size | None) -> Size:
  """Returns (H, W), by default the maps' own."""
  size = np.shape(maps)[:2] if size is None else tuple(map(int, size))
  if len(size) != 2 or min(size) < 1:
    raise ValueError(f'A size is (H, W) in pixels; this is {size}.')
  return size


def _image(x: ArrayLike) -> np.ndarray:
  x = _real(x, 'A map')
  if x.ndim != 2:
    raise ValueError(f'A map of the image is [H, W]; this is {x.shape}.')
  return x


def _real(x: ArrayLike, what: str) -> np.ndarray:
  """Returns real numbers as float32, or as float64 if they and JAX are."""
  x = np.asarray(x)
  if not (jnp.issubdtype(x.dtype, jnp.floating) or jnp.issubdtype(x.dtype, jnp.integer) or x.dtype == bool):
    raise ValueError(f'{what} hold real numbers; these are {x.dtype}.')
  return x.astype(float if x.dtype == float and jax.config.x64_enabled else np.float32)


def _points(points: ArrayLike) -> np.ndarray:
  points = np.asarray(points)
  if not points.size:
    return np.zeros((0, 2), int)
  if points.ndim != 2 or points.shape[1] != 2 or not np.issubdtype(points.dtype, np.integer):
    raise ValueError(f'Points are integers [N, 2] (y, x); these are {points.dtype} {points.shape}.')
  return points


def _pixels(pixels: ArrayLike) -> np.ndarray:
  """Returns points `[N, 2]`, or a mask."""
  pixels = np.asarray(pixels)
  return pixels if pixels.dtype == bool else _points(pixels)


def _valid(points: ArrayLike, size: Size) -> tuple[np.ndarray, np.ndarray]:
  """Returns points padded to a power of 2, and which of them count."""
  points = _points(points)
  if (points < 0).any() or (points >= size).any():
    raise ValueError(f'A point lies outside the image of {size} pixels.')
  length = _padded(len(points))
  return (np.pad(points, ((0, length - len(points)), (0, 0))), np.arange(length) < len(points))


def _padded(count: int) -> int:
  return 1 << max(count - 1, 0).bit_length()


def _first(scores: np.ndarray) -> Score:
  """Returns the scores of the only set: a float for a single map."""
  return float(scores[0]) if scores.ndim == 1 else scores[0]
