"""How often are the 95 % intervals right? Drawn again from a real run.

  python -m benchmarks.coverage W [DRAWS]

The photographs of a dissection stand for all there are. Of some of them, drawn
with replacement, every interval is computed as a job does; it is right where it
holds the number of all.
"""

import collections
import itertools
import pathlib
import sys
from collections.abc import Iterator

import numpy as np
from scipy import stats

from saliency_jax import numpy_files, schema
from saliency_jax.experiments import bootstrap, chance
from saliency_jax.ops import inference
from saliency_jax.report import paper

_RESAMPLES, _TOP = 150, 10


class Photographs:
  """What units scored on the regions of a run, and how to draw from it."""

  def __init__(self, path: pathlib.Path):
    rows = schema.read(path, schema.REGIONS)
    self.images, self.labels = (np.array([getattr(x, name) for x in rows]) for name in ('image_id', 'category'))
    self.scores = {
      file.stem: numpy_files.read_npy(file, 'f').astype(float) for file in sorted((path / 'association').glob('*.npy'))
    }
    known = np.isfinite(next(iter(self.scores.values()))).all(axis=1)
    self.images, self.labels = self.images[known], self.labels[known]
    self.scores = {x: of[known] for x, of in self.scores.items()}

  def drawn(self, rows: np.ndarray, size: int, rng) -> tuple[np.ndarray, ...]:
    """Returns rows of photographs that are drawn, and which one each is of."""
    of = {x: rows[self.images[rows] == x] for x in np.unique(self.images[rows])}
    picked = [of[x] for x in rng.choice([*of], size)]
    return np.concatenate(picked), np.repeat(np.arange(size), [*map(len, picked)])


def _of_one(whole: Photographs, size: int, draws: int) -> Iterator[tuple]:
  """Yields the means of categories in layers, and how two layers differ."""
  names, counts = np.unique(whole.labels, return_counts=True)
  for (one, other), category in itertools.product(itertools.pairwise(whole.scores), names[np.argsort(counts)[-3:]]):
    rows = np.flatnonzero(whole.labels == category)
    both = whole.scores[one], whole.scores[other]

    def best(rows, both=both):
      return [chance.best(x[rows].mean(axis=0)[None], _TOP)[0] for x in both]

    true, rng = best(rows), np.random.default_rng(0)
    for seed in range(draws):
      drawn, images = whole.drawn(rows, size, rng)
      labels, value = np.full(len(drawn), category), best(drawn)
      resampled = bootstrap.draw(images, _RESAMPLES, seed)
      a, b = (bootstrap.best_units(x[drawn], labels, images, resampled, top=_TOP)[category] for x in both)
      held = chance.held_out(both[0][drawn], labels, images, top=_TOP)[category]
      yield 'mean', true[0], value[0], inference.around(value[0], a, held, photographs=size), a
      gap = value[0] - value[1]
      yield 'difference', true[0] - true[1], gap, inference.around(gap, a - b, photographs=size), a - b


def _of_all(whole: Photographs, size: int, draws: int) -> Iterator[tuple]:
  """Yields correlations of a layer with Table 2 and with another's units."""
  categories = np.unique(whole.labels)
  other = next(reversed(whole.scores.values()))
  output = other[:, np.argsort(-other.mean(axis=0))[:40]].mean(axis=1)
  for tap, scores in whole.scores.items():
    known = np.array([paper.table(2).get((tap, x), np.nan) for x in categories])

    def both(rows, scores=scores):
      inside = [rows[whole.labels[rows] == x] for x in categories]
      return np.array([(chance.best(scores[x].mean(axis=0)[None], _TOP)[0], output[x].mean()) for x in inside]).T

    def pair(best, out, known=known):
      return np.corrcoef(best, known)[0, 1], stats.spearmanr(best, out)[0]

    true = pair(*both(np.arange(len(whole.labels))))
    rng = np.random.default_rng(0)
    for seed in range(draws):
      drawn, images = whole.drawn(np.arange(len(whole.labels)), size, rng)
      labels = whole.labels[drawn]
      if len(np.unique(labels)) < len(categories):
        continue
      value = pair(*both(drawn))
      resampled = bootstrap.draw(images, _RESAMPLES, seed)
      a, b = (
        np.stack([of[x] for x in categories], axis=1)
        for of in (
          bootstrap.best_units(scores[drawn], labels, images, resampled, top=_TOP),
          bootstrap.category_means(output[drawn], labels, images, resampled),
        )
      )
      for name, i, samples in (
        ('r', 0, np.array([np.corrcoef(x, known)[0, 1] for x in a])),
        ('rho', 1, bootstrap.spearman(a, b)),
      ):
        yield (name, true[i], value[i], inference.of_r(value[i], samples), samples)


def main(path: str, draws: str = '40') -> None:
  whole = Photographs(pathlib.Path(path))
  for of, sizes in ((_of_one, (12, 40, 100)), (_of_all, (150, 300, 500))):
    for size in sizes:
      right = collections.defaultdict(list)
      for name, true, value, ends, samples in of(whole, size, int(draws)):
        z = np.arctanh if name in ('r', 'rho') else float
        low, high = np.nanquantile(samples, [0.025, 0.975])
        right[name].append(
          (
            ends.low <= true <= ends.high,
            low <= true <= high,
            2 * z(value) - z(high) <= z(true) <= 2 * z(value) - z(low),
          )
        )
      for name, held in right.items():
        print(
          f'{name} of {size} photographs, intervals that are right: '
          + ', '.join(
            f'{x} {100 * share:.0f} %'
            for x, share in zip(('ours', 'percentiles', 'basic'), np.mean(held, axis=0), strict=True)
          ),
          flush=True,
        )


if __name__ == '__main__':
  main(*sys.argv[1:])
