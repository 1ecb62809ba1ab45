"""`metrics.jsonl`: one JSON object a line for every step and every evaluation.

Nothing in it depends on the clock or on when a run was stopped: a run that was
killed and resumed leaves the same file as one that was left alone.

Where TensorBoard is installed its event files are written beside it. Every
member is one of TensorBoard's runs, in a folder of its own, so that it draws
all members in one figure. A training that goes on begins a new file in each,
which takes back what the ones before say of later steps.
"""

import json
import os
import pathlib
import time
from typing import BinaryIO

from saliency_jax import files, outside

try:
  # TensorFlow is not needed for these.
  from tensorboard.compat.proto import event_pb2, summary_pb2
  from tensorboard.summary.writer import record_writer
except ImportError:
  record_writer = None

NAME = 'metrics.jsonl'
EVENTS = 'tensorboard'  # a folder


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
    self._events = _Events(pathlib.Path(workdir), step=step)
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


class _Events:
  """The event files of one run; without TensorBoard, none."""

  def __init__(self, workdir: pathlib.Path, *, step: int):
    """Writes nothing yet.

    Args:
      step: the last one whose parameters the run goes on from; 0 for none.
    """
    self._path = workdir / EVENTS
    self._step = step
    self._files: dict[str, BinaryIO] = {}

  def write(self, step: int, kind: str, **values) -> None:
    """Adds the numbers of one line of the journal."""
    of_members = {name: value for name, value in values.items() if isinstance(value, dict)}
    if record_writer is None or not of_members:
      return
    for member in next(iter(of_members.values())):
      self._add(
        member,
        step=step,
        summary=summary_pb2.Summary(
          value=[
            summary_pb2.Summary.Value(tag=f'{kind}/{name}', simple_value=value[member])
            for name, value in of_members.items()
          ]
        ),
      )

  def close(self) -> None:
    for file in self._files.values():
      file.close()

  def _add(self, member: str, **content) -> None:
    if member not in self._files:
      folder = self._path / member
      folder.mkdir(parents=True, exist_ok=True)
      # TensorBoard reads the files of a folder in the order of their names.
      number = len(list(folder.iterdir()))
      self._files[member] = open(  # noqa: SIM115
        folder / f'events.out.tfevents.{number:06d}', 'xb'
      )
      self._add(member, file_version='brain.Event:2')
      self._add(member, step=self._step + 1, session_log=event_pb2.SessionLog(status=event_pb2.SessionLog.START))
    event = event_pb2.Event(wall_time=time.time(), **content)
    file = self._files[member]
    record_writer.RecordWriter(file).write(event.SerializeToString())
    file.flush()


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
