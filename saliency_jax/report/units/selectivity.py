"""Each unit's mean for every category, with its interval; its selectivity."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import special

NONE = -1  # instead of a category
_CHUNK = 1 << 24  # numbers that are summarised at once


class Scores(NamedTuple):
  """U units by C categories."""

  counts: np.ndarray  # int `[1 + C]`, measured rows: in all, and of each category
  means: np.ndarray  # float64 `[U, 1 + C]`, over all rows, and over each category's
  halves: np.ndarray  # float64 `[U, 1 + C]`, half the width of the means' 95 % interval
  best: np.ndarray  # int `[U]`, the category with the highest mean, or `NONE`
  selectivity: np.ndarray  # float64 `[U]`, d' of `best`


def summarise(layers: Sequence[np.ndarray], labels: np.ndarray, categories: Sequence[str]) -> Scores:
  """Returns the scores of all layers' units for each category.

  A unit's selectivity is the d' of Green and Swets (1966) between the rows of
  the category with its highest mean and all other rows,

      d' = (m_1 - m_0) / sqrt((v_1 + v_0) / 2),

  with means m and sample variances v, as usual for neurons (Afraz, Kiani and
  Esteky 2006, Nature 442). The category is chosen and measured on the same
  rows, so d' is slightly too high for categories with few rows.

  Args:
    layers: scores `[rows, units]` of each, standard deviations; a row without a
      score is NaN.
    labels: str `[rows]`, the rows' categories.
  """
  units = max(_CHUNK // max(len(labels), 1), 1)
  parts = [
    _summarise(scores[:, i : i + units], labels, categories)
    for scores in layers
    for i in range(0, scores.shape[1], units)
  ]
  return Scores(parts[0].counts, *map(np.concatenate, zip(*(part[1:] for part in parts), strict=True)))


def _summarise(scores: np.ndarray, labels: np.ndarray, categories: Sequence[str]) -> Scores:
  measured = ~np.isnan(scores).any(axis=1)
  scores, labels = (pd.DataFrame(scores[measured].astype(float)), labels[measured])
  groups = [scores, *(scores[labels == name] for name in categories)]
  counts = np.array([len(group) for group in groups])
  means = np.stack([group.mean() for group in groups], axis=1)
  variances = np.stack([group.var() for group in groups], axis=1)
  halves = factors(counts) * np.sqrt(variances / np.maximum(counts, 1))
  ranked = np.where(np.isnan(means[:, 1:]), -np.inf, means[:, 1:])
  best = ranked.argmax(axis=1) if counts[1:].any() else np.full(len(means), NONE)
  selectivity = np.full(len(means), np.nan)
  for category in np.unique(best[best != NONE]):
    chosen, name = best == category, categories[category]
    inside, outside = (scores.loc[mask, chosen] for mask in (labels == name, labels != name))
    selectivity[chosen] = (inside.mean() - outside.mean()) / np.sqrt((inside.var() + outside.var()) / 2)
  selectivity[~np.isfinite(selectivity)] = np.nan
  return Scores(counts, means, halves, best, selectivity)


def factors(counts: np.ndarray) -> np.ndarray:
  """Returns half-widths of means' 95 % intervals in standard errors, `[N]`.

  It is Student's t for `counts` values, `[N]`; NaN for fewer than two.
  """
  counts = np.asarray(counts)
  return np.where(counts > 1, special.stdtrit(np.maximum(counts - 1, 1), 0.975), np.nan)
