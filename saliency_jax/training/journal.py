"""`metrics.jsonl`: one JSON object a line for every step and every evaluation.

Nothing in it depends on the clock or on when a run was stopped: a run that was
killed and resumed leaves the same file as one that was left alone. Where
TensorBoard is installed its event files are written beside it.
"""

import json
import os
import pathlib

from saliency_jax import files, outside
from saliency_jax.training.events import Events

NAME = 'metrics.jsonl'


class Journal:
  """The lines of one run, a context."""

  def __init__(self, workdir: str | os.PathLike | None, *, step: int):
    """Opens the file, cut off after the lines of a step.

    Args:
      workdir: the run's folder; None writes nowhere, for all processes of a run
        but the first.
      step: the last step whose parameters the run goes on from; 0 for none.
    """
    self._events = None
    if workdir is None:
      self._file = open(os.devnull, 'a')  # noqa: SIM115
      return
    self._events = Events(pathlib.Path(workdir), step=step)
    path = pathlib.Path(workdir) / NAME
    kept = _lines_until(path, step) if path.exists() else []
    with files.replacing(path) as temporary:
      temporary.write_text(''.join(f'{line}\n' for line in kept))
    self._file = open(path, 'a', encoding='utf-8')  # noqa: SIM115

  def write(self, step: int, kind: str, **values) -> None:
    """Adds a line."""
    line = {'step': step, 'kind': kind, **values}
    self._file.write(json.dumps(line, allow_nan=False) + '\n')
    self._file.flush()
    if self._events:
      self._events.write(step, kind, **values)

  def __enter__(self) -> 'Journal':
    return self

  def __exit__(self, *_) -> None:
    self._file.close()
    if self._events:
      self._events.close()


def read(workdir: str | os.PathLike) -> list[dict]:
  """Returns the lines of a run's `metrics.jsonl`."""
  path = pathlib.Path(workdir) / NAME
  with outside.reading(path, 'journal of a run'):
    lines = path.read_text(encoding='utf-8').splitlines()
    found = [json.loads(line) for line in lines]
    outside.check(found, [{'step': int, 'kind': str}])
  return found


def _lines_until(path: pathlib.Path, step: int) -> list[str]:
  kept = []
  for line in path.read_text(encoding='utf-8', errors='replace').splitlines():
    try:
      if json.loads(line)['step'] > step:
        break
    except Exception:  # noqa: BLE001
      break  # half a line: the run was killed while it wrote
    kept.append(line)
  return kept
