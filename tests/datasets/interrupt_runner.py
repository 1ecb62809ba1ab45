"""Reads with worker processes until it is interrupted; see `interrupt_test`."""

import numpy as np

from saliency_jax.datasets import pipeline, sets
from saliency_jax.datasets.records import Record, no_regions


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
  preparation = pipeline.Preparation(sets.distinct_fixations, 32, ((2, 2),))
  try:
    for number, _ in enumerate(pipeline.batches(
        Grey(), preparation, indices=[0] * 10_000_000, batch_size=4, workers=2)):
      if number == 3:
        print('reading', flush=True)
  except KeyboardInterrupt:
    print('interrupted', flush=True)


if __name__ == '__main__':
  main()
