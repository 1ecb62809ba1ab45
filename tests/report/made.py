"""Makes small results folders as the jobs write them, without JAX."""

import csv
import json
import pathlib

import numpy as np
from PIL import Image

TOP = 2
THRESHOLD = 1.5
LAYERS = ('conv5_3', 'conv5_1', 'conv4_2', 'conv4_1')
KINDS = ('colour', 'shape')
HEIGHT, WIDTH = 45, 60  # of every image, pixels
CELLS = (4, 5)  # of every map
# The columns of `beside`.
BESIDE = 'mean_low mean_high held_out chance_low chance_mean chance_high'


def scores(layers=LAYERS, rows: int = 6, units: int = 5, seed: int = 0) -> dict[str, np.ndarray]:
  """Returns random scores of every layer, `[rows, units]`."""
  rng = np.random.default_rng(seed)
  return {layer: rng.normal(1, 1, (rows, units)) for layer in layers}


def popout(
  folder: pathlib.Path,
  scored: dict[str, np.ndarray],
  *,
  kinds=KINDS,
  image_ids=None,
  shown: int | None = None,
  weights: str = 'imagenet',
  depth: int | None = None,
) -> pathlib.Path:
  """Writes a finished pop-out run; kinds take turns.

  Args:
    folder: made if it is missing.
    scored: layer -> `[arrays, units]`.
    kinds: of targets.
    image_ids: of the arrays.
    shown: how many arrays have a picture; all by default.
    weights: their name.
    depth: convolutions trained; None for a plain trunk.
  """
  count = len(next(iter(scored.values())))
  image_ids = image_ids or [f'array-{i:02d}' for i in range(count)]
  rows = [(image_ids[i], kinds[i % len(kinds)], 'grey', 16) for i in range(count)]
  _table(folder / 'patterns.csv', 'image_id kind background set_size', rows)
  best = {layer: _best(x) for layer, x in scored.items()}
  _table(
    folder / 'table5.csv',
    f'layer mean_nmm_top10 {BESIDE} top_units',
    [(layer, f'{mean:.6f}', *beside(mean), ' '.join(map(str, units))) for layer, (mean, units) in best.items()],
  )
  samples(folder, [[mean] for mean, _ in best.values()])
  _keep(folder, scored, image_ids[:shown], [1] * len(image_ids[:shown]), fixations=0, readout=depth is not None)
  return _finish(folder, 'popout', 'nmm', scored, {'images': count, 'targets': count, 'skipped': 0}, weights, depth)


def dissect(
  folder: pathlib.Path,
  scored: dict[str, np.ndarray],
  *,
  labels,
  categories=None,
  fixations=None,
  image_ids=('1001',),
  skipped=None,
  shown: int | None = None,
  weights: str = 'imagenet',
  depth: int | None = None,
) -> pathlib.Path:
  """Writes a finished dissection of a few photographs.

  Args:
    folder: made if it is missing.
    scored: layer -> `[regions, units]`.
    labels: the category of each region.
    categories: the table's columns; those of the labels by default.
    fixations: of each region; 10 by default.
    image_ids: of the photographs, over which the regions are spread evenly.
    skipped: image_id -> problem.
    shown: how many photographs have a picture; all by default.
    weights: their name.
    depth: convolutions trained; None for a plain trunk.
  """
  labels = np.array(labels)
  categories = categories or tuple(dict.fromkeys(labels.tolist()))
  fixations = np.array(fixations or [10] * len(labels))
  scored = {layer: np.where(fixations[:, None] > 0, x, np.nan) for layer, x in scored.items()}
  parts = np.array_split(np.arange(len(labels)), len(image_ids))
  _table(
    folder / 'regions.csv',
    'image_id region_id category fixations',
    [
      (image_id, i + 1, labels[row], fixations[row])
      for image_id, part in zip(image_ids, parts, strict=True)
      for i, row in enumerate(part)
    ],
  )
  rows = []
  for layer, x in scored.items():
    for category in categories:
      chosen = (labels == category) & (fixations > 0)
      if not chosen.any():
        rows.append((layer, category, 0, *[''] * 11))
        continue
      mean, units = _best(x[chosen])
      rows.append(
        (
          layer,
          category,
          int(chosen.sum()),
          f'{mean:.6f}',
          *beside(mean),
          int((x[chosen].mean(axis=0) > THRESHOLD).sum()),
          0,
          1,
          ' '.join(map(str, units)),
        )
      )
  _table(
    folder / 'table2.csv',
    f'layer category regions mean_nss_top10 {BESIDE} '
    'units_above_threshold above_chance_low above_chance_high top_units',
    rows,
  )
  samples(folder, np.reshape([float(row[3] or 'nan') for row in rows], (len(scored), -1)))
  _keep(folder, scored, image_ids[:shown], [len(x) for x in parts][:shown], fixations=7, readout=depth is not None)
  return _finish(
    folder,
    'dissect',
    'association',
    scored,
    {
      'images': len(image_ids),
      'regions': len(labels),
      'regions_without_fixations': int((fixations == 0).sum()),
      'fixations': int(fixations.sum()),
      'skipped': len(skipped or {}),
    },
    weights,
    depth,
    skipped,
  )


def beside(mean: float) -> list[float]:
  """Returns what a table has beside a mean: chance is 0.5 to 1."""
  return [mean - 0.2, mean + 0.2, mean - 0.25, 0.5, 0.75, 1.0]


def samples(folder: pathlib.Path, means) -> None:
  """Writes means `[L, C]` in 50 samples of images, 0.1 around them."""
  means = np.array(means, np.float32)
  noise = np.random.default_rng(0).normal(0, 0.1, (len(means), 50, means.shape[1]))
  np.save(folder / 'samples.npy', means[:, None] + noise.astype(np.float32))


def edit(file: pathlib.Path, **changes) -> None:
  """Changes values at the top of a JSON file."""
  file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def _best(x: np.ndarray) -> tuple[float, list[int]]:
  means = x.mean(axis=0)
  units = sorted(range(len(means)), key=lambda unit: -means[unit])[:TOP]
  return sum(means[unit] for unit in units) / len(units), units


def _keep(folder, scored, image_ids, sets, *, fixations, readout) -> None:
  """Writes what the page shows: all units' maps, and blocks for the sets."""
  rng = np.random.default_rng(0)
  for name in ('pictures', 'masks', 'maps'):
    (folder / name).mkdir(parents=True, exist_ok=True)
  _table(
    folder / 'images.csv',
    'image_id picture height width',
    [(image_id, f'pictures/{k:05d}.jpg', HEIGHT, WIDTH) for k, image_id in enumerate(image_ids)],
  )
  for k, count in enumerate(sets):
    mask = np.zeros((HEIGHT, WIDTH), np.uint16)
    for i in range(count):
      y, x = 8 * (i % 5), 10 + 20 * (i // 5)
      mask[y : y + 6, x : x + 15] = 1 + i
    Image.fromarray(mask).save(folder / 'masks' / f'{k:05d}.png')
    Image.fromarray(rng.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)).save(
      folder / 'pictures' / f'{k:05d}.jpg', quality=85
    )
  images = len(image_ids)
  np.savez_compressed(
    folder / 'fixations.npz',
    points=rng.integers(0, HEIGHT, (fixations * images, 2)).astype(np.int32),
    offsets=np.arange(images + 1) * fixations,
  )
  for layer, x in scored.items():
    units = x.shape[1]
    np.savez_compressed(
      folder / 'maps' / f'{layer}.npz',
      units=np.repeat(np.arange(units, dtype=np.int32), images),
      images=np.tile(np.arange(images, dtype=np.int32), units),
      maps=rng.normal(size=(units * images, *CELLS)).astype(np.float16),
    )
  if readout:
    np.savez_compressed(folder / 'saliency.npz', maps=rng.normal(size=(images, *CELLS)).astype(np.float16))


def _finish(folder, job, scored_in, scored, counts, weights, depth, skipped=None):
  (folder / scored_in).mkdir(parents=True, exist_ok=True)
  for layer, x in scored.items():
    np.save(folder / scored_in / f'{layer}.npy', x.astype(np.float32))
  trained = {} if depth is None else {'depth': depth}
  for name, value in (
    (
      'config.json',
      {
        'network': {'name': 'vgg16'},
        'data': {'image_size': 224, 'seed': 3},
        'analysis': {'top_units': TOP, 'threshold': THRESHOLD},
      },
    ),
    (
      'summary.json',
      {
        'job': job,
        'layout': 3,
        'weights': {'name': weights, 'sha256': 'ab' * 32, 'source': '/home/somebody/w.pth', **trained},
        'counts': counts,
        'units': {layer: x.shape[1] for layer, x in scored.items()},
        'skipped': skipped or {},
        'seconds': {'decode': 1.25, 'wall': 2.5},
        'device': '1 x cpu',
        'versions': {'saliency_jax': '0.1.0', 'jax': '0.10.2'},
      },
    ),
  ):
    (folder / name).write_text(json.dumps(value))
  return folder


def _table(file: pathlib.Path, header: str, rows) -> None:
  file.parent.mkdir(parents=True, exist_ok=True)
  with open(file, 'w', newline='', encoding='utf-8') as opened:
    csv.writer(opened, lineterminator='\n').writerows([header.split(), *rows])
