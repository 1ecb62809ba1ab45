"""Means of groups whose observations come in clusters: regions of photographs.

Regions of one photograph are not quite independent. The covariance of the
groups' means is estimated from the sums of residuals within clusters (Liang and
Zeger 1986) with the usual correction for few clusters (CR1).
"""

from typing import NamedTuple

import numpy as np
from scipy import stats


class Test(NamedTuple):
  """A test of equal means."""

  f: float
  df_between: float
  df_within: float
  p: float


class Means(NamedTuple):
  """The means of K groups."""

  means: np.ndarray  # float64 `[K]`
  covariance: np.ndarray  # float64 `[K, K]`, robust
  clusters: int

  @property
  def errors(self) -> np.ndarray:
    """float64 `[K]`: the standard errors."""
    return np.sqrt(np.diag(self.covariance))

  @property
  def reach(self) -> float:
    """Standard errors from a contrast to the ends of its 95 % interval."""
    return float(stats.t.ppf(0.975, self.clusters - 1))

  def equal(self) -> Test | None:
    """Tests whether all means are equal (Wald); None of too few clusters."""
    between = len(self.means) - 1
    if self.clusters <= between or between < 1 or not np.isfinite(self.covariance).all():
      return None
    contrast = np.eye(between, between + 1) - np.eye(between, between + 1, 1)
    apart = contrast @ self.means
    covariance = contrast @ self.covariance @ contrast.T
    if np.linalg.matrix_rank(covariance) < between:
      return None
    f = float(apart @ np.linalg.solve(covariance, apart)) / between
    within = self.clusters - 1
    return Test(f, between, within, float(stats.f.sf(f, between, within)))

  def contrast(self, weights: np.ndarray) -> tuple[float, float, float]:
    """Returns a contrast of the means, its standard error and its p.

    Args:
      weights: float `[K]`, of the means.
    """
    value = float(weights @ self.means)
    error = float(np.sqrt(weights @ self.covariance @ weights))
    if not error:
      return value, error, float(not value)
    return value, error, float(2 * stats.t.sf(abs(value) / error, self.clusters - 1))


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


def means(values: np.ndarray, groups: np.ndarray, clusters: np.ndarray) -> Means:
  """Returns the means of groups with their robust covariance.

  Args:
    values: float `[N]`.
    groups: int `[N]`, 0 to K - 1, each of which occurs.
    clusters: `[N]`, the cluster of each observation. Of one cluster alone, or
      where no group has two observations, the covariance is NaN.
  """
  sizes = np.bincount(groups)
  mean = np.bincount(groups, values) / sizes
  _, cluster = np.unique(clusters, return_inverse=True)
  count = int(cluster.max()) + 1
  spare = len(values) - len(sizes)
  if count < 2 or not spare:
    return Means(mean, np.full((len(sizes),) * 2, np.nan), count)
  score = np.zeros((count, len(sizes)))
  np.add.at(score, (cluster, groups), (values - mean[groups]) / sizes[groups])
  correction = count / (count - 1) * (len(values) - 1) / spare
  return Means(mean, correction * score.T @ score, count)
