"""The memory that training steps take, each in a process of its own.

python -m benchmarks.memory BATCH DEPTH...
"""

import json
import pathlib
import resource
import subprocess
import sys
from collections.abc import Sequence
from typing import NamedTuple

import jax

from benchmarks import training_step

_ROOT = pathlib.Path(__file__).resolve().parents[1]


class Memory(NamedTuple):
  """Of the step of some members, in bytes."""

  planned: int  # what the update holds at most, by the compiler's plan
  peak: int  # what the process held at most, beyond what JAX takes by itself
  own: int  # the members' parameters


def measure(depths: Sequence[int], batch: int) -> Memory:
  """Returns the memory of a step of one member for each depth."""
  result = subprocess.run(
    [sys.executable, '-m', 'benchmarks.memory', str(batch), *map(str, depths)],
    cwd=_ROOT,
    check=True,
    stdout=subprocess.PIPE,
    text=True,
  )
  return Memory(**json.loads(result.stdout))


def peak() -> int:
  """Returns the most that this process has held, bytes."""
  status = pathlib.Path('/proc/self/status')
  if status.exists():
    # Not `ru_maxrss`, which on Linux starts with that of the parent.
    (line,) = (x for x in status.read_text().splitlines() if 'VmHWM' in x)
    return int(line.split()[1]) * 1024
  return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS


def _main(batch: int, *depths: int) -> None:
  jax.block_until_ready(jax.jit(lambda: 0)())
  before = peak()
  step = training_step.Step([training_step.member(depth) for depth in depths], training_step.Setting(batch))
  for _ in range(2):
    jax.block_until_ready(step())
  most = peak() - before
  print(json.dumps(Memory(step.planned_bytes(), most, step.own_bytes())._asdict()))


if __name__ == '__main__':
  _main(*map(int, sys.argv[1:]))
