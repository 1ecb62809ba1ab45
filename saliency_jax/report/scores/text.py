"""The scores on the terminal: models down, metrics across, with intervals."""

import textwrap

import numpy as np
import pandas as pd

from saliency_jax.report import terminal
from saliency_jax.report.scores.evaluated import Evaluated
from saliency_jax.report.scores.findings import findings
from saliency_jax.report.scores.metrics import ALL, METRICS, OBSERVERS

_NOTES = {
    'scores': 'Means over images, and below them their 95 % bootstrap '
    'intervals. KL: lower is better. Information gain: bits over the centre '
    'prior.',
    'search': 'Means over arrays, and below them their 95 % bootstrap '
    'intervals. MSR, background and fixations: lower is better.'}
_OBSERVERS = (
    'observers: each against the others, the ceiling of NSS, the AUCs and '
    "information gain; CC, SIM and KL compare with one observer's map and are "
    'no ceiling.')


def text(results: Evaluated) -> str:
  """Returns the tables of an evaluation, its findings and its warnings."""
  parts = []
  for name, note in _NOTES.items():
    table = getattr(results, name)
    if name == 'search':
      table = table[table['kind'] == ALL]
    for dataset, rows in table.groupby('dataset', sort=False):
      parts.append(
          f'{dataset}: {int(rows["images"].max())} images\n\n{_table(rows)}')
    if len(table):
      parts.append(textwrap.fill(note, 80))
      if (table['model'] == OBSERVERS).any():
        parts.append(textwrap.fill(_OBSERVERS, 80))
  parts += ['\n'.join(terminal.items(x.text for x in findings(results)))]
  parts += [textwrap.fill(f'Note: {each}', 80)
            for each in results.summary['warnings']]
  return '\n\n'.join(filter(None, parts))


def _table(rows: pd.DataFrame) -> str:
  names = list(rows['metric'].unique())
  lines = [['', *(METRICS[x].label if x in METRICS else x for x in names)]]
  for model, of in rows.groupby('model', sort=False):
    of = of.set_index('metric').reindex(names)
    digits = [METRICS[x].digits + (2 if METRICS[x].percent else 0)
              for x in names]
    lines.append([model, *(
        '-' if np.isnan(x) else f'{x:.{d}f}'
        for x, d in zip(of['mean'], digits, strict=True))])
    if of['low'].notna().any():
      lines.append(['', *(
          '' if np.isnan(low) else f'{low:.{d}f}..{high:.{d}f}'
          for low, high, d in zip(of['low'], of['high'], digits,
                                  strict=True))])
  return '\n'.join(terminal.aligned(lines, left=1, gap=2))
