"""The same fixations in MATLAB's cells and structures, however laid out."""

import numpy as np
import pytest
import scipy.io

from saliency_jax.data.source import open_source
from tests.data.conventions_test import POINTS, osie


def _cells(items, row=False):
  found = np.empty(len(items), object)
  found[:] = items
  return found.reshape((1, -1) if row else (-1, 1))


def _structures(items, row=False):
  found = np.empty(len(items), [(name, object) for name in items[0]])
  for number, item in enumerate(items):
    found[number] = tuple(item.values())
  return found.reshape((1, -1) if row else (-1, 1))


# How MATLAB's files may differ: cells or structures in rows or columns, numbers
# as rows or columns, in any type that holds them.
LAYOUTS = [
  (of, row, change)
  for of, row in ((_cells, False), (_cells, True), (_structures, True))
  for change in (lambda x: x[:, None].astype(float), lambda x: x[None].astype(np.uint16))
]


@pytest.mark.parametrize(('of', 'row', 'change'), LAYOUTS)
def test_files_of_matlab_in_any_layout(of, row, change, tmp_path):
  expected = open_source('osie', **osie(tmp_path, POINTS))
  records, half = list(expected), len(POINTS['a']) // 2
  for path, value in (
    (
      tmp_path / 'eye' / 'fixations.mat',
      {
        'fixations': of(
          [
            {
              'img': f'{name}.png',
              'subjects': of(
                [
                  {'fix_x': change(part[:, 0] + 1), 'fix_y': change(part[:, 1] + 1), 'fix_duration': change(part[:, 0])}
                  for part in (xy[:half], xy[half:])
                ],
                row,
              ),
            }
            for name, xy in POINTS.items()
          ],
          row,
        )
      },
    ),
    *(
      (
        tmp_path / 'gaze' / f'{name}.mat',
        {
          'gaze': of(
            [{'fixations': (part + 1).astype(change(part[:, 0]).dtype)} for part in (xy[:half], xy[half:])], row
          )
        },
      )
      for name, xy in POINTS.items()
    ),
  ):
    path.parent.mkdir(exist_ok=True)
    scipy.io.savemat(path, value, do_compression=row)
  for found in (
    open_source('osie', tmp_path),
    open_source('salicon', tmp_path / 'stimuli', fixations=tmp_path / 'gaze'),
  ):
    assert len(np.unique(found.scanpaths(0).subjects)) == 2
    for one, other in zip(found, records, strict=True):
      np.testing.assert_array_equal(one.fixations, other.fixations)
