"""A table of two sides, a run's and the paper's or another's, to download."""

import numpy as np

from saliency_jax.report.chapter import Site, Table
from saliency_jax.report.comparison import Comparison


def table(
    site: Site, name: str, sides: Comparison, labels: tuple[str, str], *,
    digits: int
) -> Table:
  """Writes both sides, one line for each layer and side that has a number.

  Args:
    site: takes the files.
    name: of the files, without a suffix.
    sides: L layers by C columns.
    labels: of the run's side and of the other.
    digits: after the point; 0 for counts.
  """
  return site.table(
      name, ('layer', 'source', *sides.columns), [
          (layer, label, *(_value(x, digits) for x in values[i]))
          for i, layer in enumerate(sides.layers)
          for label, values in zip(
              labels, (sides.run, sides.paper), strict=True)
          if np.isfinite(values[i]).any()], digits=digits)


def _value(value: float, digits: int) -> float | int | None:
  if np.isnan(value):
    return None
  return float(value) if digits else int(value)
