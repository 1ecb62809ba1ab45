"""How an image is fitted into a model's frame, and a map taken out of it."""

from collections.abc import Callable

import numpy as np

from saliency_jax.networks import interpolation
from saliency_jax.networks.network import Frame
from saliency_jax.ops import resize

Size = tuple[int, int]  # (H, W) in pixels
Resize = Callable[[np.ndarray, Size], np.ndarray]


def bilinear(x: np.ndarray, size: Size) -> np.ndarray:
  """Resizes as OpenCV and PyTorch do, without antialiasing."""
  return interpolation.resized(x, size, resize.bilinear)


def density(x: np.ndarray, size: tuple[int, int]) -> np.ndarray:
  """Returns a density in another size: its logarithm is interpolated."""
  large = bilinear(np.log(np.maximum(x, 1e-37)), size)
  large = np.exp(large - large.max())
  return (large / large.sum()).astype(np.float32)


def stretched(size: Size, down: Resize = bilinear, up: Resize = bilinear) -> Frame:
  """Returns a frame to which images are stretched whatever their shape."""
  return Frame(
    lambda image: down(image, size).astype(np.float32), lambda saliency, full: up(saliency, full).astype(np.float32)
  )


def letterbox(size: Size, down: Resize, up: Resize, *, colour: float, fit: Callable) -> Frame:
  """Returns a frame in which an image keeps its shape, in the middle.

  Args:
    size: of the frame.
    down: brings the image to its size in the frame.
    up: brings the map to the size at which it covers the image.
    colour: around the image, of all channels.
    fit: `fit(inner, outer, largest) -> Size`: `inner` as large as it can be in
      `outer`, or if `largest` as small as it covers it.
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
  """See `letterbox`: a common ratio, then the nearest whole pixels."""
  ratio = (max if largest else min)(o / i for o, i in zip(outer, inner, strict=True))
  return tuple(round(i * ratio) for i in inner)


def floored(inner: Size, outer: Size, *, largest: bool) -> Size:
  """See `letterbox`: one side is that of the frame, the other rounded down."""
  rows, columns = (o / i for o, i in zip(outer, inner, strict=True))
  if (rows > columns) == largest:
    return outer[0], inner[1] * outer[0] // inner[0]
  return inner[0] * outer[1] // inner[1], outer[1]


def _middle(x: np.ndarray, size: Size) -> np.ndarray:
  """Returns a view of the middle of x, no larger than `size`."""
  top, left = (max(n - m, 0) // 2 for n, m in zip(x.shape, size, strict=False))
  return x[top : top + size[0], left : left + size[1]]
