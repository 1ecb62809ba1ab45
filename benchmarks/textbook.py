"""The eight metrics as textbooks write them: NumPy, one image, plain loops.

What `ops` is timed against and, in float64, checked against. Nothing is shared
with it. An area compares the whole map with every distinct fixated value.
"""

import numpy as np


def at(image: np.ndarray, points: np.ndarray) -> np.ndarray:
  """Returns an image's values at points `[N, 2]` (y, x)."""
  return image[points[:, 0], points[:, 1]]


def nss(saliency: np.ndarray, points: np.ndarray) -> float:
  """Returns the mean standardised value at the points."""
  deviation = saliency.std()
  if deviation == 0:
    return 0.0
  return at((saliency - saliency.mean()) / deviation, points).mean()


def auc(positives: np.ndarray, negatives: np.ndarray) -> float:
  """Returns the probability that a positive is higher, ties being half."""
  values, counts = np.unique(positives, return_counts=True)
  beaten = [((negatives < value).sum() + 0.5 * (negatives == value).sum()) / negatives.size for value in values]
  return float((beaten * counts).sum() / counts.sum())


def polygon(positives: np.ndarray, negatives: np.ndarray) -> float:
  """Returns the area under the points at every distinct positive value."""
  hits, alarms = [0.0], [0.0]
  for threshold in np.unique(positives)[::-1]:
    hits.append((positives >= threshold).mean())
    alarms.append((negatives >= threshold).mean())
  return float(np.trapezoid([*hits, 1.0], [*alarms, 1.0]))


def auc_judd(saliency: np.ndarray, points: np.ndarray) -> float:
  """Returns AUC-Judd: the polygon, against pixels without a point."""
  unfixated = np.ones(saliency.shape, bool)
  unfixated[points[:, 0], points[:, 1]] = False
  return polygon(at(saliency, points), saliency[unfixated])


def auc_uniform(saliency: np.ndarray, points: np.ndarray) -> float:
  """Returns the AUC against all pixels."""
  return auc(at(saliency, points), saliency)


def auc_shuffled(saliency: np.ndarray, points: np.ndarray, negatives: np.ndarray) -> float:
  """Returns the AUC against the fixations `[M, 2]` of other images."""
  return auc(at(saliency, points), at(saliency, negatives))


def density(saliency: np.ndarray, min_max: bool = False, minimum: float = 0.0) -> np.ndarray:
  """Returns a map that sums to 1, as `ops.distributions.density`."""
  low = saliency.min()
  shifted = saliency - low if min_max or low < 0 else saliency
  shifted = shifted + minimum
  if shifted.sum() == 0:
    return np.full_like(saliency, 1 / saliency.size)
  return shifted / shifted.sum()


def cc(saliency: np.ndarray, truth: np.ndarray) -> float:
  """Returns Pearson's correlation coefficient."""
  if np.ptp(saliency) == 0 or np.ptp(truth) == 0:
    return 0.0
  x, y = ((z - z.mean()) / z.std() for z in (saliency, truth))
  return (x * y).mean()


def sim(saliency: np.ndarray, truth: np.ndarray, min_max: bool = False) -> float:
  """Returns the intersection of the distributions."""
  return np.minimum(density(saliency, min_max), density(truth, min_max)).sum()


def kl(saliency: np.ndarray, truth: np.ndarray, minimum: float = 0.0, eps: float = 2.0**-52) -> float:
  """Returns the divergence of the truth from the prediction, in nats."""
  p, q = (density(x, minimum=minimum) for x in (saliency, truth))
  return (q * np.log(eps + q / (p + eps))).sum()


def information_gain(
  saliency: np.ndarray,
  baseline: np.ndarray,
  points: np.ndarray,
  min_max: bool = False,
  minimum: float = 0.0,
  eps: float = 0.0,
) -> float:
  """Returns the mean gain in bits over the baseline at the points."""
  p, b = density(saliency, min_max, minimum), density(baseline, min_max)
  return (np.log2(eps + at(p, points)) - np.log2(eps + at(b, points))).mean()


def all_scores(
  saliency: np.ndarray, points: np.ndarray, negatives: np.ndarray, truth: np.ndarray, baseline: np.ndarray
) -> tuple[float, ...]:
  """Returns the eight metrics in the order of `ops.metrics.Scores`."""
  return (
    nss(saliency, points),
    auc_judd(saliency, points),
    auc_uniform(saliency, points),
    auc_shuffled(saliency, points, negatives),
    cc(saliency, truth),
    sim(saliency, truth),
    kl(saliency, truth),
    information_gain(saliency, baseline, points),
  )
