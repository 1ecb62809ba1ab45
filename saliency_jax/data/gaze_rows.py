"""Rows of gaze that are no fixations: other events, samples, and repetitions."""

import pathlib
from collections.abc import Collection, Mapping

import numpy as np
from absl import logging

from saliency_jax.data import tables
from saliency_jax.data.coordinates import Coordinates
from saliency_jax.data.fixations import Fixations
from saliency_jax.errors import InputError

# What Tobii, SMI and others call their column of events, as `Columns.others`.
NAMES = (
  'event events eyemovementtype gazeeventtype eventtype movementtype category categoryright categoryleft type fpogv'
)
# Those that are of events whatever their values: the column called so here, and
# Gazepoint's of fixations that are valid.
_ALWAYS = ('event', 'fpogv')
# How an event that is a fixation begins, and those that are known to be none;
# the last ones may be words of a column that is of no events.
FIXATION = ('fix', 'efix', 'visual intake')
_SURE = FIXATION + ('sacc', 'esacc', 'ssacc', 'eblink', 'sblink', 'eyesnotfound')
OTHERS = _SURE[len(FIXATION) :] + ('blink', 'pso', 'purs', 'smooth pursuit', 'unclassified', 'undefined')
# Of so many fixations or more, the share that may lie near the one before,
# within so much of what they spread over: of OSIE's it is 4 %, of samples most.
_ENOUGH, _MOST, _NEAR = 50, 0.3, 0.04
_LOST = 0.05  # the share at one place that people do not explain
# So many points, all fixated twice, are so by no chance: of one person, or of
# so many people and such a share of all.
_ALONE, _EACH, _PEOPLE, _SHARE = 8, 3, 3, 0.01


def column(path: pathlib.Path, named: Mapping[str, str]) -> str:
  """Returns which of `NAMES` is a table's column of events, or ''."""
  values: dict[str, set[str]] = {}
  for _, fields in tables.rows(path, tables.Columns((), (), named, '', {'event': NAMES}, ('event',))):
    for name, value in fields.items():
      if value.casefold().startswith(_SURE):
        return name
      values.setdefault(name, set()).add(value)
    if not fields:
      break
  return next((name for name in _ALWAYS if len(values.get(name, ())) > 1), '')


def is_fixation(event: str, flags: bool = True) -> bool:
  """Returns whether a text of a column of events says so, '1' where they are
  `flags`, as Gazepoint's.
  """
  return event == '1' and flags or event.casefold().startswith(FIXATION)


def refuse(said: str, where: str, remedy: str, recorded: Coordinates, *, sure: bool = True) -> None:
  """Raises an `InputError` of what is said of a file, or, if the user says that
  all are fixations or their order may be nobody's gaze, not `sure`, warns.
  """
  if not said:
    return
  said = f'{where}: {said}; {remedy}, or {recorded.flag("missing", "none")} if every one is a fixation.'
  if sure and recorded.missing.casefold() != 'none':
    raise InputError(said)
  logging.warning('%s', said)


def fault(found: Collection[Fixations]) -> str:
  """Says that fixations are gaze samples, or ''.

  Args:
    found: those of each image, by subject in the order they were made.
  """
  steps = [
    np.abs(np.diff(each.points, axis=0)).max(axis=1)[np.diff(each.subjects) == 0] for each in found if len(each.points)
  ]
  step = np.concatenate([np.zeros(0), *steps])
  points = np.concatenate([np.zeros((0, 2)), *(x.points for x in found)])
  points = points[~np.isnan(points).any(axis=1)]
  if len(step) < _ENOUGH or not len(points):
    return ''
  # Half of all lie so near the middle.
  spread = np.median(np.abs(points - np.median(points, axis=0)), axis=0)
  near = np.count_nonzero(step <= _NEAR * spread.max())
  if near <= _MOST * len(step):
    return ''
  # At one place of all images lies lost gaze, of which others speak.
  _, counts = np.unique(points, axis=0, return_counts=True)
  if counts.max() > _LOST * len(points) and (near - counts.max() <= _MOST * len(step)):
    return ''
  return (
    f'{near:,} of {len(step):,} fixations lie where the same person looked just before, as gaze samples do (many '
    'samples make up one fixation)'
  )


def repeated(found: Collection[Fixations]) -> str:
  """Says that people's fixations are given twice, or ''.

  Args:
    found: those of each image, by subject.
  """
  found = [x for x in found if len(x.points)]
  points = np.concatenate([np.zeros((0, 2)), *(x.points for x in found)])
  times = np.concatenate([np.zeros(0), *(x.times for x in found)])
  points = np.column_stack([points, np.nan_to_num(times, nan=-1)])
  first = np.zeros(len(points), bool)
  first[1:] = np.diff(np.concatenate([np.zeros(0), *(x.subjects for x in found)])) != 0
  first[np.cumsum([0, *(len(x.points) for x in found)])[:-1]] = True
  person = np.cumsum(first) - 1
  # Of whom the first fixation is there again the others are counted, too.
  again = (points == points[first][person]).all(axis=1)
  rows = np.column_stack([person, points])[(np.bincount(person, again) > 1)[person]]
  rows = rows[np.lexsort(rows.T)]
  other = (np.diff(rows, axis=0, prepend=-1) != 0).any(axis=1)
  person = rows[other, 0].astype(int)
  odd = np.diff(np.flatnonzero(other), append=len(rows)) % 2
  counts = np.bincount(person)
  twice = (counts >= _EACH) & (np.bincount(person, odd) == 0)
  enough = max(_PEOPLE, _SHARE * first.sum())
  return (
    ''
    if twice.sum() < enough and not (twice & (counts >= _ALONE)).any()
    else f'{twice.sum():,} times all fixations of a person on an image are given twice'
  )
