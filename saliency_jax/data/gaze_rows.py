"""Checks for rows that are no fixations: events, gaze samples, repetitions."""

import pathlib
from collections.abc import Collection, Mapping

import numpy as np
from absl import logging

from saliency_jax.data import tables
from saliency_jax.data.coordinates import Coordinates
from saliency_jax.data.fixations import Fixations
from saliency_jax.errors import InputError

# What Tobii, SMI and others call their column of events, in the form of
# `Columns.others`.
NAMES = (
  'event events eyemovementtype gazeeventtype eventtype movementtype category categoryright categoryleft type fpogv'
)
# Always columns of events: 'event', and Gazepoint's flag of valid fixations.
_ALWAYS = ('event', 'fpogv')
# Prefixes of events that are fixations, and of others. Only those in _SURE show
# that a column holds events; the rest may occur in any column.
FIXATION = ('fix', 'efix', 'visual intake')
_SURE = FIXATION + ('sacc', 'esacc', 'ssacc', 'eblink', 'sblink', 'eyesnotfound')
OTHERS = _SURE[len(FIXATION) :] + ('blink', 'pso', 'purs', 'smooth pursuit', 'unclassified', 'undefined')
# From _ENOUGH fixations on, the largest share that may lie near the previous
# one, within _NEAR of their spread: 4 % in OSIE, most of all gaze samples.
_ENOUGH, _MOST, _NEAR = 50, 0.3, 0.04
_LOST = 0.05  # the share at one point that cannot be natural gaze
# A scanpath of at least _EACH points, all given twice, is a repetition and no
# chance if it has _ALONE points, or if there are _PEOPLE such scanpaths that
# make up _SHARE of all.
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
  """Returns whether an event is a fixation; if events are `flags`, '1' is one."""
  return event == '1' and flags or event.casefold().startswith(FIXATION)


def refuse(message: str, where: str, remedy: str, recorded: Coordinates, *, sure: bool = True) -> None:
  """Raises an `InputError` with a message about a file, unless it is ''.

  Only warns if the user declares that every row is a fixation, or if not
  `sure`, because the order of the rows need not be that of anybody's gaze.
  """
  if not message:
    return
  message = f'{where}: {message}; {remedy}, or {recorded.flag("missing", "none")} if every one is a fixation.'
  if sure and recorded.missing.casefold() != 'none':
    raise InputError(message)
  logging.warning('%s', message)


def fault(fixations: Collection[Fixations]) -> str:
  """Returns a message if fixations look like gaze samples, else ''.

  Those on each image are by subject, in the order they were made.
  """
  steps = [
    np.abs(np.diff(each.points, axis=0)).max(axis=1)[np.diff(each.subjects) == 0]
    for each in fixations
    if len(each.points)
  ]
  step = np.concatenate([np.zeros(0), *steps])
  points = np.concatenate([np.zeros((0, 2)), *(x.points for x in fixations)])
  points = points[~np.isnan(points).any(axis=1)]
  if len(step) < _ENOUGH or not len(points):
    return ''
  # The median absolute deviation along each axis.
  spread = np.median(np.abs(points - np.median(points, axis=0)), axis=0)
  near = np.count_nonzero(step <= _NEAR * spread.max())
  if near <= _MOST * len(step):
    return ''
  # A point that recurs in all images is lost gaze, reported by other checks.
  _, counts = np.unique(points, axis=0, return_counts=True)
  if counts.max() > _LOST * len(points) and (near - counts.max() <= _MOST * len(step)):
    return ''
  return (
    f'{near:,} of {len(step):,} fixations lie where the same person looked just before, as gaze samples do (many '
    'samples make up one fixation)'
  )


def repeated(fixations: Collection[Fixations]) -> str:
  """Returns a message if people's fixations are given twice, else ''."""
  fixations = [x for x in fixations if len(x.points)]
  points = np.concatenate([np.zeros((0, 2)), *(x.points for x in fixations)])
  times = np.concatenate([np.zeros(0), *(x.times for x in fixations)])
  points = np.column_stack([points, np.nan_to_num(times, nan=-1)])
  first = np.zeros(len(points), bool)
  first[1:] = np.diff(np.concatenate([np.zeros(0), *(x.subjects for x in fixations)])) != 0
  first[np.cumsum([0, *(len(x.points) for x in fixations)])[:-1]] = True
  person = np.cumsum(first) - 1
  # Most scanpaths are ruled out because their first fixation does not recur.
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
