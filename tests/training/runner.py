"""A short run in a process of its own, which can end itself in hard ways.

  python -m tests.training.runner FOLDER HOW

HOW is 'whole', or 'line:7:9' (SIGKILL after 9 characters of the line of step
7), 'save:6' (SIGKILL while the checkpoint of step 6 is being written) or
'term:4' (SIGTERM before step 4 is over).
"""

import logging
import os
import pathlib
import signal
import sys

import orbax.checkpoint as ocp

from saliency_jax.errors import Stopped
from saliency_jax.training import feed, journal, loop
from tests.training import made


def kill_in_line(step: int, characters: int) -> None:
  write, save = journal.Journal.write, ocp.CheckpointManager.save

  def whole_save(self, *args, **arguments):
    save(self, *args, **arguments)
    self.wait_until_finished()  # so that it is known what is there

  def wrapped(self, at, kind, **values):
    if at == step:
      self._file.write('{"step": 7, "kind"'[:characters])
      self._file.flush()
      os.kill(os.getpid(), signal.SIGKILL)
    write(self, at, kind, **values)

  journal.Journal.write = wrapped
  ocp.CheckpointManager.save = whole_save


def kill_in_save(step: int) -> None:
  save = ocp.CheckpointManager.save

  def wrapped(self, at, **arguments):
    save(self, at, **arguments)
    if at == step:
      # The arrays are being written by another thread.
      assert self.is_saving_in_progress()
      os.kill(os.getpid(), signal.SIGKILL)

  ocp.CheckpointManager.save = wrapped


def terminate(step: int) -> None:
  batches = feed.Computed.batches

  def wrapped(self, rows):
    for number, batch in enumerate(batches(self, rows), start=1):
      if number == step and len(self._source) == len(made.TRAIN):
        os.kill(os.getpid(), signal.SIGTERM)
      yield batch

  feed.Computed.batches = wrapped


def main() -> None:
  folder = pathlib.Path(sys.argv[1])
  how, *numbers = sys.argv[2].split(':')
  {'whole': lambda: None, 'line': kill_in_line, 'save': kill_in_save, 'term': terminate}[how](*map(int, numbers))
  logging.getLogger('absl').setLevel(logging.WARNING)
  try:
    loop.train(made.run(), made.DATA, str(folder / 'run'))
  except Stopped as stopped:
    sys.exit(str(stopped))


if __name__ == '__main__':
  main()
