"""What looking for inputs that mean something else costs, beside reading."""

import pathlib
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from unittest import mock

import numpy as np
from PIL import Image

from benchmarks.timing import Row
from saliency_jax.data import pipeline, pixel_sets
from saliency_jax.data.source import check_sizes, open_source
from saliency_jax.data.sources import fixation_maps
from saliency_jax.data.types import Source


def compare(osie: str, images: int = 200, rounds: int = 5) -> list[Row]:
  """Returns the share of processor time that the checks take, by kind.

  Beside decoding each photograph and its fixations and resizing it to 224 x
  224, as a job does once.

  Args:
    osie: a folder in OSIE's layout; a table and maps are made of its fixations.
  """
  found = open_source('osie', osie)
  with tempfile.TemporaryDirectory() as folder:
    place = pathlib.Path(folder)
    for name in ('images', 'maps'):
      (place / name).mkdir()
    rows = ['image,x,y']
    for index in range(min(images, len(found))):
      path, points = found.photograph(index), found.scanpaths(index).points
      shutil.copy(path, place / 'images')
      pixels = np.zeros(found.size(index), np.uint8)
      pixels[tuple(points.T)] = 255
      Image.fromarray(pixels).save(place / 'maps' / f'{path.stem}.png')
      rows += [f'{path.name},{x},{y}' for y, x in points.tolist()]
    (place / 'points.csv').write_text('\n'.join(rows))
    return [
      _row(
        'a table of fixations', lambda: open_source('table', place / 'images', fixations=place / 'points.csv'), rounds
      ),
      _row('maps of fixations', lambda: open_source('maps', place / 'images', fixations=place / 'maps'), rounds),
    ]


def _row(title: str, opened: Callable[[], Source], rounds: int) -> Row:
  checks, reading, judged = [], [], fixation_maps._fault
  for _ in range(rounds):
    source, spent = opened(), []
    source._sizes.clear()  # the headers are read for the checks

    def judge(*arguments, spent=spent):
      start = time.process_time()
      said = judged(*arguments)
      spent.append(time.process_time() - start)
      return said

    start = time.process_time()
    source._check_coordinates()
    check_sizes(source)
    checked = time.process_time()
    rows = pipeline.Preparation(pixel_sets.nothing, 224, ((14, 14),))
    with mock.patch.object(fixation_maps, '_fault', judge):
      for index in range(len(source)):
        rows.row(source, index)
    checks.append(checked - start + sum(spent))
    reading.append(time.process_time() - checked - sum(spent))
  spent, read = statistics.median(checks), statistics.median(reading)
  return Row(
    f'checking {len(source)} photographs with {title}',
    1e3 * spent,
    'ms',
    1e3 * read,
    'reading them',
    spent / read,
    '<= 0.01',
  )
