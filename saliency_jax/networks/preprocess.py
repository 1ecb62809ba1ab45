"""How images are prepared for a network: a value of its own."""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from saliency_jax.errors import InputError

RESIZE = ('bilinear', 'bicubic', 'lanczos')  # Pillow's filters by these names


class Preprocess(NamedTuple):
  """(image / scale - mean) / std, of RGB in 0-255, then perhaps BGR.

  The defaults are those of torchvision's networks for ImageNet.
  """

  image_size: int = 224  # S: the host resizes images to S x S pixels
  mean: tuple[float, float, float] = (0.485, 0.456, 0.406)  # RGB
  std: tuple[float, float, float] = (0.229, 0.224, 0.225)  # RGB
  scale: float = 255.0
  bgr: bool = False  # whether the network takes blue first
  resize: str = 'bilinear'  # one of `RESIZE`; antialiased

  def __call__(self, images: jax.Array) -> jax.Array:
    """Returns prepared images, float32 `[B, H, W, 3]`.

    Args:
      images: uint8 or float `[B, H, W, 3]`, RGB in 0-255.
    """
    x = images.astype(jnp.float32)
    if self.scale != 1:
      x = x / self.scale
    x = x - np.array(self.mean, np.float32)[None, None, None]
    if any(std != 1 for std in self.std):
      x = x / np.array(self.std, np.float32)[None, None, None]
    return x[..., ::-1] if self.bgr else x

  def formula(self) -> str:
    """Returns the formula for an image x, as text."""
    divided = f'x / {self.scale:g}' if self.scale != 1 else 'x'
    said = f'{divided} - {self.mean}'
    if any(std != 1 for std in self.std):
      said = f'({said}) / {self.std}'
    return f'{said} of RGB in 0-255{", then BGR" if self.bgr else ""}'

  def check(self) -> 'Preprocess':
    """Returns itself, with floats in tuples where integers or lists were given.

    Raises:
      InputError: a value is invalid.
    """
    numbers = (*self.mean, *self.std, self.scale)
    if (
      len(self.mean) != 3
      or len(self.std) != 3
      or not all(isinstance(x, (int, float)) and math.isfinite(x) for x in numbers)
    ):
      raise InputError('Preprocess takes finite means and deviations of RGB.')
    if type(self.image_size) is not int or self.image_size < 1:
      raise InputError(f'Preprocess.image_size is {self.image_size!r}; give whole pixels, 1 or more.')
    if self.scale <= 0 or min(self.std) <= 0:
      raise InputError('The scale and std of Preprocess must be above 0.')
    if self.resize not in RESIZE:
      raise InputError(f'Preprocess.resize is {self.resize!r}; it is one of {", ".join(RESIZE)}.')
    return self._replace(mean=tuple(map(float, self.mean)), std=tuple(map(float, self.std)))
