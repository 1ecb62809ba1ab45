"""The metrics of an evaluation: what they are called and which end is better.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from saliency_jax.report.numbers import number

OBSERVERS = 'observers'  # the row that is no model: people, the ceiling
ALL = 'all'  # the kind that stands for all search arrays


class Metric(NamedTuple):
  """How a metric is shown."""
  label: str
  digits: int  # after the point
  up: bool = True  # whether higher is better
  unit: str = ''  # '%' for a share, which is written in per cent
  ceiling: bool = False  # whether people's score is what models can hope for

  @property
  def title(self) -> str:
    """The label with its unit and the direction that is better."""
    arrow = '\N{UPWARDS ARROW}' if self.up else '\N{DOWNWARDS ARROW}'
    return (f"{self.label}{f' ({self.unit})' if self.unit else ''}"
            f"\N{NO-BREAK SPACE}{arrow}")

  @property
  def factor(self) -> float:
    """By which a value is multiplied to be shown."""
    return 100. if self.unit == '%' else 1.

  def written(self, row: pd.Series | None) -> tuple[str, str]:
    """Returns a row's mean and its interval, '' for none, as they are shown."""
    if row is None:
      return number(np.nan), ''
    mean, low, high = (number(row[x] * self.factor, self.digits)
                       for x in ('mean', 'low', 'high'))
    return mean, '' if np.isnan(row['low']) else f'{low} to {high}'


METRICS = {
    'nss': Metric('NSS', 2, unit='SD', ceiling=True),
    'auc_judd': Metric('AUC-Judd', 3, ceiling=True),
    'auc_uniform': Metric('AUC, all pixels', 3, ceiling=True),
    'auc_shuffled': Metric('shuffled AUC', 3, ceiling=True),
    'cc': Metric('CC', 3),
    'sim': Metric('SIM', 3),
    'kl': Metric('KL', 3, up=False, unit='nats'),
    'information_gain': Metric(
        'information gain', 3, unit='bits', ceiling=True),
    'nmm': Metric('NMM', 2, unit='SD'),
    'gsi': Metric('GSI', 2),
    'msr_target': Metric('MSR, target', 2),
    'msr_background': Metric('MSR, background', 2, up=False),
    'stands_out': Metric('stands out', 0, unit='%'),
    'first': Metric('found at once', 0, unit='%'),
    'found': Metric('found', 0, unit='%'),
    'fixations': Metric('fixations until found', 1, up=False)}


def ranked(rows: pd.DataFrame, metric: str) -> pd.DataFrame:
  """Returns the models that have a value of a metric, the best first.

  Args:
    rows: of scores.csv or search.csv, of one data set and kind.
    metric: one of `METRICS`.

  Returns:
    Its rows by model, people not among them.
  """
  rows = rows[(rows['metric'] == metric) & (rows['model'] != OBSERVERS)
              & rows['mean'].notna()]
  return rows.sort_values(
      'mean', ascending=not METRICS[metric].up, kind='stable').set_index(
          'model')


def ceiling(rows: pd.DataFrame, metric: str) -> pd.Series | None:
  """Returns what people reach who predict each other, where that compares."""
  people = rows[(rows['metric'] == metric) & (rows['model'] == OBSERVERS)
                & rows['mean'].notna()]
  return people.iloc[0] if METRICS[metric].ceiling and len(people) else None
