"""Scoring maps: all eight metrics beside the textbook's formulas in NumPy."""

import jax
import numpy as np
from scipy import ndimage

from benchmarks import textbook
from benchmarks.timing import Row, alternate
from saliency_jax.ops import blur, metrics

SIZE = (600, 800)  # OSIE's photographs
FIXATIONS = 141  # on a photograph of OSIE, on average
PADDED = 240
NEGATIVES = 70_000  # fixations on all of OSIE's other photographs, 500 in all
SIGMA = 22.0  # pixels, of the human map


def examples(images: int) -> list[tuple[np.ndarray, ...]]:
  """Returns saliency, points, truth and valid of made photographs.

  Maps are smooth with peaks in places of their own, half of them fixated.
  """
  rng = np.random.default_rng(0)
  human = jax.jit(lambda points, valid: blur.blurred_fixations(points, SIZE, SIGMA, valid))
  valid = np.arange(PADDED) < FIXATIONS
  made = []
  for _ in range(images):
    saliency = ndimage.gaussian_filter(rng.random(SIZE, np.float32), 12.0)
    saliency = (saliency - saliency.min()) ** 2
    points = rng.integers(0, SIZE, (PADDED, 2), np.int32)
    highest = np.argsort(saliency.ravel())[-saliency.size // 10 :]
    chosen = rng.choice(highest, FIXATIONS // 2, replace=False)
    points[: FIXATIONS // 2] = np.stack(np.divmod(chosen, SIZE[1]), axis=1)
    made.append((saliency, points, np.asarray(human(points, valid)), valid))
  return made


def compare(images: int, rounds: int) -> list[Row]:
  """Returns the time that the eight metrics take, ours and the textbook's.

  Ours read float32 from NumPy, one image after the other. NumPy has float64, as
  is its way and the peers'; in float32 it would take three quarters of that.
  """
  photographs = examples(images)
  negatives = np.random.default_rng(1).integers(0, SIZE, (NEGATIVES, 2), np.int32)
  prior = blur.centre_prior(SIZE, (150, 200))
  compiled = jax.jit(metrics.all_scores)

  def ours():
    others, baseline = jax.device_put((negatives, prior.astype(np.float32)))
    return [
      compiled(saliency, points, others, truth, baseline, valid) for saliency, points, truth, valid in photographs
    ]

  doubled = [
    (saliency.astype(np.float64), points[valid], truth.astype(np.float64))
    for saliency, points, truth, valid in photographs
  ]

  def theirs():
    return [textbook.all_scores(saliency, points, negatives, truth, prior) for saliency, points, truth in doubled]

  seconds = alternate({'ours': ours, 'theirs': theirs}, rounds=rounds)
  ms = 1000 / images
  return [
    Row(
      f'eight metrics, {images} maps of {SIZE[0]} x {SIZE[1]}, per map',
      seconds['ours'] * ms,
      'ms',
      seconds['theirs'] * ms,
      'textbook formulas in NumPy, float64',
      seconds['theirs'] / seconds['ours'],
      '>= 20',
    )
  ]
