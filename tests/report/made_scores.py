"""Makes a small results folder as launch/evaluate.py writes it, without JAX."""

import csv
import itertools
import json
import pathlib

import numpy as np
from PIL import Image

MODELS = {'net': 'network 12ab', 'gbvs': 'classical gbvs', 'centre': 'centre'}
KINDS = ('colour', 'shape')
CATEGORIES = ('person head', 'text', 'food', 'drink')
# Over photographs: model -> NSS; KL is 3 less that.
NSS = {'net': 2.0, 'gbvs': 1.2, 'centre': 0.8, 'observers': 3.0}
# Over arrays: model -> NMM of the two kinds.
NMM = {'net': (1.0, 0.5), 'gbvs': (4.0, 2.0), 'centre': (0.1, -0.1)}
# Categories' inner and output saliency of the network; people's is 4.
INNER = (3.0, 2.0, 1.5, 1.0)
OUTPUT = (3.5, 2.5, 1.0, 1.5)


def folder(path: pathlib.Path, *, examples: int = 2) -> pathlib.Path:
  """Writes a finished evaluation of three models on two data sets."""
  _table(
    path / 'scores.csv',
    'model dataset metric mean low high images',
    [
      (model, 'osie', metric, value, value - 0.1, value + 0.1, 50)
      for model, nss in NSS.items()
      for metric, value in (('nss', nss), ('kl', 3 - nss))
    ],
  )
  rows = []
  for model, by_kind in NMM.items():
    for kind, nmm in (('all', np.mean(by_kind)), *zip(KINDS, by_kind, strict=True)):
      count = 8 if kind == 'all' else 4
      rows += [
        (model, 'arrays', kind, metric, value, value - 0.1, value + 0.1, count)
        for metric, value in (('nmm', nmm), ('gsi', nmm / 10), ('first', 0.5), ('found', 0.75))
      ]
      rows.append((model, 'arrays', kind, 'fixations', *((12.5, 8, 20, 6) if kind == 'all' else ('', '', '', 0))))
  _table(path / 'search.csv', 'model dataset kind metric mean low high images', rows)
  _table(
    path / 'differences.csv',
    'model other dataset metric difference difference_low difference_high images p p_corrected',
    [
      (one, other, dataset, metric, gap, gap - 0.2, gap + 0.1, count, 0.001, 0.04 if one == 'net' else 0.5)
      for dataset, metric, count, of in (
        ('osie', 'nss', 50, NSS),
        ('arrays', 'nmm', 8, {x: np.mean(y) for x, y in NMM.items()}),
      )
      for one, other in itertools.combinations(MODELS, 2)
      for gap in [of[one] - of[other]]
    ],
  )
  _table(
    path / 'figure7.csv',
    'model dataset category regions inner inner_low inner_high '
    'inner_held_out inner_chance_low inner_chance_mean inner_chance_high '
    'output output_low output_high human difference '
    'difference_low difference_high bias',
    [
      (
        model,
        'osie',
        category,
        5 + i,
        *((INNER[i], INNER[i] - 0.5, INNER[i] - 0.1, INNER[i] - 0.2, 0.5, 1.0, 1.75) if model == 'net' else [''] * 7),
        OUTPUT[i],
        OUTPUT[i] - 0.3,
        OUTPUT[i] + 0.3,
        4,
        *(abs(OUTPUT[i] - 4) + x for x in (0, -0.2, 0.2)),
        OUTPUT[i] - 4,
      )
      for model in MODELS
      for i, category in enumerate(CATEGORIES)
    ],
  )
  _table(path / 'output.csv', 'model', [])
  _json(path / 'statistics.json', [statistics(model) for model in MODELS])
  _examples(path, examples)
  _json(path / 'config.json', {'eval': {'resamples': 100}})
  _json(
    path / 'summary.json',
    {
      'job': 'evaluate',
      'layout': 3,
      'models': MODELS,
      'weights': {'net': {'name': 'S:depth_3', 'sha256': 'ab' * 32, 'depth': 3}},
      'datasets': {
        'osie': {'kind': 'osie', 'images': 53, 'without_fixations': 2, 'skipped': {'7': 'gone'}},
        'arrays': {'kind': 'popout', 'images': 8},
      },
      'output': {'regions_without_fixations': {'osie': 0}},
      'warnings': ['net has a constant map for 1 image of osie (7).'],
      'seconds': {'wall': 2.5},
      'device': '1 x cpu',
      'versions': {'saliency_jax': '0.1.0'},
    },
  )
  return path


def statistics(model: str) -> dict:
  """Returns a model's entry of statistics.json; the network's differs least."""
  net = model == 'net'
  correlation = (
    {'rho': 0.8, 'p': 0.2, 'pairs': 4, 'low': -0.2, 'high': 1.0, 'halves': 0.6, 'p_holm': 0.4} if net else None
  )
  effect = {'f': 12.5, 'df': 1, 'df_residual': 4, 'p': 0.02, 'partial_eta_squared': 0.7}
  return {
    'model': model,
    'dataset': 'osie',
    'inner_output': correlation,
    'inner_difference': correlation,
    'output': comparison(1e-9),
    'difference': comparison(0.3 if net else 0.001),
    'paper_anova': {'categories': 4, 'measurement': effect, 'cluster': effect, 'interaction': effect} if net else None,
    'heads': {
      'heads': 5,
      'others': 21,
      'difference': 0.75,
      'low': 0.25,
      'high': 1.25,
      'p': 0.01,
      'hedges_g': 0.5,
      'g_low': 0.1,
      'g_high': 0.9,
    },
  }


def comparison(p: float) -> dict:
  """Returns a comparison of the categories in which all pairs have one p."""
  groups = [
    {'name': name, 'size': 5 + i, 'mean': OUTPUT[i], 'deviation': 1.0, 'error': 0.3, 'clustered_error': 0.4}
    for i, name in enumerate(CATEGORIES)
  ]
  test = {'f': 2.5, 'df_between': 3, 'df_within': 22, 'p': p}
  return {
    'groups': groups,
    'left_out': {'plant': 1},
    'clusters': 9,
    'anova': test,
    'welch': test | {'df_within': 11.6},
    'clustered': test | {'df_within': 8, 'f': 2.25},
    'p_holm': min(1, 4 * p),
    'eta_squared': 0.25,
    'omega_squared': 0.2,
    'pairs': [
      {
        'first': a['name'],
        'second': b['name'],
        'difference': a['mean'] - b['mean'],
        'low': a['mean'] - b['mean'] - 1,
        'high': a['mean'] - b['mean'] + 1,
        'p': p,
        'p_clustered': p,
        'p_holm': min(1, 9 * p),
        'hedges_g': 0.5,
        'g_low': -0.1,
        'g_high': 1.1,
      }
      for i, a in enumerate(groups)
      for b in groups[i + 1 :]
    ],
  }


def edit(file: pathlib.Path, **changes) -> None:
  """Changes values at the top of a JSON file."""
  _json(file, json.loads(file.read_text()) | changes)


def _examples(path: pathlib.Path, count: int) -> None:
  """Writes a photograph and a search array, in turns."""
  rng = np.random.default_rng(0)
  arrays, rows = {'models': np.array(list(MODELS))}, []
  (path / 'pictures').mkdir(parents=True, exist_ok=True)
  for k in range(count):
    searched, name = k % 2 == 1, f'pictures/{k:05d}.jpg'
    Image.fromarray(rng.integers(0, 256, (30, 40, 3), np.uint8)).save(path / name)
    arrays |= {
      f'{k}/scores': np.array([1.5, -0.5, 0], np.float32),
      f'{k}/fixations': rng.integers(0, 60, (0 if searched else 5, 2)).astype(np.int32),
    }
    arrays |= {f'{k}/map/{m}': rng.normal(size=(3, 4)).astype(np.float16) for m in range(len(MODELS))}
    if searched:
      arrays[f'{k}/target'] = np.arange(1200).reshape(30, 40) // 8 == 40
    else:
      arrays[f'{k}/human'] = rng.normal(size=(6, 8)).astype(np.float16)
    rows.append(
      (
        k,
        'arrays' if searched else 'osie',
        f'image {k}',
        'colour' if searched else '',
        'nmm' if searched else 'nss',
        name,
        60,
        80,
      )
    )
  _table(path / 'examples.csv', 'example dataset image_id kind metric picture height width', rows)
  np.savez(path / 'examples.npz', **arrays)


def _json(file: pathlib.Path, value) -> None:
  file.write_text(json.dumps(value))


def _table(file: pathlib.Path, header: str, rows) -> None:
  file.parent.mkdir(parents=True, exist_ok=True)
  with open(file, 'w', newline='', encoding='utf-8') as opened:
    csv.writer(opened, lineterminator='\n').writerows([header.split(), *rows])
