"""Times side by side, in one run, so that a ratio means something."""

import dataclasses
import json
import os
import statistics
import time
from collections.abc import Callable

import jax

from saliency_jax import files


@dataclasses.dataclass(frozen=True)
class Row:
  """One comparison."""

  name: str
  measured: float
  unit: str  # of `measured` and of `beside`
  beside: float  # what it is compared with
  beside_name: str
  ratio: float
  target: str  # what the ratio should be, or ''


@dataclasses.dataclass(frozen=True)
class Unmeasured:
  """A comparison that could not be made."""

  name: str
  why: str  # and what to do


def alternate(functions: dict[str, Callable[[], object]], *, rounds: int, rest: float = 0.0) -> dict[str, float]:
  """Returns the median seconds of each function, run in turn.

  One call of each comes first and is not timed: it compiles. In turn, so that
  whatever else the machine does falls on all of them.

  Args:
    functions: what to time; each returns arrays that are waited for.
    rest: seconds before each call. What ran in another process before may leave
      threads that wait by spinning, OpenMP's for 0.2 seconds.
  """
  for function in functions.values():
    jax.block_until_ready(function())
  seconds = {name: [] for name in functions}
  for _ in range(rounds):
    for name, function in functions.items():
      time.sleep(rest)
      start = time.perf_counter()
      jax.block_until_ready(function())
      seconds[name].append(time.perf_counter() - start)
  return {name: statistics.median(times) for name, times in seconds.items()}


def text(rows: list[Row | Unmeasured]) -> str:
  """Returns the comparisons as a table in Markdown."""
  return '\n'.join(
    ['| what | measured | beside | ratio | target |', '| --- | --- | --- | --- | --- |', *map(_line, rows)]
  )


def _line(row: Row | Unmeasured) -> str:
  if isinstance(row, Unmeasured):
    return f'| {row.name} | not measured: {row.why} | | | |'
  return (
    f'| {row.name} | {row.measured:.4g} {row.unit} | {row.beside:.4g} '
    f'{row.unit} ({row.beside_name}) | {row.ratio:.3g} | {row.target} |'
  )


def write(path: str, rows: list[Row | Unmeasured]) -> None:
  """Writes the comparisons and the machine they were made on as JSON."""
  with files.replacing(path) as temporary:
    temporary.write_text(
      json.dumps(
        {
          'device': jax.devices()[0].device_kind,
          'devices': jax.device_count(),
          'cores': os.cpu_count(),
          'jax': jax.__version__,
          'rows': [dataclasses.asdict(row) for row in rows],
        },
        indent=2,
      )
      + '\n'
    )
