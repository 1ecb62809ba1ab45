"""Forward passes of the zoo's networks beside torchvision's."""

import contextlib

import jax
import numpy as np

from benchmarks import torch_process
from benchmarks.timing import Row, Unmeasured, alternate
from saliency_jax import runtime
from saliency_jax.networks import zoo

# Their names here and in torchvision.
NETWORKS = {'vgg16': 'vgg16', 'resnet18': 'resnet18', 'resnet50': 'resnet50', 'vit_b16': 'vit_b_16'}
_SIZE = 224
_SCRIPT = 'torch_forward.py'


def forward(name: str, batch: int, rounds: int, python: str) -> Row | Unmeasured:
  """Returns a forward pass of prepared images beside torchvision's.

  Args:
    name: a key of `NETWORKS`.
  """
  title = f'forward pass of {name}, {batch} images of {_SIZE} pixels'
  if not torch_process.is_there(python, 'torchvision'):
    return Unmeasured(title, 'pip install torchvision, or name a Python that has it with --torch_python')
  network = zoo.load(name, weights=zoo.RANDOM)
  run = jax.jit(
    lambda variables, x: network.run(variables, x, frozenset(), 0, len(network.stages))[0],
    compiler_options=runtime.compiler_options(),
  )
  images = np.random.default_rng(0).standard_normal((batch, _SIZE, _SIZE, 3), np.float32)
  theirs = torch_process.calls(python, _SCRIPT, NETWORKS[name], str(batch), str(_SIZE))
  with contextlib.ExitStack() as stack:
    seconds = alternate(
      {'ours': lambda: run(network.variables, images), 'theirs': stack.enter_context(theirs)}, rounds=rounds, rest=0.5
    )
  return Row(
    title,
    seconds['ours'] / batch * 1e3,
    'ms an image',
    seconds['theirs'] / batch * 1e3,
    'torchvision, channels_last, float32',
    seconds['ours'] / seconds['theirs'],
    '<= 0.625' if name == 'vgg16' else '<= 1',
  )


def compare(batch: int, rounds: int, torch_python: str) -> list[Row | Unmeasured]:
  """Returns the forward passes of all `NETWORKS`."""
  return [forward(name, batch, rounds, torch_python) for name in NETWORKS]
