"""The rows of layers, on small maps."""

import pytest

from benchmarks import layers


def test_rows_are_returned():
  rows = layers.compare(2, 1, convolutions=[(6, 4)], poolings=[(6, 4)])
  assert [row.name.split(' of')[0] for row in rows] == [
      'convolution', 'pooling']
  for row in rows:
    assert row.ratio == pytest.approx(row.measured / row.beside)
    assert '6 x 6' in row.name
