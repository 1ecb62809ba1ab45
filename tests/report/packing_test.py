"""What the scripts read is what was packed, up to the stated steps."""

import base64
import zlib

import numpy as np

from saliency_jax.report import packing


def _bytes(packed) -> bytes:
  return zlib.decompress(base64.b64decode(packed['bytes']))


def test_scores_are_thousandths():
  packed = packing.scores(np.array([1.2344, -0.5, np.nan, 1e6]))
  assert packed['packed'] == 'scores'
  unpacked = np.frombuffer(_bytes(packed), '<i2')
  assert unpacked.tolist() == [1234, -500, packing.MISSING, 32767]


def test_maps_are_bytes_between_the_ends():
  values = np.array([[-2.0, 6.0, 0.0], [-9.0, 99.0, 1.23]], np.float16)
  found = packing.LOWEST + packing.cells(values) * packing.STEP
  np.testing.assert_allclose(found, np.clip(values, -2, 6), atol=packing.STEP / 2 + 1e-6)


def test_a_grid_knows_its_size():
  packed = packing.grid(np.arange(6, dtype=np.uint8).reshape(2, 3))
  assert (packed['h'], packed['w']) == (2, 3)
  assert list(_bytes(packed['cells'])) == [0, 1, 2, 3, 4, 5]
