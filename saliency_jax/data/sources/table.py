"""Any folder of images with a table of fixations: image, subject, x, y, t.

The file, read by `data.tables`, has a row for each fixation. `image` is the
file's name in the folder, or its stem; `x` and `y` are pixels from 0 at the top
left pixel's centre (or as `Coordinates` says); `subject` is any name, `t` the
time in ms at which the fixation began and `duration` its length in ms. The last
three are optional: without them all rows are of one subject, in the file's
order. If the user names a column `event`, as eye trackers write it, only
fixations count, and consecutive rows at one point are one. Without it, other
events are refused; gaze samples always are.
"""

import math
import os
import pathlib
import re

import numpy as np
from absl import logging

from saliency_jax.data import fixations, gaze_rows, tables
from saliency_jax.data.coordinates import Coordinates
from saliency_jax.data.images import list_images, normal
from saliency_jax.data.photographs import Photographs
from saliency_jax.errors import InputError

_NEEDED = ('image', 'x', 'y')
_OPTIONAL = ('subject', 't', 'duration', 'event')
_NUMBERS = ('x', 'y', 't', 'duration')
# Pupil Labs: shares of the height, counted from the bottom.
_UPWARDS = 'norm_pos_y'
# Differences within one person's names: 1 and 01, p1 and P01.
_SAME = re.compile(r'(?<!\d)0+(?=\d)')
# Names in other programs, in letters and digits only.
_OTHERS = {
  'image': 'stimulus filename file imagename picture medianame stimulusname presentedstimulusname presentedmedianame',
  'x': 'fpogx fixx fixationx gazex currentfixx normposx fixationpointx fixationpositionx gazepointx col column',
  'y': 'fpogy fixy fixationy gazey currentfixy normposy fixationpointy fixationpositiony gazepointy row',
  'subject': 'participant observer subjects subj user worker recording participantid subjectid participantname '
  'recordingsessionlabel wearerid',
  't': 'time timestamp start onset currentfixstart recordingtimestamp starttimestamp eventstarttrialtime',
  'event': gaze_rows.NAMES,
  'duration': 'dur fixduration fpogd currentfixduration gazeeventduration eventduration',
}


class Table(Photographs):
  """A `Source` of a folder of images and a table; see the module.

  Subjects are numbered in the order of the file.
  """

  def _open(self, images, fixations, recorded, columns=''):
    """Reads the table; `columns` gives its names, as in 'image=stimulus,...'."""
    named = _named(columns, recorded)
    asked = tables.Columns(_NEEDED, _OPTIONAL, named, recorded.flag('columns'), _OTHERS, ('event',))
    reader = _Rows(fixations, recorded, asked)
    files = list_images(images, map(_last, reader.names))
    reader.match_files(files)
    return files, reader, recorded


class _Rows(fixations.FixationReader):
  """A table that has been read; a `FixationReader` after `match_files`."""

  def __init__(self, path: pathlib.Path, recorded: Coordinates, columns: tables.Columns):
    super().__init__(path, {}, {})
    self._recorded = recorded
    # For each fixation its row, `_NUMBERS` and subject.
    self._rows: dict[str, list[tuple[float, ...]]] = {}
    self._ordered = False
    subjects: dict[str, int] = {}
    upwards = columns.named.get('y', '').casefold() == _UPWARDS
    self._events = 'event' in columns.named
    named = ','.join(map('='.join, (columns.named | {'event': 'COLUMN'}).items()))
    self._help = 'keep one row for each fixation'
    if not self._events:
      self._help += f', or give {recorded.flag("columns", named)}, the one that tells fixations from other events'
    of_events = 'event' if self._events else gaze_rows.column(path, columns.named)
    # Flags are 0 and 1 alone; in a column that numbers events, 1 is no flag.
    flags = self._events and all(x.get('event', '') in ('', '0', '1') for _, x in tables.rows(path, columns))
    passed = set()
    for number, fields in tables.rows(path, columns):
      event = fields.get(of_events, '')
      if self._events and not gaze_rows.is_fixation(event, flags):
        passed.add(event)
        continue
      if event and not gaze_rows.is_fixation(event):
        message = f'not a fixation but {event!r}; {self._help}'
        if event.casefold().startswith(gaze_rows.OTHERS):
          raise InputError(f'{path}, row {number} is {message}.')
        if recorded.missing.casefold() != 'none':
          raise InputError(
            f'{path}, row {number} is {message}, or {recorded.flag("missing", "none")} if every one is a fixation.'
          )
      subject = normal(fields.get('subject', ''))
      self._ordered |= bool(subject or fields.get('t') or event)
      if upwards:
        fields['y'] = f'{1 - self._number(fields["y"], "y", number)}'
      self._rows.setdefault(normal(fields['image']), []).append(
        (
          number,
          *(self._number(fields.get(name, ''), name, number) for name in _NUMBERS),
          subjects.setdefault(subject, len(subjects)),
        )
      )
      self.names.setdefault(normal(fields['image']), fields['image'])
    if passed and not self._rows:
      raise InputError(
        f'{path} has no fixation: the column {columns.named["event"]} has '
        f'{", ".join(map(repr, sorted(passed)[:5]))}, but fixations begin with '
        f'{", ".join(gaze_rows.FIXATION)}; rename them, or name another column.'
      )
    alike = {_SAME.sub('', each.casefold()): each for each in subjects}
    if apart := subjects.keys() - alike.values():
      logging.warning(
        '%s: %d of %d subjects differ from others only in case or leading zeros (%s and %s); spell them alike.',
        path,
        len(apart),
        len(subjects),
        *sorted([min(apart), alike[_SAME.sub('', min(apart).casefold())]]),
      )

  def match_files(self, files: dict[str, pathlib.Path]) -> None:
    """Maps the table's names, which are stems, file names or paths, to files."""
    # The case of the ending may differ; a stem gives way to a file name.
    known = {_with_lower_ending(file.name): image_id for image_id, file in files.items()}
    known |= {image_id: image_id for image_id in files}
    known |= {normal(file.name): image_id for image_id, file in files.items()}
    rows, names, folders = {}, {}, {}
    for name, of_name in self._rows.items():
      image_id = known.get(name) or known.get(_last(name)) or known.get(_with_lower_ending(_last(name)), name)
      folder = name.replace('\\', '/').rpartition('/')[0].casefold()
      # Two folders in one person's rows mean two images; in different people's,
      # the same image on two machines.
      seen, people = folders.setdefault(image_id, {}), {row[-1] for row in of_name}
      for other, (whose, called) in seen.items() if image_id in files and folder else ():
        if other and other != folder and whose & people:
          raise InputError(
            f'{self.place} names {called} and {name}, but there is only one {files[image_id].name}; keep the rows of '
            "this folder's images alone, or write both alike if they are one image."
          )
      seen.setdefault(folder, (set(), name))[0].update(people)
      names[image_id] = self.names[name]
      rows.setdefault(image_id, []).extend(of_name)
    self.names = names
    self._numbers = {}
    for image_id, of_image in rows.items():
      values = np.array(of_image)
      # Sorted by subject and time, otherwise as in the file.
      values = values[np.lexsort(values[:, [0, 3, 5]].T)]
      if self._events:
        values = values[np.append(True, np.diff(values[:, [1, 2, 5]], axis=0).any(axis=1))]
      numbers, x, y, times, durations, subjects = values.T
      self._numbers[image_id] = numbers
      self._fixations[image_id] = fixations.make(np.stack([y, x], axis=1), subjects, durations, times)
    self._rows = {}
    recorded = self._fixations.values()
    for message, sure in ((gaze_rows.repeated(recorded), True), (gaze_rows.fault(recorded), self._ordered)):
      gaze_rows.refuse(message, str(self.place), self._help, self._recorded, sure=sure)

  def where(self, image_id: str, wrong: np.ndarray) -> tuple[int, str]:
    numbers = np.where(wrong, self._numbers[image_id], np.inf)
    first = int(np.argmin(numbers))
    return first, f'{self.place}, row {numbers[first]:.0f}'

  def _number(self, text: str, column: str, row: int) -> float:
    missing = self._recorded.missing.casefold()
    if not text and column in _OPTIONAL or (missing not in ('', 'none') and text.casefold() in ('', 'nan', missing)):
      return math.nan
    try:
      # Python would read 1_0 as 10.
      value = float(text.replace('_', '?'))
    except ValueError:
      value = math.nan
    if not math.isfinite(value):
      lost = (
        ''
        if column in _OPTIONAL or any(map(str.isdigit, text))
        else (f', or {self._recorded.flag("missing", text or "nan")} if that is lost gaze')
      )
      raise InputError(
        f'{self.place}, row {row}: {column} is {text!r}; give a finite number with a decimal point{lost}.'
      )
    return value


def _last(name: str) -> str:
  return name.replace('\\', '/').rpartition('/')[2]


def _with_lower_ending(name: str) -> str:
  stem, ending = os.path.splitext(normal(name))
  return stem + ending.lower()


def _named(columns: str, recorded: Coordinates) -> dict[str, str]:
  """Returns the table's names of columns, by ours."""
  pairs = [part.partition('=') for part in columns.split(',') if part.strip()]
  named = {ours.strip(): theirs.strip() for ours, _, theirs in pairs}
  if len(named) < len(pairs) or not all(ours in _NEEDED + _OPTIONAL and theirs for ours, theirs in named.items()):
    raise InputError(
      f'{recorded.flag("columns")} is {columns!r}; name columns of the table '
      f'as in image=stimulus,x=FPOGX, for {", ".join(_NEEDED + _OPTIONAL)}.'
    )
  return named
