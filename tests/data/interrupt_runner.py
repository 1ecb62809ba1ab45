"""Reads with workers until it is interrupted; see `interrupt_test`.

  python -m tests.data.interrupt_runner start|work
"""

import os
import signal
import sys
import time

import numpy as np

from saliency_jax.data import pipeline, pixel_sets
from saliency_jax.data.types import Record, no_regions

WHEN = sys.argv[1]
# Whatever started the tests may ignore it, as shells do for jobs in the
# background; so would all processes that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

if __name__ == '__mp_main__' and WHEN == 'start':
  # A worker that is starting, held until the interrupt has come: here it ends
  # the worker, or it is blocked.
  os.write(1, b'ready\n')  # in one piece, as two workers say it at once
  while signal.SIGINT not in signal.sigpending():
    time.sleep(0.01)


class Grey:
  """Grey photographs; made here, as other modules import JAX in every worker.
  """
  image_ids = ('0',)

  def __len__(self) -> int:
    return 1

  def __getitem__(self, index: int) -> Record:
    return Record(
        '0', np.full((30, 40, 3), 128, np.uint8), np.array([[3, 4]], np.int32),
        no_regions(30, 40))


def main() -> None:
  preparation = pipeline.Preparation(
      pixel_sets.distinct_fixations, 32, ((2, 2),))
  # What a worker is told is longer than a pipe takes at once: it cannot be sent
  # to one that has died.
  batches = pipeline.batches(
      Grey(), preparation, indices=[0] * 100_000, batch_size=4,
      workers=2)
  try:
    next(batches)
    print('ready\nready', flush=True)
    # Not in the loop: Python drops an interrupt that comes while it runs a
    # finaliser, and every array of a batch has one.
    time.sleep(600)
  except KeyboardInterrupt:
    print('interrupted', flush=True)
    sys.exit(130)


if __name__ == '__main__':
  main()
