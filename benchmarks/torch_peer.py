"""PyTorch's training step in a process of its own; see `torch_step.py`."""

import contextlib
import os
import pathlib
import subprocess
import tempfile
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks import training_step
from saliency_jax.networks import saliency, vgg

_SCRIPT = pathlib.Path(__file__).with_name('torch_step.py')


def is_there(python: str) -> bool:
  """Returns whether a Python has PyTorch."""
  try:
    subprocess.run([python, '-c', 'import torch'], check=True,
                   capture_output=True)
  except (OSError, subprocess.CalledProcessError):
    return False
  return True


@contextlib.contextmanager
def running(
    python: str, ours: training_step.Step, depth: int
) -> Iterator[Callable[[], float]]:
  """Yields a function that makes one step in PyTorch and returns its loss.

  It starts from the same parameters, takes the same batch and has as many
  threads as there are cores, which is what XLA takes.

  Args:
    python: one that has PyTorch.
    ours: the step to do likewise, of a single member that has made no step.
    depth: how many convolutions are trained.
  """
  with tempfile.TemporaryDirectory() as folder:
    path = f'{folder}/arguments.npz'
    np.savez(path, **arguments(ours))
    process = subprocess.Popen(
        [python, str(_SCRIPT), path, str(depth), str(os.cpu_count())],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def make() -> float:
      process.stdin.write('\n')
      process.stdin.flush()
      return float(process.stdout.readline())

    try:
      yield make
    finally:
      process.communicate()


def arguments(ours: training_step.Step) -> dict[str, np.ndarray]:
  """Returns all that PyTorch needs to make the same step."""
  params = ours.trunk.params
  given = {
      'readout': ours.states[0].params[saliency.READOUT]['kernel'],
      'mean': np.asarray(ours.trunk.mean, np.float32), 'images': ours.images,
      'sets': ours.weights.sets[:, 0], 'rows': ours.weights.rows,
      'columns': ours.weights.columns,
      'trunk_rate': training_step.TRUNK_RATE,
      'readout_rate': training_step.READOUT_RATE}
  for i, layer in enumerate(vgg.CONVOLUTIONS):
    given[f'kernel_{i}'] = params[layer]['kernel']
    given[f'bias_{i}'] = params[layer]['bias']
  return {name: np.asarray(value) for name, value in given.items()}
