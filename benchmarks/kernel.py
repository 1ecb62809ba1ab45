"""The kernel's cost: beside the network's forward, and beside brute force."""

import functools
from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.timing import Row, alternate
from saliency_jax.networks import vgg, zoo
from saliency_jax.networks.network import Network, Provenance
from saliency_jax.networks.preprocess import Preprocess
from saliency_jax.ops import association, pixel_weights

LAYERS = zoo.architecture('vgg16').default_taps
SIZE = (600, 800)  # OSIE's photographs
REGIONS = 6


def random_network(dtype: str = 'float32', image_size: int = 224, widths: Mapping[str, int] = vgg.WIDTHS) -> Network:
  """Returns VGG-16 with random parameters: speed does not depend on them.

  Args:
    image_size: S, the side of its images in pixels.
    widths: units of every convolution; tests take fewer.
  """
  architecture = zoo.NETWORKS['vgg16']._replace(module=vgg.VGG(vgg.layers(widths)))
  variables = zoo.random_variables(architecture.module)
  return zoo.assemble(
    'vgg16',
    architecture,
    zoo.Ported(variables, Preprocess(image_size, (124.0, 117.0, 104.0), (1.0, 1.0, 1.0), 1.0)),
    Provenance('random', '', ''),
    dtype,
  )


def weights(grid: tuple[int, int], batch: int) -> pixel_weights.CellWeights:
  """Returns the weights of regions of 20 random fixations in each image."""
  rng = np.random.default_rng(0)
  images = [
    pixel_weights.cell_weights([rng.integers(0, SIZE, size=(20, 2)) for _ in range(REGIONS)], SIZE, grid)
    for _ in range(batch)
  ]
  return jax.tree.map(lambda *x: jnp.asarray(np.stack(x)), *images)


def associate_layers(associate, maps, by_grid):
  """Returns every layer's scores, one program a layer, as the job does."""
  return {layer: associate(x, by_grid[x.shape[1:3]]) for layer, x in maps.items()}


def brute_force(maps: jax.Array, points: jax.Array) -> jax.Array:
  """Returns the scores of `[h, w, C]` maps by upsampling them to the image.

  Args:
    maps: one image's.
    points: integers `[R, N, 2]`, pixels (y, x).
  """
  upsampled = jax.image.resize(maps, (*SIZE, maps.shape[-1]), 'bilinear')
  standard = (upsampled - upsampled.mean((0, 1), keepdims=True)) / (upsampled.std((0, 1), keepdims=True) + 1e-12)
  return standard[points[..., 0], points[..., 1]].mean(1)


def compare(batch: int, rounds: int) -> list[Row]:
  """Returns the cost of associating six layers of a batch."""
  network = random_network()
  images = np.random.default_rng(0).integers(0, 256, (batch, 224, 224, 3), np.uint8)
  forward = functools.partial(network.compiled(LAYERS), network.variables)
  maps = forward(images)
  by_grid = {grid: weights(grid, batch) for grid in ((28, 28), (14, 14))}
  compiled = jax.jit(association.associate)
  associate = functools.partial(associate_layers, compiled, maps, by_grid)
  points = jnp.asarray(np.random.default_rng(0).integers(0, SIZE, size=(REGIONS, 20, 2)))
  # One image of one layer at a time: 600 x 800 x 512 floats take 1 GB.
  upsample = jax.jit(brute_force)
  cost = alternate({'forward': lambda: forward(images), 'association': associate}, rounds=rounds)
  direct = alternate(
    {'brute force': lambda: [upsample(maps[layer][0], points) for layer in LAYERS], 'association': associate},
    rounds=max(rounds // 5, 2),
  )
  ms = 1000 / batch
  return [
    Row(
      'association of six layers, per image',
      cost['association'] * ms,
      'ms',
      cost['forward'] * ms,
      'VGG forward',
      cost['association'] / cost['forward'],
      '<= 0.05',
    ),
    Row(
      'association of six layers, per image',
      direct['association'] * ms,
      'ms',
      direct['brute force'] * 1000,
      'upsampling to 600 x 800',
      direct['association'] * ms / (direct['brute force'] * 1000),
      '<= 0.01',
    ),
  ]
