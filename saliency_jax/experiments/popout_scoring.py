"""How models are measured on search arrays."""

import functools

import numpy as np

from saliency_jax import schema
from saliency_jax.data.popout.patterns import Pattern
from saliency_jax.experiments import search_scoring
from saliency_jax.experiments.passes import Predicted
from saliency_jax.experiments.scored_sets import DataSet, Scores, Scoring


def make(dataset: DataSet) -> Scoring:
  """Returns how well models find the targets of search arrays."""
  patterns = dataset.source.patterns
  return Scoring(
      dataset, range(len(patterns)), {'data': dataset.identity},
      search_scoring.METRICS, functools.partial(_measure, patterns),
      schema.SEARCH, functools.partial(_rows, dataset.name, patterns),
      ranked='nmm', kinds=[pattern.kind for pattern in patterns],
      facts={'kind': dataset.kind, 'images': len(patterns)},
      notes=search_scoring.notes)


def _measure(
    patterns: tuple[Pattern, ...], each: Predicted) -> dict[str, dict]:
  return {
      model: {'scores': search_scoring.measure(
          each.record, patterns[each.index], saliency)}
      for model, saliency in each.maps.items()}


def _rows(
    name: str, patterns: tuple[Pattern, ...], model: str, scores: Scores,
    images: np.ndarray, resamples: int):
  return search_scoring.rows(
      model, name, [patterns[i] for i in images], scores, resamples)
