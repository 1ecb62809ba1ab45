"""The metrics of an evaluation: what they are called and which end is better.
"""

from collections.abc import Iterable
from typing import NamedTuple

from saliency_jax.report.evaluated import OBSERVERS, Scores, Value


class Metric(NamedTuple):
  """How a metric is shown."""
  label: str
  digits: int  # after the point
  up: bool = True  # whether higher is better
  unit: str = ''
  percent: bool = False  # a share, shown in per cent
  ceiling: bool = False  # whether people's score is what models can hope for

  @property
  def title(self) -> str:
    """The label with its unit and the direction that is better."""
    unit = '%' if self.percent else self.unit
    arrow = '\N{UPWARDS ARROW}' if self.up else '\N{DOWNWARDS ARROW}'
    return (
        f"{self.label}{f' ({unit})' if unit else ''}\N{NO-BREAK SPACE}{arrow}")

  @property
  def factor(self) -> float:
    """By which a value is multiplied to be shown."""
    return 100. if self.percent else 1.


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
    'stands_out': Metric('stands out', 0, percent=True),
    'first': Metric('found at once', 0, percent=True),
    'found': Metric('found', 0, percent=True),
    'fixations': Metric('fixations until found', 1, up=False)}


def known(scores: Scores) -> list[str]:
  """Returns the metrics that were measured, in the order above."""
  return [name for name in METRICS if name in scores]


def ranked(models: Iterable[str], values: dict[str, Value], metric: str
           ) -> list[str]:
  """Returns the models that have a value, best first."""
  sign = -1 if METRICS[metric].up else 1
  return sorted(
      (model for model in models
       if model in values and values[model].mean == values[model].mean),
      key=lambda model: sign * values[model].mean)


def ceiling(values: dict[str, Value], metric: str) -> Value | None:
  """Returns what people reach who predict each other, where that compares."""
  value = values.get(OBSERVERS)
  known = value is not None and value.mean == value.mean
  return value if known and METRICS[metric].ceiling else None


def best(values: dict[str, Value], metric: str) -> str:
  """Returns the best model, the ceiling not among them; '' for none."""
  order = ranked(
      (model for model in values if model != OBSERVERS), values, metric)
  return order[0] if order else ''
