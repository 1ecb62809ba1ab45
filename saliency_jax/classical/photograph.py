"""The images that the classical models accept."""

import jax
import numpy as np

from saliency_jax.errors import InputError

# Five halvings, to the deepest level of the pyramid, leave two pixels.
SMALLEST = 64


def check(image: jax.Array | np.ndarray) -> None:
  """Checks that an image is uint8 `[H, W, 3]`, at least 64 pixels a side.

  Raises:
    ValueError: it has another shape or type.
    InputError: it is too small.
  """
  if image.ndim != 3 or image.shape[-1] != 3 or image.dtype != np.uint8:
    raise ValueError(f'An image is uint8 [H, W, 3], not {image.dtype} {list(image.shape)}.')
  height, width = image.shape[:2]
  if min(height, width) < SMALLEST:
    raise InputError(
      f'The image is {width} x {height} pixels; the classical models need at least {SMALLEST} on each side.'
    )


def fit(height: int, width: int, longest: int) -> tuple[int, int]:
  """Returns (height, width) scaled to a given longer side."""
  scale = longest / max(height, width)
  return max(1, int(height * scale + 0.5)), max(1, int(width * scale + 0.5))
