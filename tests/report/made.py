"""Makes small results folders as the jobs write them, without JAX."""

import csv
import json
import pathlib

import numpy as np

TOP = 2
THRESHOLD = 1.5
LAYERS = ('conv5_3', 'conv5_2', 'conv5_1', 'conv4_3', 'conv4_2', 'conv4_1')
KINDS = ('colour', 'shape')


def scores(
    layers=LAYERS, rows: int = 6, units: int = 5, seed: int = 0
) -> dict[str, np.ndarray]:
  """Returns random scores of every layer, `[rows, units]`."""
  rng = np.random.default_rng(seed)
  return {layer: rng.normal(1, 1, (rows, units)) for layer in layers}


def popout(
    folder: pathlib.Path, scored: dict[str, np.ndarray], *, kinds=KINDS,
    image_ids=None, examples: int = 2
) -> pathlib.Path:
  """Writes a finished pop-out run; kinds take turns."""
  count = len(next(iter(scored.values())))
  image_ids = image_ids or [f'array-{i:02d}' for i in range(count)]
  rows = [(image_ids[i], kinds[i % len(kinds)], 'grey', 16)
          for i in range(count)]
  _table(folder / 'patterns.csv', 'image_id kind background set_size', rows)
  best = {layer: _best(x) for layer, x in scored.items()}
  _table(
      folder / 'table5.csv', 'layer mean_nmm_top10 top_units',
      [(layer, f'{mean:.6f}', ' '.join(map(str, units)))
       for layer, (mean, units) in best.items()])
  listed = [
      _example(folder, i, image_ids[i], [(1, 'target'), (2, 'distractors')], [
          (1, rows[i][1], layer, units[0], scored[layer][i, units[0]])
          for layer, (_, units) in best.items()], fixations=0)
      for i in range(min(examples, count))]
  return _finish(folder, 'popout', 'nmm', scored, listed, {
      'images': count, 'targets': count, 'skipped': 0})


def dissect(
    folder: pathlib.Path, scored: dict[str, np.ndarray], *, labels,
    categories=None, fixations=None, image_id: str = '2001', skipped=None
) -> pathlib.Path:
  """Writes a finished dissection of one photograph.

  Args:
    folder: made if it is missing.
    scored: layer -> `[regions, units]`.
    labels: the category of each region.
    categories: the table's columns; those of the labels by default.
    fixations: of each region; 10 by default.
    image_id: of the photograph.
    skipped: image_id -> problem.
  """
  labels = np.array(labels)
  categories = categories or tuple(dict.fromkeys(labels.tolist()))
  fixations = np.array(fixations or [10] * len(labels))
  scored = {layer: np.where(fixations[:, None] > 0, x, np.nan)
            for layer, x in scored.items()}
  _table(
      folder / 'regions.csv', 'image_id region_id category fixations',
      [(image_id, i + 1, label, n)
       for i, (label, n) in enumerate(zip(labels, fixations, strict=True))])
  rows = []
  for layer, x in scored.items():
    for category in categories:
      chosen = (labels == category) & (fixations > 0)
      mean, units = _best(x[chosen])
      above = int((x[chosen].mean(axis=0) > THRESHOLD).sum()) if (
          chosen.any()) else 0
      rows.append((
          layer, category, int(chosen.sum()), f'{mean:.6f}', above,
          ' '.join(map(str, units))))
  _table(
      folder / 'table2.csv', 'layer category regions mean_nss_top10 '
      'units_above_threshold top_units', rows)
  layer = next(iter(scored))
  listed = [_example(
      folder, 0, image_id, [(i + 1, x) for i, x in enumerate(labels.tolist())],
      [(i + 1, labels[i], layer, 0, scored[layer][i, 0])
       for i in np.flatnonzero(fixations).tolist()], fixations=7)]
  return _finish(folder, 'dissect', 'association', scored, listed, {
      'images': 1, 'regions': len(labels),
      'regions_without_fixations': int((fixations == 0).sum()),
      'fixations': int(fixations.sum()), 'skipped': len(skipped or {})},
      skipped or {})


def edit(file: pathlib.Path, **changes) -> None:
  """Changes values at the top of a JSON file."""
  file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def _best(x: np.ndarray) -> tuple[float, list[int]]:
  if not len(x):
    return float('nan'), []
  means = x.mean(axis=0)
  units = sorted(range(len(means)), key=lambda unit: -means[unit])[:TOP]
  return sum(means[unit] for unit in units) / len(units), units


def _example(folder, number, image_id, regions, answers, *, fixations):
  """Writes an image of blocks, one for each region, and a map per answer."""
  rng = np.random.default_rng(number)
  height, width = 45, 60
  sets = np.zeros((height, width), np.int32)
  for k, (set_id, _) in enumerate(regions):
    y, x = 8 * (k % 5), 10 + 20 * (k // 5)
    sets[y:y + 6, x:x + 15] = set_id
  file = folder / 'examples' / f'{number:03d}.npz'
  file.parent.mkdir(parents=True, exist_ok=True)
  np.savez_compressed(
      file, image=rng.integers(0, 256, (height, width, 3), np.uint8),
      fixations=rng.integers(0, 45, (fixations, 2)).astype(np.int32), sets=sets,
      **{f'map_{k}': rng.random((4, 5)).astype(np.float32)
         for k in range(len(answers))})
  return {
      'image_id': image_id, 'file': f'examples/{file.name}',
      'regions': [{'id': i, 'category': name} for i, name in regions],
      'answers': [
          {'set_id': set_id, 'label': str(label), 'layer': layer,
           'unit': unit, 'score': float(score)}
          for set_id, label, layer, unit, score in answers]}


def _finish(folder, job, scored_in, scored, listed, counts, skipped=None):
  (folder / scored_in).mkdir(parents=True, exist_ok=True)
  for layer, x in scored.items():
    np.save(folder / scored_in / f'{layer}.npy', x.astype(np.float32))
  for name, value in (
      ('examples.json', listed),
      ('config.json', {
          'model': {'name': 'vgg16', 'layers': list(scored)},
          'analysis': {'top_units': TOP, 'threshold': THRESHOLD}}),
      ('summary.json', {
          'job': job, 'layout': 1,
          'weights': {'name': 'imagenet', 'sha256': 'ab' * 32},
          'counts': counts,
          'units': {layer: x.shape[1] for layer, x in scored.items()},
          'skipped': skipped or {},
          'seconds': {'decode': 1.25, 'wall': 2.5}, 'device': '1 x cpu',
          'versions': {'saliency_jax': '0.1.0', 'jax': '0.10.2'}})):
    (folder / name).write_text(json.dumps(value))
  return folder


def _table(file: pathlib.Path, header: str, rows) -> None:
  file.parent.mkdir(parents=True, exist_ok=True)
  with open(file, 'w', newline='', encoding='utf-8') as opened:
    csv.writer(opened, lineterminator='\n').writerows([header.split(), *rows])
