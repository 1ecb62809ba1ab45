"""PyTorch in a process of its own, which works when it is asked to."""

import contextlib
import os
import pathlib
import subprocess
from collections.abc import Callable, Iterator

_FOLDER = pathlib.Path(__file__).parent


def is_there(python: str, library: str = 'torch') -> bool:
  """Returns whether a Python has PyTorch, or another library."""
  try:
    subprocess.run([python, '-c', f'import {library}'], check=True, capture_output=True)
  except (OSError, subprocess.CalledProcessError):
    return False
  return True


@contextlib.contextmanager
def calls(python: str, script: str, *arguments: str) -> Iterator[Callable[[], float]]:
  """Yields a function that has a script do its work once.

  The script prints a number for every line of its standard input; the function
  returns it. Its last argument is the number of threads: as many as there are
  cores, which is what XLA takes.
  """
  process = subprocess.Popen(
    [python, str(_FOLDER / script), *arguments, str(os.cpu_count())],
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    text=True,
  )

  def make() -> float:
    process.stdin.write('\n')
    process.stdin.flush()
    return float(process.stdout.readline())

  try:
    yield make
  finally:
    process.communicate()
