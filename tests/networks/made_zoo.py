"""Weights and images that torch and the tests draw alike, from names alone."""

import zlib
from collections.abc import Mapping

import numpy as np

from saliency_jax.networks import vit, zoo, zoo_networks

# Transformers as the zoo's, small: DINOv2's, with registers, and CLIP's.
VARIANTS = {
  'dinov2_small': vit.Variant(32, 2, 2, patch=7, grid=5, scaled=True, offset=True),
  'dinov2_reg_small': vit.Variant(32, 2, 2, patch=7, grid=5, scaled=True, registers=4),
  'clip_small': vit.Variant(32, 2, 2, patch=8, grid=4, clip=True),
}

# Values that are stored of a tap: at random, and in the corners of a map.
_RANDOM, _CORNER_UNITS = 96, 8


def network(name: str, arrays: Mapping[str, np.ndarray], family: str = 'torchvision') -> zoo.Network:
  """Returns a network of the zoo, or of `VARIANTS`, with torch's arrays."""
  found = zoo_networks.transformer(name, VARIANTS[name]) if name in VARIANTS else zoo.architecture(name)
  ported = found.port(arrays, zoo.shapes(found.shapes), family)
  return zoo.assemble(name, found, ported, zoo.Provenance('', '', ''))


def weights(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
  """Returns the arrays of a state_dict, everything in it drawn.

  What a fresh network has at 0 or 1, the norms, biases and statistics, is not
  so here: exchanged or lost arrays change what the network computes.

  Args:
    shapes: of every array by torch's name.
  """
  return {name: _drawn(name, shape) for name, shape in shapes.items()}


def _drawn(name: str, shape: tuple[int, ...]) -> np.ndarray:
  rng = _generator(name)
  if name.endswith('num_batches_tracked'):
    return np.array(7, np.int64)
  if name.endswith('running_var') or (name.endswith('weight') and len(shape) == 1):
    return rng.uniform(0.5, 1.5, shape).astype(np.float32)
  normal = rng.standard_normal(shape, np.float32)
  if len(shape) == 4:
    return normal * np.float32((2 / np.prod(shape[1:])) ** 0.5)
  if len(shape) == 2:
    return normal * np.float32(shape[1] ** -0.5)
  return normal * np.float32(0.2)


def images(height: int, width: int) -> np.ndarray:
  """Returns two prepared images, float32 `[2, H, W, 3]`."""
  return _generator(f'{height} x {width}').standard_normal((2, height, width, 3), np.float32)


def positions() -> np.ndarray:
  """Returns embeddings of a class token and a grid of 5 x 5, `[1, 26, 3]`."""
  return _generator('positions').standard_normal((1, 26, 3), np.float32)


def sample(tap: str, values: np.ndarray) -> np.ndarray:
  """Returns some values of a tap, float32 `[n]`.

  Args:
    tap: its name in torch.
    values: `[B, h, w, C]` or `[B, N, C]`.
  """
  chosen = [_generator(tap).choice(values.ravel(), _RANDOM)]
  if values.ndim == 4:
    chosen += [values[-1, i, j, :_CORNER_UNITS] for i in (0, -1) for j in (0, -1)]
  return np.concatenate(chosen)


def size(values: np.ndarray) -> np.ndarray:
  """Returns the mean and the greatest magnitude of a tap's values, `[2]`."""
  magnitudes = np.abs(values)
  return np.array([magnitudes.mean(dtype=np.float64), magnitudes.max()])


def _generator(name: str) -> np.random.Generator:
  return np.random.default_rng(zlib.crc32(name.encode()))
