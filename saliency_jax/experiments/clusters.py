"""Means of groups whose observations come in clusters: regions of photographs.

Regions of one photograph are not quite independent. The covariance of the
groups' means is estimated from the sums of residuals within clusters (Liang and
Zeger 1986) with the usual correction for few clusters (CR1).
"""

from typing import NamedTuple

import numpy as np
from scipy import stats
from statsmodels.regression import linear_model


class Test(NamedTuple):
  """A test of equal means."""

  f: float
  df_between: float
  df_within: float
  p: float


class Difference(NamedTuple):
  """Of two means, with its 95 % interval; NaN where one has no error."""

  difference: float
  low: float
  high: float
  p: float


class Means:
  """The means of K groups, by a regression with a robust covariance.

  Tests are Student's t, with a degree of freedom less than there are clusters.

  Attributes:
    clusters: how many there are.
    errors: float64 `[K]`, the means' standard errors. NaN of a group in one
      cluster alone: its residuals add up to 0 there, whatever they are.
  """

  def __init__(self, values: np.ndarray, groups: np.ndarray, clusters: np.ndarray):
    """Takes N observations.

    Args:
      values: float `[N]`.
      groups: int `[N]`, 0 to K - 1, each of which occurs.
      clusters: `[N]`, the cluster of each observation.
    """
    _, cluster = np.unique(clusters, return_inverse=True)
    self.clusters, count = int(cluster.max()) + 1, int(groups.max()) + 1
    self.errors = np.full(count, np.nan)
    if self.clusters > 1 and len(values) > count:
      model = linear_model.OLS(values, np.eye(count)[groups])
      self._fit = model.fit(cov_type='cluster', cov_kwds={'groups': cluster}, use_t=True)
      self.errors = np.where(self._fit.bse > 1e-9 * values.std(), self._fit.bse, np.nan)

  def equal(self) -> Test | None:
    """Tests whether all means are equal (Wald); None of too few clusters."""
    between = len(self.errors) - 1
    if np.isnan(self.errors).any() or self.clusters <= between:
      return None
    contrast = np.eye(between, between + 1) - np.eye(between, between + 1, 1)
    if np.linalg.matrix_rank(contrast @ self._fit.cov_params() @ contrast.T) < between:
      return None
    found = self._fit.f_test(contrast)
    return Test(float(found.fvalue), between, self.clusters - 1, float(found.pvalue))

  def difference(self, first: int, second: int) -> Difference:
    """Returns the mean of one group less that of another."""
    if np.isnan(self.errors[[first, second]]).any():
      return Difference(*[np.nan] * 4)
    contrast = np.zeros(len(self.errors))
    contrast[[first, second]] = 1, -1
    found = self._fit.t_test(contrast)
    return Difference(*map(float, (found.effect[0], *found.conf_int()[0], found.pvalue)))


def half_widths(values: np.ndarray, clusters: np.ndarray) -> np.ndarray:
  """Returns half the widths of the 95 % intervals of C means, float64 `[C]`.

  Args:
    values: float64 `[N, C]`.
    clusters: `[N]`, the cluster of each observation; of one alone it is NaN.
  """
  _, cluster = np.unique(clusters, return_inverse=True)
  count = int(cluster.max()) + 1
  if count < 2:
    return np.full(values.shape[1], np.nan)
  score = np.zeros((count, values.shape[1]))
  np.add.at(score, cluster, values - values.mean(axis=0))
  return stats.t.ppf(0.975, count - 1) / len(values) * np.sqrt(count / (count - 1) * (score**2).sum(axis=0))
