"""What an evaluation's numbers show, in sentences computed from them."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from saliency_jax.report import paper
from saliency_jax.report.numbers import FEWEST, MOST, Finding, between, number, probability
from saliency_jax.report.scores import evaluated
from saliency_jax.report.scores.evaluated import Evaluated


def findings(results: Evaluated) -> list[Finding]:
  """Returns at most six findings, each from ten images or regions or more."""
  rules = (
    (results.scores, ('scores.csv',), (_best,)),
    (results.search, ('search.csv',), (_search,)),
    (results.categories, ('figure7.csv', 'statistics.json'), (_inner, _heads)),
  )
  return [
    Finding(text, files)
    for table, files, of in rules
    for dataset in table['dataset'].unique()
    for rule in of
    for text in rule(results, dataset)
  ][:MOST]


def leading(results: Evaluated, dataset: str) -> str:
  """Returns the network with inner saliency to show: the one with the best NSS.

  It is '' if there is none.
  """
  rows = results.categories
  inner = rows[(rows['dataset'] == dataset) & rows['inner'].notna()]
  networks = list(inner['model'].unique())
  scores = results.scores[results.scores['dataset'] == dataset]
  order = [x for x in evaluated.ranked(scores, 'nss').index if x in networks]
  return next(iter([*order, *networks]), '')


def _best(results: Evaluated, dataset: str) -> Iterator[str]:
  """Which model predicts fixations best, by how much, how close to people."""
  rows = results.scores[results.scores['dataset'] == dataset]
  order = evaluated.ranked(rows, 'nss')
  if not len(order) or order['images'].min() < FEWEST:
    return
  first = order.iloc[0]
  text = f'On {dataset}, {first.name} has the highest NSS, {_interval(first)}'
  if len(order) > 1:
    second = order.iloc[1]
    gap = _lead(results, dataset, 'nss', first.name, second.name)
    text += f', ahead of {_value(second, ", ")}{gap}'
    if number(abs(first['mean'] - second['mean'])) == number(0.0):
      text = (
        f'On {dataset}, {first.name} and {second.name} have the highest NSS, equal within '
        f'rounding: {_interval(first)} and {_interval(second)}{gap.replace(", by", ", differing by", 1)}'
      )
  people = evaluated.ceiling(rows, 'nss')
  if people is not None and people['mean'] > 0:
    share = 100 * first['mean'] / people['mean']
    text += f'; {first.name} reaches {share:.0f} % of the NSS of people predicting each other, {_interval(people)}'
  yield f'{text}.'


def _search(results: Evaluated, dataset: str) -> Iterator[str]:
  """Table 4: do classical models beat the networks' own output?"""
  rows = results.search[(results.search['dataset'] == dataset) & (results.search['kind'] == evaluated.ALL)]
  order = evaluated.ranked(rows, 'nmm')
  if not len(order) or order['images'].min() < FEWEST:
    return
  classical, networks = (order[[results.kind(x) == kind for x in order.index]] for kind in ('classical', 'network'))
  if len(classical) and len(networks):
    best, high = classical.iloc[0], networks.iloc[0]
    higher = (classical['mean'] > high['mean']).sum()
    gap = _lead(results, dataset, 'nmm', *(x.name for x in sorted((best, high), key=lambda x: -x['mean'])))
    published, beside = paper.facts()['table4'], ''
    if results.ours(dataset):
      beside = (
        f'; in the paper, on its own arrays, BMS has {published["BMS"]:.2f}, GBVS {published["GBVS"]:.2f} and the '
        f'best network, DeepGaze II, {published["DeepGaze II"]:.2f}'
      )
    yield (
      f'On {dataset}, {higher} of {len(classical)} classical models have a higher NMM than the best network: '
      f'{_value(best, " has ")}, {_value(high)}{gap.replace(", by", ", a difference of", 1)}{beside}.'
    )


def _inner(results: Evaluated, dataset: str) -> Iterator[str]:
  """Figure 7: inner and output saliency over categories."""
  model = leading(results, dataset)
  test = model and results.statistics[dataset, model]['inner_output']
  if test and test['pairs'] >= FEWEST:
    published = paper.facts()['figure7']['spearman']
    rows = results.categories
    rows = rows[(rows['dataset'] == dataset) & (rows['model'] == model)]
    beside = f'; paper: {published:.2f}' if results.ours(dataset) else ''
    above = (rows['inner'] > rows['inner_chance_high']).sum()
    yield (
      f'Over {test["pairs"]} categories of {dataset}, inner and output saliency of {model} correlate at '
      f"Spearman's \u03c1 = {coefficient(test)} ({probability(test['p'])}{beside}); {above} "
      f'categor{"y has" if above == 1 else "ies have"} an inner saliency above its 95 % chance band.'
    )


def _heads(results: Evaluated, dataset: str) -> Iterator[str]:
  """Section 6: heads differ from people more than other regions do."""
  model = leading(results, dataset)
  heads = model and results.statistics[dataset, model]['heads']
  if not heads or min(heads['heads'], heads['others']) < FEWEST:
    return
  yield (
    f'The output saliency of {model} is {number(abs(heads["difference"]))} SD '
    f'{"farther from" if heads["difference"] > 0 else "nearer to"} human saliency on {heads["heads"]} heads than '
    f'on {heads["others"]} other regions (95 % interval of the difference {number(heads["low"])} '
    f'to {number(heads["high"])}, photographs as '
    f"clusters, {probability(heads['p'])}; Hedges' g = {number(heads['hedges_g'])})."
  )


def _interval(row: pd.Series) -> str:
  return between(row['mean'], row['low'], row['high'])


def _value(row: pd.Series, beside: str = ' ') -> str:
  return f'{row.name}{beside}{_interval(row)}'


def _lead(results: Evaluated, dataset: str, metric: str, better: str, other: str) -> str:
  """Returns how much better a model is than another on the same images."""
  found = results.difference(dataset, metric, better, other)
  return f', by {between(*found[:3])} on the same images ({probability(found[3])}, corrected)' if found else ''


def coefficient(test: dict) -> str:
  """Returns a correlation with its interval and that on different halves."""
  text = between(test['rho'], *(np.nan if test[x] is None else test[x] for x in ('low', 'high')))
  if test['halves'] is not None:
    text += f', {number(test["halves"])} on different halves'
  return text
