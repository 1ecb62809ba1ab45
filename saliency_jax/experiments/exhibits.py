"""Which maps the page needs: some units on some images."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from saliency_jax.errors import InputError, at_least
from saliency_jax.experiments import statistics
from saliency_jax.experiments.statistics import Rows


def check(report, units: Mapping[str, int]) -> None:
  """Raises an `InputError` if a value of `config.report` makes no sense.

  Args:
    units: how many of them each tap has.
  """
  at_least(0, {f'report.{name}': report[name] for name in ('images', 'units', 'examples')})
  for name in report.also:
    unit(str(name), units, 'config.report.also')


def tap_and_unit(name: str) -> tuple[str, int]:
  """Returns the tap and the unit, counted from 0, of 'tap:unit'."""
  tap, _, number = name.rpartition(':')
  return tap, int(number)


def unit(name: str, units: Mapping[str, int], key: str) -> None:
  """Raises an `InputError` unless a name is 'tap:unit' of what is measured.

  Args:
    units: how many of them each tap has.
    key: of the config, which has the name.
  """
  tap, _, number = name.rpartition(':')
  if tap not in units or not (number.isascii() and number.isdigit()):
    raise InputError(
      f'{key} names {name!r}; name units of the taps that are measured '
      f'({", ".join(units)}), e.g. {next(iter(units))}:0.'
    )
  if int(number) >= units[tap]:
    raise InputError(f'{key} names {name!r}, and {tap} has {units[tap]} units, counted from 0.')


class Pairs(NamedTuple):
  """M units of a tap, each on an image; sorted, none twice."""

  units: np.ndarray  # int32 `[M]`, counted from 0
  images: np.ndarray  # int32 `[M]`, positions among the shown images


def pairs(rows: Rows, shown: np.ndarray, report, columns: Sequence[str]) -> dict[str, Pairs]:
  """Returns which units are kept on which images, for every tap.

  That is, among the shown images,
  - of every column the best units over all images, each on the images with its
    highest and its lowest scores, an image's score being the mean over its sets
    of the column,
  - the best unit of each tap for every set, and
  - the units that are named, on all images.

  Args:
    shown: int `[K]`, ascending positions in the data set; one at least.
    report: `config.report`.
  """
  found = {}
  ranks = np.searchsorted(shown, rows.index)
  is_shown = np.isin(rows.index, shown)
  every = np.arange(len(shown))
  for tap, scores in rows.scores.items():
    scored = statistics.measured(scores)
    parts = [(number, every) for of, number in map(tap_and_unit, report.also) if of == tap]
    inside = scored & is_shown
    parts.append((scores[inside].argmax(axis=1), ranks[inside]))
    for column in columns:
      chosen = scored & (rows.labels == column)
      if report.units and (chosen & is_shown).any():
        best = statistics.best_units(statistics.unit_means(scores[chosen]), report.units).units
        chosen &= is_shown
        images = _extremes(scores[chosen][:, best], ranks[chosen], report.examples)
        parts.append((best, images))
    found[tap] = _unique(parts, len(shown))
  return found


def _extremes(scores: np.ndarray, ranks: np.ndarray, examples: int) -> np.ndarray:
  """Returns the images with the highest and the lowest means: `[E, U]`.

  Args:
    scores: float `[T, U]`.
    ranks: int `[T]`, ascending: each row's image.
  """
  images, first, counts = np.unique(ranks, return_index=True, return_counts=True)
  means = np.add.reduceat(scores.astype(np.float64), first, axis=0) / counts[:, None]
  order = np.argsort(-means, axis=0, kind='stable')
  lowest = max(len(order) - examples, 0)
  return images[np.concatenate([order[:examples], order[lowest:]])]


def _unique(parts, images: int) -> Pairs:
  """Returns the pairs of all (units, images), which broadcast."""
  codes = np.unique(np.concatenate([(np.asarray(unit, np.int64) * images + image).ravel() for unit, image in parts]))
  return Pairs((codes // images).astype(np.int32), (codes % images).astype(np.int32))
