"""The classical models, by name."""

import functools
from collections.abc import Callable

import jax
import numpy as np

from saliency_jax.classical.bms import bms
from saliency_jax.classical.gbvs import gbvs
from saliency_jax.classical.itti import itti
from saliency_jax.errors import InputError

Model = Callable[[jax.Array | np.ndarray], jax.Array]

# Each takes one image, uint8 `[H, W, 3]`, and returns its map, `[h, w]`, 0-1.
MODELS: dict[str, Model] = {'bms': bms, 'gbvs': gbvs, 'itti': itti}


def predict(name: str, images: np.ndarray) -> np.ndarray:
  """Returns a model's maps of a batch of images, at the model's own resolution.

  Compiled once per image and batch size, in a few seconds.

  Args:
    name: a key of `MODELS`.
    images: uint8 `[B, H, W, 3]`, RGB.

  Returns:
    float32 `[B, h, w]`, 0-1.

  Raises:
    InputError: there is no such model, or the images are too small.
    ValueError: the images have another shape or type.
  """
  if name not in MODELS:
    raise InputError(f'There is no classical model {name!r}; name one of {", ".join(MODELS)}.')
  return np.asarray(_compiled(name)(images))


@functools.cache
def _compiled(name: str) -> Callable[[np.ndarray], jax.Array]:
  if jax.default_backend() == 'cpu':
    # One image's arrays stay in a core's cache: twice as fast as a batch.
    return jax.jit(functools.partial(jax.lax.map, MODELS[name]))
  return jax.jit(jax.vmap(MODELS[name]))
