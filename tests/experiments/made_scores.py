"""A made data set: photographs of one size, and a table of who looked where."""

import csv
import pathlib

import numpy as np
from PIL import Image

from saliency_jax.data.source import open_source
from saliency_jax.data.types import Source
from tests.data import made

SIZE = (72, 96)  # the classical models take no smaller ones
IMAGE_IDS = ('p1', 'p2', 'p3', 'p4')
OBSERVERS = ('ann', 'bob', 'cyd')


def photographs(folder: pathlib.Path) -> pathlib.Path:
  """Writes `images/` and `looks.csv`; returns `folder`.

  Everybody looks at three places of each photograph; ann at one twice. cyd
  fixated nothing on p3, and nobody but bob looked at p4, once within the image
  and once outside.
  """
  rng = np.random.default_rng(3)
  rows = []
  for image_id in IMAGE_IDS:
    made.photograph(folder / 'images' / f'{image_id}.jpg', *SIZE, rng)
    places = rng.integers((8, 8), (SIZE[0] - 8, SIZE[1] - 8), (3, 2))
    for observer in OBSERVERS:
      if (image_id, observer) == ('p3', 'cyd') or image_id == 'p4':
        continue
      looks = places + rng.integers(-3, 4, (3, 2))
      if observer == 'ann':
        looks = np.concatenate([looks, looks[:1]])
      rows += [(image_id, observer, x, y) for y, x in looks]
  rows += [('p4', 'bob', 50, 30), ('p4', 'bob', -5, 30)]
  with (folder / 'looks.csv').open('w', newline='') as file:
    writer = csv.writer(file)
    writer.writerow(('image', 'subject', 'x', 'y'))
    writer.writerows(rows)
  return folder


def osie(folder: pathlib.Path) -> pathlib.Path:
  """Writes two photographs in OSIE's layout, with `labelme/`; returns `folder`."""
  rng = np.random.default_rng(4)
  looked = {}
  for image_id, labels in (('1', ('text', 'food', 'text')), ('2', ('food', 'plant', 'text'))):
    made.photograph(folder / 'stimuli' / f'{image_id}.jpg', *SIZE, rng)
    made.labelme(
      folder / 'labelme' / f'{image_id}.json',
      *SIZE,
      [made.shape(label, *SIZE, part, 'rectangle') for part, label in enumerate(labels)],
    )
    looked[f'{image_id}.jpg'] = made.scanpaths(*SIZE, rng)
  made.fixations_mat(folder / 'eye' / 'fixations.mat', looked)
  return folder


def source(folder: pathlib.Path) -> Source:
  """Opens what `photographs` has written."""
  return open_source('table', folder / 'images', fixations=folder / 'looks.csv', drop_outside=True)


def maps(folder: pathlib.Path, image_ids=IMAGE_IDS, seed: int = 0):
  """Writes smooth 16-bit maps of half the size; returns `folder`."""
  rng = np.random.default_rng(seed)
  folder.mkdir(parents=True, exist_ok=True)
  for image_id in image_ids:
    blobs = Image.fromarray(rng.random((5, 6), np.float32))
    values = np.asarray(blobs.resize((SIZE[1] // 2, SIZE[0] // 2), Image.Resampling.BICUBIC))
    values = np.round(1000 + 5000 * values).astype(np.uint16)
    Image.fromarray(values).save(folder / f'{image_id}.png')
  return folder
