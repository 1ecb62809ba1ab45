"""Reads with workers until it is interrupted; see `interrupt_test`.

python -m tests.data.interrupt_runner start|work
"""

import os
import signal
import sys
import time

import numpy as np

from saliency_jax.data import batch_rows, pixel_sets
from saliency_jax.data.types import Record, Source, no_regions


class Grey(Source):
  """Grey photographs, slowly; the first one is read when a worker has started."""

  image_ids = ('0',)

  def __getitem__(self, index: int) -> Record:
    return Record('0', np.full((30, 40, 3), 128, np.uint8), np.array([[3, 4]], np.int32), no_regions(30, 40))

  def __setstate__(self, state: dict) -> None:
    """Is called in a worker that is starting, and holds it there a while."""
    self.__dict__ |= state
    os.write(2, b'starting\n')  # in one piece, as two workers say it at once
    time.sleep(self.hold)


def main(when: str) -> None:
  from saliency_jax.data import pipeline

  # Whatever started the tests may ignore it, as shells do for jobs in the
  # background; so would all processes that they start.
  signal.signal(signal.SIGINT, signal.default_int_handler)
  source = Grey()
  source.hold = 1.0 if when == 'start' else 0.0
  batches = pipeline.batches(
    source, batch_rows.Preparation(pixel_sets.distinct_fixations, 32, ((2, 2),)), np.zeros((25_000, 4), int), workers=2
  )
  try:
    next(batches)
    print('ready', flush=True)
    time.sleep(600)
  except KeyboardInterrupt:
    print('interrupted', flush=True)
    sys.exit(130)


if __name__ == '__main__':
  from tests.data import interrupt_runner  # by a name that workers know

  interrupt_runner.main(sys.argv[1])
