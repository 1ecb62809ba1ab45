"""Numbers for the page's scripts: deflated bytes as text, see report.js."""

import base64
import zlib

import numpy as np

from saliency_jax.ops.resize import TILING, Placement

# Scores are thousandths of a standard deviation, at most 32.767 in size.
MISSING = -32768
# Maps: byte q is LOWEST + q * STEP standard deviations.
LOWEST, HIGHEST = -2.0, 6.0
STEP = (HIGHEST - LOWEST) / 255


def scores(values: np.ndarray) -> dict:
  """Returns numbers, with NaN, as int16 thousandths."""
  rounded = np.clip(np.round(np.asarray(values, float) * 1000), -32767, 32767)
  return integers(np.where(np.isnan(rounded), MISSING, rounded), '<i2') | {'packed': 'scores'}


def integers(values: np.ndarray, dtype: str = '<i2') -> dict:
  """Returns integers of the type '<i2' or 'u1' as a JSON value."""
  data = np.ascontiguousarray(values, np.dtype(dtype)).tobytes()
  return {'packed': dtype[-2:], 'bytes': base64.b64encode(zlib.compress(data, 3)).decode()}


def cells(maps: np.ndarray) -> np.ndarray:
  """Returns maps in standard deviations as bytes, clipped to the range."""
  scaled = (np.asarray(maps, np.float32) - LOWEST) / STEP
  return np.clip(np.round(scaled), 0, 255).astype(np.uint8)


def grid(cells_of_map: np.ndarray, placement: Placement = TILING) -> dict:
  """Returns one map `[h, w]` in bytes as a JSON value."""
  height, width = cells_of_map.shape
  return {'h': height, 'w': width, 'cells': integers(cells_of_map, 'u1'), **placed(placement)}


def placed(placement: Placement) -> dict:
  """Returns the members of a map that say where its cells lie on the image."""
  return {} if placement == TILING else placement._asdict()
