"""Findings: sentences computed from numbers, with the files they are from."""

import math
from typing import NamedTuple

from saliency_jax.report.numbers import number

MOST = 6  # findings on a page
FEWEST = 10  # cells, regions or arrays that one is made from


class Finding(NamedTuple):
  """A sentence and the files of the results folder that it is computed from."""
  text: str
  files: tuple[str, ...]


def between(mean: float, low: float, high: float) -> str:
  """Writes a mean with its 95 % interval, if it has one."""
  if math.isnan(low):
    return number(mean)
  return f'{number(mean)} [{number(low)}, {number(high)}]'
