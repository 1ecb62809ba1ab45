"""Means of groups whose observations are clustered: regions of photographs.

Regions of one photograph are not quite independent. The covariance of the
groups' means is estimated from sums of residuals within clusters (Liang and
Zeger 1986), times g / (g - 1) for a group in g clusters. If every observation
is a cluster of its own, two means are compared as in Welch's test.
"""

from typing import NamedTuple

import numpy as np
from scipy import stats

from saliency_jax.ops import inference


class Test(NamedTuple):
  """A test of equal means."""

  f: float
  df_between: float
  df_within: float
  p: float


class Difference(NamedTuple):
  """A difference of two means and its 95 % interval; NaN without an error."""

  difference: float
  low: float
  high: float
  p: float


class Means:
  """The means of K groups.

  Attributes:
    clusters: number of clusters.
    errors: float64 `[K]`, the means' standard errors. NaN for a group in fewer
      than four clusters: in a single one residuals always sum to 0, and with
      two or three p is too small too often.
  """

  def __init__(self, values: np.ndarray, groups: np.ndarray, clusters: np.ndarray):
    """Takes N observations.

    Args:
      values: float `[N]`.
      groups: int `[N]`, 0 to K - 1, each of which occurs.
      clusters: `[N]`, the cluster of each observation.
    """
    _, cluster = np.unique(clusters, return_inverse=True)
    self.clusters, sizes = int(cluster.max()) + 1, np.bincount(groups)
    self._means = np.bincount(groups, values) / sizes
    sums = np.zeros((len(sizes), self.clusters))
    np.add.at(sums, (groups, cluster), (values - self._means[groups]) / sizes[groups])
    self._free = np.bincount(np.unique([groups, cluster], axis=1)[0]) - 1.0  # number of each group's clusters, less 1
    self._free[self._free + 1 < inference.FEWEST] = np.nan
    self._sums = sums * np.sqrt(1 + 1 / self._free)[:, None]
    self.errors = np.linalg.norm(self._sums, axis=1)
    # Each group's share of observations in each cluster, and the variance of
    # its mean if they were independent.
    self._shares = np.zeros_like(sums)
    np.add.at(self._shares, (groups, cluster), 1 / sizes[groups])
    squares = np.bincount(groups, (values - self._means[groups]) ** 2)
    self._variances = np.nan_to_num(squares / np.maximum(sizes - 1, 1) / sizes * (1 + 1 / self._free))

  def equal(self) -> Test | None:
    """Tests if the means with an error are equal; None with too few clusters.

    Hotelling's T squared. Its degrees of freedom are those of a Wishart matrix
    that would vary as much as the estimated covariance if observations were
    independent (Zhang 2012; Pustejovsky and Tipton 2018). With as many groups
    as here, chi-squared or F(K - 1, clusters - 1) would give p that are far too
    small.
    """
    known = np.isfinite(self.errors)
    between = int(known.sum()) - 1
    if between < 1:
      return None
    contrast = np.zeros((between, len(known)))
    contrast[:, known] = np.eye(between, between + 1) - np.eye(between, between + 1, 1)
    apart, sums = contrast @ self._means, contrast @ np.nan_to_num(self._sums)
    covariance = sums @ sums.T
    if np.linalg.matrix_rank(covariance) < between:
      return None
    freedom = self._freedom(contrast)
    within = freedom - between + 1
    if not within > 0:
      return None
    f = float(apart @ np.linalg.solve(covariance, apart)) / between * within / freedom
    return Test(f, between, within, float(stats.f.sf(f, between, within)))

  def _freedom(self, contrast: np.ndarray) -> float:
    """Returns the degrees of freedom of the covariance of contrasts `[q, K]`.

    They are q (q + 1) over the sum of the variances of the estimate's elements,
    in a basis in which its expectation is the identity. A group's residual
    totals have the covariance of multinomial counts over clusters.
    """
    once, twice = self._shares @ self._shares.T, self._shares**2 @ self._shares.T
    products = (once - twice - twice.T + once**2) * np.outer(self._variances, self._variances)
    expected = self._variances * (1 - np.diag(once))
    weights = contrast.T @ np.linalg.solve((contrast * expected) @ contrast.T, contrast)
    own = np.diag(weights)
    return float(len(contrast) * (len(contrast) + 1) / ((np.outer(own, own) + weights**2) * products).sum())

  def difference(self, first: int, second: int) -> Difference:
    """Returns the mean of one group minus that of another.

    The degrees of freedom are Satterthwaite's, from both groups' clusters.
    """
    both = [first, second]
    value, variances = self._means[first] - self._means[second], self.errors[both] ** 2
    error = np.linalg.norm(self._sums[first] - self._sums[second])
    if not error > 1e-9 * max(abs(value), *self.errors[both]):  # without variation, only rounding is left
      return Difference(float(value), *[np.nan] * 3)
    degrees = variances.sum() ** 2 / (variances**2 / self._free[both]).sum()
    reach = stats.t.ppf(0.975, degrees) * error
    p = 2 * stats.t.sf(abs(value) / error, degrees)
    return Difference(*map(float, (value, value - reach, value + reach, p)))


def half_widths(values: np.ndarray, clusters: np.ndarray) -> np.ndarray:
  """Returns half the width of the 95 % interval of C means, float64 `[C]`.

  Args:
    values: float64 `[N, C]`.
    clusters: `[N]`, the cluster of each observation; a single one gives NaN.
  """
  _, cluster = np.unique(clusters, return_inverse=True)
  count = int(cluster.max()) + 1
  if count < 2:
    return np.full(values.shape[1], np.nan)
  score = np.zeros((count, values.shape[1]))
  np.add.at(score, cluster, values - values.mean(axis=0))
  return stats.t.ppf(0.975, count - 1) / len(values) * np.sqrt(count / (count - 1) * (score**2).sum(axis=0))
