"""Which model is better? Paired differences, on the same images.

Every two models, metric by metric, on every data set.
"""

import itertools
from collections.abc import Sequence

import numpy as np
from scipy import stats

from saliency_jax.experiments import bootstrap
from saliency_jax.experiments.predictors import OBSERVERS
from saliency_jax.experiments.score_lists import Scored
from saliency_jax.ops import inference


def rows(found: Sequence[Scored], resamples: int) -> list[tuple]:
  """Returns the lines of `schema.DIFFERENCES`; none of one model alone.

  The interval is a bootstrap over images, as that of a mean; p is of Student's
  paired t test, whose tail is finer than shares of samples, of shares (found or
  not) of McNemar's exact test, and corrected for all lines (Holm). An image
  does not count where a score of either is not defined, e.g. of a search that
  fails.
  """
  made, p = [], []
  for each in found:
    models = {
        x: each.scoring.compared(of) for x, of in each.scores.items()
        if x != OBSERVERS}
    for (model, one), (other, second) in itertools.combinations(
        models.items(), 2):
      for metric in one:
        known = np.isfinite(one[metric]) & np.isfinite(second[metric])
        gap = one[metric][known] - second[metric][known]
        made.append((
            model, other, each.scoring.dataset.name, metric,
            *bootstrap.mean(gap, resamples), len(gap)))
        p.append(_paired(gap))
  return [(*line, *x) for line, *x in zip(
      made, p, inference.holm(p), strict=True)]


def _paired(gap: np.ndarray) -> float:
  """Returns the p of a mean difference of 0; NaN of fewer than 2 images."""
  if len(gap) < 2:
    return np.nan
  if not np.ptp(gap) or np.isin(gap, (-1, 0, 1)).all():
    changed = np.count_nonzero(gap)
    return float(stats.binomtest((gap > 0).sum(), changed).pvalue
                 ) if changed else 1.
  return float(stats.ttest_1samp(gap, 0).pvalue)
