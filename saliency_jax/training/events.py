"""The journal's numbers as TensorBoard event files, where it is installed.

Every member is one of TensorBoard's runs, in a folder of its own, so that it
draws all members in one figure. A training that goes on begins a new file in
each, which takes back what the ones before say of later steps.
"""

import pathlib
import time
from typing import BinaryIO

try:
  # TensorFlow is not needed for these.
  from tensorboard.compat.proto import event_pb2, summary_pb2
  from tensorboard.summary.writer import record_writer
except ImportError:
  record_writer = None

FOLDER = 'tensorboard'  # within a run's folder


class Events:
  """The event files of one run; without TensorBoard, none."""

  def __init__(self, workdir: pathlib.Path, *, step: int):
    """Writes nothing yet.

    Args:
      step: the last one whose parameters the run goes on from; 0 for none.
    """
    self._path = workdir / FOLDER
    self._step = step
    self._files: dict[str, BinaryIO] = {}

  def write(self, step: int, kind: str, **values) -> None:
    """Adds the numbers of one line of the journal."""
    of_members = {
        name: value for name, value in values.items()
        if isinstance(value, dict)}
    if record_writer is None or not of_members:
      return
    for member in next(iter(of_members.values())):
      self._add(member, step=step, summary=summary_pb2.Summary(value=[
          summary_pb2.Summary.Value(
              tag=f'{kind}/{name}', simple_value=value[member])
          for name, value in of_members.items()]))

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
          folder / f'events.out.tfevents.{number:06d}', 'xb')
      self._add(member, file_version='brain.Event:2')
      self._add(member, step=self._step + 1, session_log=event_pb2.SessionLog(
          status=event_pb2.SessionLog.START))
    event = event_pb2.Event(wall_time=time.time(), **content)
    file = self._files[member]
    record_writer.RecordWriter(file).write(event.SerializeToString())
    file.flush()
