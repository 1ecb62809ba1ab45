"""A made data set of five photographs in OSIE's layout, and its parts."""

import hashlib
import json
import pathlib

import numpy as np
import scipy.io
from PIL import Image

from saliency_jax.data.types import CATEGORIES

# (height, width): odd, prime, wide and upright. Two, as every size is compiled.
SIZES = {'2001': (121, 163), '2002': (121, 163), '2003': (131, 97), '2004': (131, 97), '2005': (121, 163)}
SUBJECTS = 4


def fingerprint(source) -> tuple[int, int, str]:
  """Returns how many images, how many fixations, and a hash of these."""
  points = {name: source.scanpaths(index).points.tolist() for index, name in enumerate(source.image_ids)}
  lines = [f'{name}:{";".join(f"{y},{x}" for y, x in of)}\n' for name, of in points.items()]
  return len(source), sum(map(len, points.values())), hashlib.sha256(''.join(lines).encode()).hexdigest()


def osie(folder: pathlib.Path) -> pathlib.Path:
  """Writes `stimuli/`, `eye/fixations.mat` and `labelme/` into `folder`.

  2001 has four regions, of which the last holds no fixation; 2002, 2003 and
  2004 have three each, so that all 12 categories occur among regions with
  fixations; 2005 has none, and no file. Every photograph has a pixel that was
  fixated twice.

  Args:
    folder: where to write; made if it is missing.

  Returns:
    `folder`.
  """
  rng = np.random.default_rng(7)
  looked = {}
  categories = iter(CATEGORIES)
  for image_id, (height, width) in SIZES.items():
    photograph(folder / 'stimuli' / f'{image_id}.jpg', height, width, rng)
    shapes = []
    if image_id != '2005':
      shapes = [
        shape(next(categories), height, width, part, kind)
        for part, kind in enumerate(('polygon', 'rectangle', 'circle'))
      ]
      if image_id == '2001':
        shapes.append({'label': 'object', 'shape_type': 'polygon', 'group_id': 9, 'points': [[1, 1], [8, 1], [8, 8]]})
      labelme(folder / 'labelme' / f'{image_id}.json', height, width, shapes)
    looked[f'{image_id}.jpg'] = scanpaths(height, width, rng)
  fixations_mat(folder / 'eye' / 'fixations.mat', looked)
  return folder


def photograph(path: pathlib.Path, height: int, width: int, rng) -> None:
  """Writes a JPEG of smooth blobs of colour."""
  path.parent.mkdir(parents=True, exist_ok=True)
  blobs = Image.fromarray(rng.integers(0, 256, (7, 9, 3), np.uint8))
  blobs.resize((width, height), Image.Resampling.BICUBIC).save(path, quality=90)


def shape(label: str, height: int, width: int, part: int, kind: str) -> dict:
  """Returns a labelme shape around the image's `part`-th of three centres."""
  x, y = _centre(height, width, part)
  r = height / 6
  points = {
    'polygon': [[x - r, y], [x, y - r], [x + r, y], [x, y + r]],
    'rectangle': [[x - r, y - r], [x + r, y + r]],
    'circle': [[x, y], [x + r, y]],
  }[kind]
  return {'label': label, 'shape_type': kind, 'group_id': part + 1, 'points': points}


def labelme(path: pathlib.Path, height: int, width: int, shapes: list[dict]) -> None:
  """Writes one labelme file."""
  path.parent.mkdir(parents=True, exist_ok=True)
  path.write_text(
    json.dumps(
      {
        'version': '5.5.0',
        'flags': {},
        'shapes': shapes,
        'imagePath': f'{path.stem}.jpg',
        'imageData': None,
        'imageHeight': height,
        'imageWidth': width,
      }
    )
  )


def scanpaths(height: int, width: int, rng) -> list[np.ndarray]:
  """Returns (x, y, duration) rows `[n, 3]` per subject, 1-based fractions."""
  found = []
  for subject in range(SUBJECTS):
    centres = [_centre(height, width, part) for part in range(3)] * 2
    rows = np.asarray(centres) + rng.normal(0, height / 16, (6, 2)) + 1
    rows = np.vstack([rows, [[width / 2, height / 2]]])  # everybody looks there
    # The last fixation is subject j's, in the j-th corner of the picture.
    rows = np.vstack([rows, [[(1, width)[subject % 2], (1, height)[subject // 2]]]])
    times = rng.integers(60, 600, len(rows))
    found.append(np.column_stack([np.round(rows, 1), times]))
  return found


def fixations_mat(path: pathlib.Path, looked: dict[str, list[np.ndarray]]) -> None:
  """Writes a MATLAB file as OSIE's: `looked[img][subject]` is `[n, 3]`."""
  path.parent.mkdir(parents=True, exist_ok=True)
  images = [
    {
      'img': name,
      'subjects': _cell(
        [
          {'fix_x': rows[None, :, 0], 'fix_y': rows[None, :, 1], 'fix_duration': rows[None, :, 2].astype(np.uint16)}
          for rows in subjects
        ]
      ),
    }
    for name, subjects in looked.items()
  ]
  scipy.io.savemat(path, {'fixations': _cell(images)}, do_compression=True)


def _cell(items: list) -> np.ndarray:
  cell = np.empty((len(items), 1), object)
  cell[:, 0] = items
  return cell


def _centre(height: int, width: int, part: int) -> tuple[float, float]:
  return ((part + 1) * width / 4, (0.35, 0.7, 0.4)[part] * height)
