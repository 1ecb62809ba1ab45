"""A made part of SALICON in its three layouts: .mat files, JSON and PNGs."""

import json
import pathlib

import numpy as np
import scipy.io
from PIL import Image

HEIGHT, WIDTH = 48, 64  # a tenth of the true size
# By image and worker: (x, y) from 1, as the mouse left them.
LOOKS = {
  'COCO_train2014_000000000009': {31: [[1, 1], [64, 48], [10, 20]], 7: [[10, 20]], 12: []},
  'COCO_train2014_000000000025': {7: [[33, 2], [34, 3]], 31: [[64, 1]]},
  'COCO_train2014_000000000030': {12: [[5, 40]]},
}


def photographs(folder: pathlib.Path) -> pathlib.Path:
  """Writes the JPEGs; returns their folder."""
  folder.mkdir(parents=True)
  rng = np.random.default_rng(0)
  for image_id in LOOKS:
    Image.fromarray(rng.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)).save(folder / f'{image_id}.jpg')
  return folder


def mat_files(folder: pathlib.Path) -> pathlib.Path:
  """Writes one file per image; `gaze` is a structure array `[n, 1]`."""
  folder.mkdir(parents=True)
  for image_id, looks in LOOKS.items():
    gaze = np.empty((len(looks), 1), [(name, object) for name in ('location', 'timestamp', 'fixations')])
    for row, points in zip(gaze, looks.values(), strict=True):
      row[0]['location'] = np.array([[1.5, 2.5], [-3, 700]])  # the raw mouse
      row[0]['timestamp'] = np.array([[12], [31]])
      row[0]['fixations'] = np.array(points, np.uint16).reshape(-1, 2)
    scipy.io.savemat(
      folder / f'{image_id}.mat',
      {'image': image_id, 'resolution': [[HEIGHT, WIDTH]], 'gaze': gaze},
      do_compression=True,
    )
  return folder


def content() -> dict:
  """Returns what the JSON file holds."""
  numbers = {image_id: int(image_id[-12:]) for image_id in LOOKS}
  return {
    'info': {'description': 'made'},
    'images': [
      {'id': number, 'file_name': f'{image_id}.jpg', 'height': HEIGHT, 'width': WIDTH, 'license': 3}
      for image_id, number in numbers.items()
    ],
    'licenses': [],
    'type': 'fixations',
    'annotations': [
      {
        'id': numbers[image_id] * 100 + worker,
        'image_id': numbers[image_id],
        'worker_id': worker,
        'fixations': [[y, x] for x, y in points],
      }
      for image_id, looks in LOOKS.items()
      for worker, points in looks.items()
    ],
  }


def json_file(path: pathlib.Path) -> pathlib.Path:
  """Writes the file in COCO's manner."""
  path.parent.mkdir(parents=True, exist_ok=True)
  path.write_text(json.dumps(content()))
  return path


def pngs(folder: pathlib.Path) -> pathlib.Path:
  """Writes the fixated pixels as 255."""
  folder.mkdir(parents=True)
  for image_id, looks in LOOKS.items():
    pixels = np.zeros((HEIGHT, WIDTH), np.uint8)
    for points in looks.values():
      for x, y in points:
        pixels[y - 1, x - 1] = 255
    Image.fromarray(pixels).save(folder / f'{image_id}.png')
  return folder


def npys(folder: pathlib.Path) -> pathlib.Path:
  """Writes the maps of `pngs` as arrays."""
  for path in pngs(folder).iterdir():
    np.save(path.with_suffix('.npy'), np.asarray(Image.open(path)))
    path.unlink()
  return folder
