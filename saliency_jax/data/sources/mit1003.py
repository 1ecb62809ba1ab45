"""MIT1003: 1003 photographs, looked at by 15 people for 3 s each.

Judd et al., "Learning to predict where humans look", ICCV 2009. The photographs
(ALLSTIMULI) lie in one folder; `DATA/<subject>/<stem>.mat` holds what the eye
tracker saw of one person on one photograph: a variable named as the stem (its
first 63 characters) with `.DATA(1).eyeData`, `[n, 2]` (x, y) in pixels from 1,
240 samples a second, negative during blinks.

These are gaze samples. The authors' own program makes fixations of them, in
MATLAB and with rules that the paper does not give; here they are found by the
spread of the samples, I-DT of Salvucci and Goldberg, "Identifying fixations and
saccades in eye-tracking protocols", ETRA 2000: 100 ms or more within 1 degree
of visual angle (35 pixels). So the fixations are not the authors', and scores
should be compared on one and the same set: `fixation_maps`, `table` and
`pysaliency_file` read fixations that somebody else has made. As in the paper,
each person's first fixation is left out, and so are those off the photograph.
"""

import dataclasses
import math
import pathlib

import numpy as np

from saliency_jax.data import fixations, matlab
from saliency_jax.data.images import files_by_stem, list_images
from saliency_jax.data.photographs import Photographs
from saliency_jax.errors import InputError

_RATE = 0.24  # samples per ms
_SHORTEST = 24  # samples, 100 ms
_WIDEST = 35  # px, 1 degree
_NAME = 63  # the most characters that MATLAB gives a variable's name


class Mit1003(Photographs):
  """A `Source` of photographs and `DATA`; see the module."""

  def _open(self, images, fixations, recorded):
    if recorded.offset == 'centre' or recorded.scale.count('-'):
      raise InputError(
        f'{fixations}: MIT1003 marks blinks by negative coordinates, so none of them can count from the centre or '
        f'downwards; leave {recorded.flag("offset")} and {recorded.flag("scale")} out.'
      )
    files = list_images(images)
    return files, _Gaze(fixations, files), dataclasses.replace(recorded, origin=1, drop_outside=True)


class _Gaze(fixations.FixationReader):
  """The samples of all subjects, read when asked for; a `FixationReader`."""

  lazy = True

  def __init__(self, folder: pathlib.Path, files: dict[str, pathlib.Path]):
    if not folder.is_dir():
      raise InputError(f'There is no folder of eye-tracking data {folder}.')
    # Beside the photographs' files lie those of calibration and order.
    self._subjects = [files_by_stem(each, ('.mat',)) for each in sorted(folder.glob('[!.]*')) if each.is_dir()]
    seen = set().union(*self._subjects)
    super().__init__(folder, {image_id: path.name for image_id, path in files.items() if image_id in seen})

  def recorded(self, image_id: str, height: int, width: int) -> fixations.Fixations:
    del height, width
    people = []
    for subject, seen in enumerate(self._subjects):
      if image_id in seen:
        centres, times = find_fixations(_samples(seen[image_id], image_id))
        people.append((subject, np.column_stack([centres[:, ::-1], np.diff(times, axis=1), times[:, 0]])[1:]))
    return fixations.joined(people)


def find_fixations(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Finds fixations by dispersion (I-DT, Salvucci and Goldberg 2000).

  A fixation is the longest run of samples from its beginning on whose extents
  along x and y add up to 35 pixels at most; it lasts 100 ms or more.

  Args:
    samples: float64 `[n, 2]` (x, y) in pixels, 240 a second; a sample at 0, 0,
      or with a negative or no number, is a blink, which ends a fixation.

  Returns:
    The samples' means `[F, 2]` and (begin, end) `[F, 2]` in ms.
  """
  runs, start, points = [], 0, samples.tolist()
  while start + _SHORTEST <= len(samples):
    end = _end(points, start)
    if end - start < _SHORTEST:
      start += 1
    else:
      runs.append((start, end))
      start = end
  centres = [samples[start:end].mean(axis=0) for start, end in runs]
  return np.reshape(centres, (-1, 2)), np.reshape(runs, (-1, 2)) / _RATE


def _end(samples: list[list[float]], start: int) -> int:
  """Returns the end of the samples from `start` on that lie close together."""
  left = top = math.inf
  right = bottom = -math.inf
  for number in range(start, len(samples)):
    x, y = samples[number]
    left, right = min(left, x), max(right, x)
    top, bottom = min(top, y), max(bottom, y)
    if not (x >= 0 and y >= 0 and x + y and right - left + bottom - top <= _WIDEST):
      return number
  return len(samples)


def _samples(path: pathlib.Path, image_id: str) -> np.ndarray:
  name = image_id[:_NAME]
  value = matlab.load(path, name)
  if value is None:
    raise InputError(f'{path} has no variable {name}; is it of this data set?')
  data = matlab.field(value, 'DATA', list, str(path))
  samples = matlab.field(data[:1], 'eyeData', np.ndarray, str(path))
  if samples.ndim != 2 or not 2 <= samples.shape[1] < _SHORTEST:
    raise InputError(f'{path}: eyeData is no [n, 2] array; is it of this data set?')
  return samples[:, :2].astype(np.float64)
