"""A made results folder of full size, to time the page with."""

import json
import pathlib

import numpy as np
from PIL import Image

from benchmarks.kernel import LAYERS
from saliency_jax import files, schema
from saliency_jax.data.types import CATEGORIES

UNITS = 512  # of every layer
REGIONS = 2291  # as many as the annotation has for 500 photographs of OSIE
_SIZE = (600, 800)  # of the photographs, pixels
_PICTURE = (640, 480)  # width and height of what is kept of them
_FIXATIONS = 106  # on a photograph
_MAPS = 3200  # kept of each layer


def make(path: pathlib.Path, images: int) -> None:
  """Writes what launch/dissect.py writes of `images` photographs.

  Numbers and maps are random; pictures have the size of photographs.
  """
  rng = np.random.default_rng(0)
  image_of = np.sort(rng.integers(0, images, REGIONS))
  labels = rng.integers(0, len(CATEGORIES), REGIONS)
  _table(
    path / 'regions.csv',
    'image_id,region_id,category,fixations',
    [(1001 + k, i, CATEGORIES[label], 10) for i, (k, label) in enumerate(zip(image_of, labels, strict=True))],
  )
  scores = {layer: rng.gamma(0.6, 1.2, (REGIONS, UNITS)).astype(np.float32) - 0.4 for layer in LAYERS}
  (path / 'association').mkdir(parents=True)
  for layer, values in scores.items():
    np.save(path / 'association' / f'{layer}.npy', values)
  with open(path / schema.TABLE2.path, 'w', encoding='utf-8') as file:
    schema.write(
      file,
      schema.TABLE2,
      [_entry(layer, c, values[labels == c]) for layer, values in scores.items() for c in range(len(CATEGORIES))],
    )
  samples = rng.normal(1, 0.1, (len(LAYERS), 500, len(CATEGORIES)))
  np.save(path / schema.SAMPLES.path, samples.astype(np.float32))
  _keep(path, rng, images, image_of)
  for name, value in (
    (
      'config.json',
      {'network': {'name': 'vgg16'}, 'data': {'image_size': 224}, 'analysis': {'top_units': 10, 'threshold': 1.5}},
    ),
    (
      'summary.json',
      {
        'job': 'dissect',
        'layout': schema.LAYOUT,
        'weights': {'name': 'made', 'sha256': '0' * 64},
        'counts': {'images': images, 'regions': REGIONS},
        'units': dict.fromkeys(LAYERS, UNITS),
        'skipped': {},
        'seconds': {},
        'device': 'none',
        'versions': {},
      },
    ),
  ):
    (path / name).write_text(json.dumps(value))


def _entry(layer: str, category: int, scores: np.ndarray) -> tuple:
  means = scores.mean(axis=0)
  best = np.argsort(-means)[:10]
  entry = dict.fromkeys(schema.TABLE2.names) | {
    'layer': layer,
    'category': CATEGORIES[category],
    'regions': len(scores),
    'mean_nss_top10': means[best].mean(),
    'units_above_threshold': int((means > 1.5).sum()),
    'top_units': best,
  }
  return tuple(entry.values())


def _keep(path: pathlib.Path, rng: np.random.Generator, images: int, image_of: np.ndarray) -> None:
  for name in ('pictures', 'masks', 'maps'):
    (path / name).mkdir()
  height, width = _SIZE
  _table(
    path / 'images.csv',
    'image_id,picture,height,width',
    [(1001 + k, f'pictures/{k:05d}.jpg', height, width) for k in range(images)],
  )
  for k in range(images):
    # Smooth colours with some grain compress as photographs do.
    smooth = Image.fromarray(rng.integers(0, 256, (24, 32, 3), np.uint8))
    picture = np.asarray(smooth.resize(_PICTURE, Image.Resampling.BICUBIC))
    grain = rng.integers(-6, 7, picture.shape[:2])[..., None]
    Image.fromarray(np.clip(picture + grain, 0, 255).astype(np.uint8)).save(
      path / 'pictures' / f'{k:05d}.jpg', quality=85
    )
    Image.fromarray(_discs(rng, int((image_of == k).sum()))).save(path / 'masks' / f'{k:05d}.png')
  np.savez(
    path / 'fixations.npz',
    points=rng.integers(0, height, (images * _FIXATIONS, 2), np.int32),
    offsets=np.arange(images + 1) * _FIXATIONS,
  )
  for layer in LAYERS:
    side = 14 if layer.startswith('conv5') else 28
    pairs = np.unique(rng.integers(0, UNITS * images, _MAPS))
    np.savez(
      path / 'maps' / f'{layer}.npz',
      units=(pairs // images).astype(np.int32),
      images=(pairs % images).astype(np.int32),
      maps=rng.normal(0, 1, (len(pairs), side, side)).astype(np.float16),
    )


def _discs(rng: np.random.Generator, count: int) -> np.ndarray:
  """Returns a mask uint16 `[H, W]` with a disc for each region."""
  height, width = _SIZE
  y, x = np.ogrid[:height, :width]
  mask = np.zeros(_SIZE, np.uint16)
  for i in range(count):
    middle, radius = rng.uniform(0, _SIZE), rng.uniform(25, 70)
    mask[(y - middle[0]) ** 2 + (x - middle[1]) ** 2 < radius**2] = 1 + i
  return mask


def _table(path: pathlib.Path, header: str, rows: list[tuple]) -> None:
  with files.replacing(path) as temporary:
    temporary.write_text('\n'.join([header, *(','.join(map(str, row)) for row in rows)]) + '\n')
