"""The scores on the terminal: models down, metrics across, means and intervals.
"""

import csv
import json
import os
import pathlib
import textwrap

from saliency_jax.errors import InputError

# Column heads, and digits after the point.
_HEADS = {
    'nss': ('NSS', 3), 'auc_judd': ('AUC-Judd', 3), 'auc_uniform': ('AUC', 3),
    'auc_shuffled': ('sAUC', 3), 'cc': ('CC', 3), 'sim': ('SIM', 3),
    'kl': ('KL', 3), 'information_gain': ('IG', 3),
    'nmm': ('NMM', 2), 'gsi': ('GSI', 2), 'msr_target': ('MSR targ.', 2),
    'msr_background': ('MSR backgr.', 2), 'fixations': ('fixations', 1),
    'stands_out': ('stands out', 2), 'first': ('first', 2),
    'found': ('found', 2)}
_NOTES = {
    'scores.csv': 'Means over images, and below them their 95 % bootstrap '
    'intervals. KL: lower is better. IG: bits over the centre prior.',
    'search.csv': 'Means over arrays, and below them their 95 % bootstrap '
    'intervals. MSR backgr. and fixations: lower is better.'}
_OBSERVERS = (
    'observers: each against the others, the ceiling of NSS, the AUCs and IG; '
    "CC, SIM and KL compare with one observer's map and are no ceiling.")


def text(workdir: str | os.PathLike) -> str:
  """Returns the tables of a finished evaluation and its warnings.

  Raises:
    InputError: if a file cannot be read.
  """
  path = pathlib.Path(workdir)
  parts = []
  for name, note in _NOTES.items():
    rows = _rows(path / name)
    for dataset in dict.fromkeys(row['dataset'] for row in rows):
      of = [row for row in rows if row['dataset'] == dataset
            and row.get('kind', 'all') == 'all']
      most = max(int(row['images'] or 0) for row in of)
      parts.append(f'{dataset}: {most} images\n\n{_table(of)}')
    if rows:
      parts.append(textwrap.fill(note, 80))
      if any(row['model'] == 'observers' for row in rows):
        parts.append(textwrap.fill(_OBSERVERS, 80))
  try:
    warnings = json.loads((path / 'summary.json').read_text())['warnings']
  except (OSError, ValueError, KeyError) as error:
    raise InputError(
        f'{path / "summary.json"} cannot be read; run launch/evaluate.py '
        f'again.') from error
  parts += [textwrap.fill(f'Note: {each}', 80) for each in warnings]
  return '\n\n'.join(parts)


def _rows(path: pathlib.Path) -> list[dict[str, str]]:
  if not path.exists():
    return []
  with path.open(newline='', encoding='utf-8') as file:
    return list(csv.DictReader(file))


def _table(rows: list[dict[str, str]]) -> str:
  models = list(dict.fromkeys(row['model'] for row in rows))
  metrics = list(dict.fromkeys(row['metric'] for row in rows))
  cells = {(row['model'], row['metric']): row for row in rows}
  width = max(map(len, models))
  lines = [[''.ljust(width)] + [_HEADS.get(m, (m, 3))[0] for m in metrics]]
  for model in models:
    means, spans = [model.ljust(width)], [''.ljust(width)]
    for metric in metrics:
      digits = _HEADS.get(metric, ('', 3))[1]
      mean, low, high = (
          f'{float(x):.{digits}f}' if x else '-' for x in (
              cells[model, metric][name] for name in ('mean', 'low', 'high')))
      means.append(mean)
      spans.append(f'{low}..{high}' if low != '-' else '')
    lines += [means, spans] if any(map(str.strip, spans)) else [means]
  widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
  return '\n'.join(
      '  '.join(cell.rjust(n) for cell, n in zip(line, widths, strict=True))
      .rstrip() for line in lines)
