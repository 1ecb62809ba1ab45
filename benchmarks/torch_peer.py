"""PyTorch's training step in a process of its own; see `torch_step.py`."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks import torch_process, training_step
from saliency_jax.networks import vgg


@contextlib.contextmanager
def running(python: str, ours: training_step.Step, depth: int) -> Iterator[Callable[[], float]]:
  """Yields a function that makes one step in PyTorch and returns its loss.

  It starts from the same parameters and takes the same batch.

  Args:
    python: one that has PyTorch.
    ours: the step to do likewise, of a single member that has made no step.
  """
  with tempfile.TemporaryDirectory() as folder:
    path = f'{folder}/arguments.npz'
    np.savez(path, **arguments(ours))
    with torch_process.calls(python, 'torch_step.py', path, str(depth)) as make:
      yield make


def arguments(ours: training_step.Step) -> dict[str, np.ndarray]:
  """Returns all that PyTorch needs to make the same step."""
  params = ours.network.variables['params']
  given = {
    'readout': ours.states[0].params['readout']['kernel'],
    'mean': np.asarray(ours.network.preprocess.mean, np.float32),
    'images': ours.images,
    'sets': ours.weights.sets[:, 0],
    'rows': ours.weights.rows,
    'columns': ours.weights.columns,
    'trunk_rate': training_step.TRUNK_RATE,
    'readout_rate': training_step.READOUT_RATE,
  }
  for i, layer in enumerate(vgg.CONVOLUTIONS):
    given[f'kernel_{i}'] = params[layer]['kernel']
    given[f'bias_{i}'] = params[layer]['bias']
  return {name: np.asarray(value) for name, value in given.items()}
