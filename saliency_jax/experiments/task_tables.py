"""What two tasks make of one trunk: Tables 7 and 8, differences, distances.

He et al. 2019, Section 8. Differences have intervals over photographs, with
units chosen anew in every sample, and are means over seeds: a claim about
training is replicated by runs. A distance between two trunks is small if
another seed, another sample of images or other photographs to measure on change
as much.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from saliency_jax.data.types import ordered_categories
from saliency_jax.experiments import bootstrap, chance, predictors, statistics, table_values
from saliency_jax.experiments.depth_tables import UnitScores
from saliency_jax.experiments.task_runs import PRETRAINED, TrainedSeed
from saliency_jax.networks import variants
from saliency_jax.ops import inference

# The pairs whose distances are given; the first five also have differences.
_PAIRS = (
  ('sp', PRETRAINED),
  ('sr', PRETRAINED),
  ('sp', 'sr'),
  ('sr_shuffled', PRETRAINED),
  ('sr', 'sr_shuffled'),
  ('sp', 'sp'),
  ('sr', 'sr'),
  ('sp_half_1', 'sp_half_2'),
  (PRETRAINED, PRETRAINED),
)
Rows = list[tuple]


class Compared(NamedTuple):
  """N trunks on all regions, [0], and on B samples of photographs, [1:]."""

  names: tuple[str, ...]  # of the trunks
  # `[1 + B, N, K]`: the means of the best units for each of K categories,
  # chosen anew, in standard deviations; NaN without a region.
  best: np.ndarray
  # `[1 + B, N, N]`: correlations of the mean NSS of every unit for every
  # category.
  r: np.ndarray
  photographs: tuple[int, ...]  # `[K]`, on which each category occurs

  def places(self, pairs: Sequence[tuple[TrainedSeed, TrainedSeed]]) -> list[list[int]]:
    """Returns the indices of P pairs of trunks: P firsts, P seconds."""
    return [[self.names.index(x.name) for x in side] for side in zip(*pairs, strict=True)]


def compare(found: UnitScores, top: int) -> Compared:
  """Compares the trunks on the same samples of photographs."""
  draws = bootstrap.draw(found.image_ids, table_values.RESAMPLES)
  best, moments, photographs = [], 0.0, []
  for category in ordered_categories(found.labels):
    chosen = found.labels == category
    photographs.append(len(np.unique(found.image_ids[chosen])))
    # All regions first, then every sample: `[1 + B, N, C]`.
    means = np.stack(
      [
        np.concatenate(
          [statistics.unit_means(scores[chosen])[None], draws.means(scores[chosen], found.image_ids[chosen])]
        )
        for scores in found.members.values()
      ],
      axis=1,
    )
    best.append(np.stack([chance.best(x, top) for x in means.swapaxes(0, 1)], axis=1))
    # With a column of ones, products include sums and counts.
    means = np.nan_to_num(np.pad(means, ((0, 0), (0, 1), (0, 0)), constant_values=1) * np.isfinite(means[:, :1]))
    moments = moments + means @ means.swapaxes(1, 2)
  best = np.stack(best, axis=-1)
  count, sums = moments[:, -1:, -1:], moments[:, :-1, -1:]
  spread = moments[:, :-1, :-1] - sums @ sums.swapaxes(1, 2) / count
  with np.errstate(invalid='ignore', divide='ignore'):  # equal units
    size = np.sqrt(np.diagonal(spread, axis1=1, axis2=2))
    r = spread / (size[:, :, None] * size[:, None])
  return Compared(tuple(found.members), best, r, tuple(photographs))


def table7(trained: Sequence[TrainedSeed], rows: Sequence) -> Iterator[tuple]:
  """Yields the rows of Table 7: those of Table 2, trunk by trunk."""
  for one in trained:
    for row in rows:
      if row.layer == one.name:
        yield one.run, one.seed, *row[1:]


def differences(trained: Sequence[TrainedSeed], compared: Compared, categories: Sequence[str]) -> Rows:
  """Returns how much more one trunk responds than another, by category.

  p is corrected over all rows (Holm).
  """
  made, p = [], []
  for run, other in _PAIRS[:5]:
    pairs = [(a, b) for a, b in _pairs(trained, run, other) if other == PRETRAINED or a.seed == b.seed]
    if not pairs:
      continue
    first, second = compared.places(pairs)
    gaps = compared.best[:, first] - compared.best[:, second]
    means = gaps.mean(axis=1)
    for k, category in enumerate(categories):
      change, samples = float(means[0, k]), means[1:, k]
      interval = inference.around(change, samples, photographs=compared.photographs[k])
      rises = int((gaps[0, :, k] > 0).sum())
      made.append((run, other, category, change, *interval, len(pairs), rises))
      p.append(inference.p_value(change, samples, compared.photographs[k]))
  return [(*line, *x) for line, *x in zip(made, p, inference.holm(p), strict=True)]


def distances(trained: Sequence[TrainedSeed], compared: Compared) -> Rows:
  """Returns how far trunks lie from each other; no interval goes below 0.

  `PRETRAINED` and itself are measured on two samples of as many photographs.
  """
  made = []
  for run, other in _PAIRS:
    if run == other == PRETRAINED:
      samples = compared.best[1:, compared.names.index(PRETRAINED)]
      gaps = _gap(samples[0::2], samples[1::2])
      made.append((run, other, 1, float(gaps.mean()), *map(float, np.quantile(gaps, [0.025, 0.975])), *[np.nan] * 6))
      continue
    pairs = _pairs(trained, run, other)
    if not pairs:
      continue
    first, second = compared.places(pairs)
    both = compared.best[:, first], compared.best[:, second]
    (gap, *gaps), *correlations = (x.mean(axis=1) for x in (_gap(*both), _pearson(*both), compared.r[:, first, second]))
    line = [
      run,
      other,
      len(pairs),
      float(gap),
      *map(float, np.maximum(inference.around(float(gap), np.array(gaps)), 0)),
    ]
    for r, *samples in correlations:
      line += [float(r), *inference.of_r(float(r), np.array(samples))]
    made.append(tuple(line))
  return made


def _pairs(trained: Sequence[TrainedSeed], run: str, other: str) -> list[tuple[TrainedSeed, TrainedSeed]]:
  """Returns all pairs of seeds, each once."""
  return [
    (a, b)
    for i, a in enumerate(trained)
    for j, b in enumerate(trained)
    if a.run == run and b.run == other and (run != other or i < j)
  ]


def _gap(x: np.ndarray, y: np.ndarray) -> np.ndarray:
  """Returns the mean absolute difference over categories `[..., K]`."""
  return np.nanmean(np.abs(x - y), axis=-1)


def _pearson(x: np.ndarray, y: np.ndarray) -> np.ndarray:
  """Returns Pearson's r over categories `[..., K]`; NaN for a single one.

  Categories that are NaN in both are left out.
  """
  x, y = (of - np.nanmean(of, axis=-1, keepdims=True) for of in (x, y))
  with np.errstate(invalid='ignore'):
    return np.nansum(x * y, axis=-1) / np.sqrt(np.nansum(x * x, axis=-1) * np.nansum(y * y, axis=-1))


def accuracy(trained: Sequence[TrainedSeed], attention: pd.DataFrame, scenes: Mapping[str, str]) -> Rows:
  """Returns how well scenes are classified on held-out images, beside chance.

  Trunks with shuffled labels are left out. Intervals are over images. Chance
  for balanced accuracy is one of the scenes at random; for accuracy it is
  always the most frequent one.
  """
  made = []
  for part, images in _parts(attention)[:-1]:
    labels = images['image_id'].map(scenes).to_numpy(str)
    for one in trained:
      if one.outputs and one.run != 'sr_shuffled':
        right = images[variants.outputs_of(one.name)].to_numpy(str) == labels
        made.append((one.run, one.seed, part, *_shares(labels, right)))
    names, counts = np.unique(labels, return_counts=True)
    made.append(
      ('chance', None, part, counts.sum(), counts.max() / counts.sum(), np.nan, np.nan, 1 / len(names), np.nan, np.nan)
    )
  return made


def _parts(attention: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
  """Returns the test images, if any, the validation images, and all."""
  found = [(part, attention[attention['part'] == part]) for part in ('test', 'validation')]
  return [*(x for x in found if len(x[1])), ('all', attention)]


def _shares(labels: np.ndarray, right: np.ndarray) -> tuple:
  """Returns images, accuracy and balanced accuracy, both with intervals."""
  images = np.arange(len(labels))
  scenes = [right[labels == x].mean() for x in np.unique(labels)]
  draws = bootstrap.draw(images, table_values.RESAMPLES)
  samples = np.stack([*bootstrap.category_means(right.astype(float), labels, images, draws).values()])
  balanced = float(np.mean(scenes))
  ends = inference.around(balanced, np.nanmean(samples, axis=0), photographs=len(images))
  return len(images), *bootstrap.share(right), balanced, *map(float, np.clip(ends, 0, 1))


def table8(trained: Sequence[TrainedSeed], attention: pd.DataFrame, scenes: Mapping[str, str]) -> Iterator[tuple]:
  """Yields the rows of Table 8: attention where scenes are right, and wrong."""
  by_name = {(x.run, x.seed): x.name for x in trained}
  for part, images in _parts(attention):
    for one in trained:
      if one.run != 'sr':
        continue
      right = (images[variants.outputs_of(one.name)] == images['image_id'].map(scenes)).to_numpy()
      for trunk in (PRETRAINED, 'sp', 'sr', predictors.CENTRE, predictors.OBSERVERS):
        name = by_name.get((trunk, None if trunk == PRETRAINED else one.seed), trunk)
        for group, count, found in _groups(images[name].to_numpy(float), right):
          yield (trunk, one.seed, part, float(right.mean()), group, count, *found)


def _groups(nss: np.ndarray, right: np.ndarray) -> Iterator[tuple[str, int, tuple[float, float, float]]]:
  """Yields (group, images, mean and interval); the last is their difference."""
  known = np.isfinite(nss)
  nss, right = nss[known], right[known]
  for group, inside in (('right', right), ('wrong', ~right)):
    yield group, int(inside.sum()), bootstrap.mean(nss[inside], table_values.RESAMPLES)
  gap = low = high = np.nan
  if right.any() and not right.all():
    gap = float(nss[right].mean() - nss[~right].mean())
    draws = bootstrap.draw(np.arange(len(nss)), table_values.RESAMPLES)
    means = bootstrap.category_means(nss, right, np.arange(len(nss)), draws)
    fewer = min(right.sum(), (~right).sum())
    low, high = inference.around(gap, means['True'] - means['False'], photographs=fewer)
  yield 'difference', len(nss), (gap, low, high)
