"""The numbers of the paper's tables, beside which a run's tables stand."""

import functools
import json
import pathlib

_FILE = pathlib.Path(__file__).parent / 'paper.json'


@functools.cache
def _facts() -> dict:
  return json.loads(_FILE.read_text(encoding='utf-8'))


def citation() -> str:
  """Returns the authors, the title, the venue and the year."""
  return _facts()['source']


def top_units() -> int:
  """Returns how many of the best units the paper averages."""
  return _facts()['facts']['top_k']


def threshold() -> float:
  """Returns T: Table 2 counts the units whose mean NSS exceeds it."""
  return _facts()['facts']['threshold_T']


def table2() -> dict[str, dict[str, float]]:
  """Returns the mean NSS of the best units: layer -> category -> value."""
  return _by_category('table2_mean_nss_top10')


def table2_counts() -> dict[str, dict[str, float]]:
  """Returns how many units' mean NSS exceeds T: layer -> category -> count."""
  return _by_category('table2_units_above_1.5')


def table5() -> dict[str, float]:
  """Returns the mean NMM of the best units: layer -> value."""
  return dict(_facts()['table5_nmm_top10_pretrained'])


def _by_category(table: str) -> dict[str, dict[str, float]]:
  return {
      layer: dict(zip(_facts()['categories'], values, strict=True))
      for layer, values in _facts()[table].items()}
