"""The forward on a GPU in bfloat16: its share of the card's rate, PyTorch's."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import kernel
from benchmarks.timing import Row, alternate
from saliency_jax.networks import vgg
from saliency_jax.ops import association

# Calls that are waited for together: the job too has the next batch computed
# while it takes the last one's scores, and a call alone waits for its start.
_CALLS = 16


def operations(image_size: int = 224) -> float:
  """Returns the floating-point operations of one image's 13 convolutions."""
  total, channels, side = 0.0, 3, image_size
  for name, units in vgg.WIDTHS.items():
    if name.endswith('_1') and name != 'conv1_1':
      side //= 2
    total += 2 * 9 * channels * units * side * side
    channels = units
  return total


def compare(batch: int, rounds: int) -> list[Row]:
  """Returns the bfloat16 forward beside a matrix product and beside PyTorch.

  PyTorch's row is left out where it is not installed or sees no GPU.
  """
  network = kernel.random_network('bfloat16')
  images = jnp.asarray(np.random.default_rng(0).integers(0, 256, (batch, 224, 224, 3), np.uint8))
  variables = jax.tree.map(lambda x: jnp.asarray(x, jnp.bfloat16), network.variables)
  forward = functools.partial(network.compiled(kernel.LAYERS), variables)
  by_grid = {grid: kernel.weights(grid, batch) for grid in ((28, 28), (14, 14))}
  maps = forward(images)
  # One program for all layers: a launch costs as much as a small layer.
  associate = jax.jit(functools.partial(kernel.associate_layers, association.associate))
  side = 8192
  left, right = (jax.random.normal(jax.random.key(i), (side, side), jnp.bfloat16) for i in range(2))
  product = jax.jit(jnp.matmul)
  functions = {
    'forward': lambda: _calls(lambda: forward(images)),
    'product': lambda: _calls(lambda: product(left, right)),
    'association': lambda: _calls(lambda: associate(maps, by_grid)),
    # As a dissection does: one is not waited for before the other.
    'both': lambda: _calls(lambda: associate(forward(images), by_grid)),
  }
  beside = _torch_forward(batch)
  if beside:
    functions['torch'] = beside
  seconds = {name: x / _CALLS for name, x in alternate(functions, rounds=rounds).items()}
  rate = operations() * batch / seconds['forward'] / 1e12
  ceiling = 2 * side**3 / seconds['product'] / 1e12
  rows = [
    Row(
      f'VGG forward, bfloat16, batch {batch}',
      rate,
      'TFLOP/s',
      ceiling,
      f'matrix product of side {side}',
      rate / ceiling,
      '',
    ),
    Row(
      'association of six layers',
      seconds['association'] * 1e3,
      'ms',
      seconds['forward'] * 1e3,
      'VGG forward, bfloat16',
      seconds['association'] / seconds['forward'],
      '<= 0.05',
    ),
    Row(
      'the same, each behind a forward',
      (seconds['both'] - seconds['forward']) * 1e3,
      'ms',
      seconds['forward'] * 1e3,
      'VGG forward, bfloat16',
      seconds['both'] / seconds['forward'] - 1,
      '<= 0.05',
    ),
  ]
  if beside:
    rows.append(
      Row(
        f'VGG forward, bfloat16, batch {batch}',
        batch / seconds['forward'],
        'images/s',
        batch / seconds['torch'],
        'PyTorch, channels_last, bfloat16',
        seconds['torch'] / seconds['forward'],
        '>= 1',
      )
    )
  return rows


def _calls(function) -> list:
  return [function() for _ in range(_CALLS)]


def _torch_forward(batch: int):
  try:
    import torch
  except ImportError:
    return None
  if not torch.cuda.is_available():
    return None
  layers, channels = [], 3
  for name, units in vgg.WIDTHS.items():
    if name.endswith('_1') and name != 'conv1_1':
      layers.append(torch.nn.MaxPool2d(2))
    layers += [torch.nn.Conv2d(channels, units, 3, padding=1), torch.nn.ReLU(inplace=True)]
    channels = units
  trunk = torch.nn.Sequential(*layers).to('cuda', torch.bfloat16, memory_format=torch.channels_last).eval()
  images = torch.randn(batch, 3, 224, 224, device='cuda', dtype=torch.bfloat16).to(memory_format=torch.channels_last)

  def forward():
    with torch.inference_mode():
      _calls(lambda: trunk(images))
    torch.cuda.synchronize()

  return forward
