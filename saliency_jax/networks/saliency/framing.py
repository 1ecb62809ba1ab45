"""Fits an image into a model's frame, and takes its map out of it."""

from collections.abc import Callable

import numpy as np

from saliency_jax.networks.network import Frame
from saliency_jax.ops import resampling, resize

Size = tuple[int, int]  # (H, W) in pixels
Resize = Callable[[np.ndarray, Size], np.ndarray]


def bilinear(x: np.ndarray, size: Size) -> np.ndarray:
  """Resizes like OpenCV and PyTorch, without antialiasing."""
  return resampling.resized(x, size, resize.bilinear)


def density(x: np.ndarray, size: tuple[int, int]) -> np.ndarray:
  """Returns a density in another size, interpolated in its logarithm."""
  large = bilinear(np.log(np.maximum(x, 1e-37)), size)
  large = np.exp(large - large.max())
  return (large / large.sum()).astype(np.float32)


def stretched(size: Size, down: Resize = bilinear, up: Resize = bilinear) -> Frame:
  """Returns a frame to which images are stretched, whatever their shape."""
  return Frame(
    lambda image: down(image, size).astype(np.float32), lambda saliency, full: up(saliency, full).astype(np.float32)
  )


def letterbox(size: Size, down: Resize, up: Resize, *, colour: float, fit: Callable) -> Frame:
  """Returns a frame that keeps an image's shape, centred.

  Args:
    size: of the frame.
    down: resizes the image to its size in the frame.
    up: resizes the map to the size at which it covers the image.
    colour: of the border, in all channels.
    fit: `fit(inner, outer, largest) -> Size`: the largest size of `inner` that
      fits in `outer`; with `largest` the smallest that covers it.
  """

  def prepare(image: np.ndarray) -> np.ndarray:
    small = down(image, fit(image.shape[:2], size, largest=False))
    framed = np.full((*size, 3), colour, np.float32)
    _middle(framed, small.shape[:2])[:] = _middle(small, size)
    return framed

  def restore(saliency: np.ndarray, full: Size) -> np.ndarray:
    large = up(saliency, fit(saliency.shape, full, largest=True))
    return _middle(large, full).astype(np.float32)

  return Frame(prepare, restore)


def rounded(inner: Size, outer: Size, *, largest: bool) -> Size:
  """See `letterbox`: one ratio, then the nearest whole pixels."""
  ratio = (max if largest else min)(o / i for o, i in zip(outer, inner, strict=True))
  return tuple(round(i * ratio) for i in inner)


def floored(inner: Size, outer: Size, *, largest: bool) -> Size:
  """See `letterbox`: one side is the frame's, the other is rounded down."""
  rows, columns = (o / i for o, i in zip(outer, inner, strict=True))
  if (rows > columns) == largest:
    return outer[0], inner[1] * outer[0] // inner[0]
  return inner[0] * outer[1] // inner[1], outer[1]


def _middle(x: np.ndarray, size: Size) -> np.ndarray:
  """Returns a view of the middle of x, no larger than `size`."""
  top, left = (max(n - m, 0) // 2 for n, m in zip(x.shape, size, strict=False))
  return x[top : top + size[0], left : left + size[1]]
