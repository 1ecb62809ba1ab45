"""What came out of the models, as tables: images, and means over them."""

import collections
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from saliency_jax import schema
from saliency_jax.experiments import bootstrap, example_maps, output
from saliency_jax.experiments.predictors import OBSERVERS
from saliency_jax.experiments.scored_sets import Scores, Scoring
from saliency_jax.workdir import Folder

# Equal maps of so many images are no chance; sides are rounded, and padded.
_SAME, _STRETCHED = 3, 1.4
ALL = 'all'  # the kind that stands for all search arrays


class Scored(NamedTuple):
  """What came out of one data set."""
  scoring: Scoring
  images: Sequence[int]  # N positions of those that were scored
  # model, or `OBSERVERS` -> N times what `Scoring.measure` or `people` gave
  rows: Mapping[str, Sequence[dict]]
  skipped: Mapping[str, str]  # image_id -> why it cannot be read

  @property
  def names(self) -> list[str]:
    """The N images' names."""
    return [self.scoring.dataset.source.image_ids[i] for i in self.images]

  @property
  def models(self) -> dict[str, Sequence[dict]]:
    """The rows of all but people."""
    return {
        model: rows for model, rows in self.rows.items() if model != OBSERVERS}

  @property
  def scores(self) -> dict[str, Scores]:
    """Returns model -> metric -> float64 `[N]`."""
    nothing = dict.fromkeys(self.scoring.metrics, np.nan)
    return {
        model: {metric: np.array([(row['scores'] or nothing)[metric]
                                  for row in rows])
                for metric in self.scoring.metrics}
        for model, rows in self.rows.items()}

  @property
  def regions(self) -> dict[str, list[output.Region]]:
    """Returns every region's saliency, by model; [] of search arrays."""
    return {
        model: [output.Region(*region) for row in rows
                for region in row.get('regions', ())]
        for model, rows in self.models.items()}

  def _named(self, which: Sequence[bool]) -> list[str]:
    return [name for name, x in zip(self.names, which, strict=True) if x]

  @property
  def constant(self) -> dict[str, list[str]]:
    """Returns the images with a constant map, by model."""
    return {model: self._named([row['constant'] for row in rows])
            for model, rows in self.models.items()}

  @property
  def same(self) -> dict[str, list[str]]:
    """Returns the images that share one map with others, by model.

    The most frequent map; constant ones are told of as such.
    """
    found = {}
    for model, rows in self.models.items():
      maps = [None if row['constant'] else row.get('digest') for row in rows]
      most, count = max(
          collections.Counter(x for x in maps if x is not None).items(),
          key=lambda x: x[1], default=(None, 0))
      found[model] = [] if count < _SAME else self._named(
          [x == most for x in maps])
    return found

  @property
  def stretched(self) -> dict[str, list[str]]:
    """Returns the images whose maps have other proportions, by model."""
    return {
        model: self._named([
            row.get('stretched', 1) > _STRETCHED for row in rows])
        for model, rows in self.models.items()}

  @property
  def facts(self) -> dict:
    """Returns what `summary.json` says of the data set."""
    return self.scoring.facts | (
        {'skipped': dict(self.skipped)} if self.skipped else {})


def write(
    folder: Folder, found: Sequence[Scored], *, resamples: int) -> dict:
  """Writes the scores of every image and their means.

  Returns:
    What `summary.json` says of the data sets.
  """
  means: dict[schema.File, list] = {}
  notes = {}
  for each in found:
    scoring, dataset = each.scoring, each.scoring.dataset.name
    for model, scores in each.scores.items():
      folder.table(_per_image(dataset, model, scores), zip(
          each.names, *scores.values(), strict=True))
      means.setdefault(scoring.table, []).extend(
          means_of(scoring, model, scores, each.images, resamples))
      if scoring.notes:
        notes.setdefault(dataset, {})[model] = scoring.notes(scores)
  for table, rows in means.items():
    folder.table(table, rows)
  constant = {
      each.scoring.dataset.name: {
          model: images for model, images in each.constant.items() if images}
      for each in found}
  return {
      'datasets': {each.scoring.dataset.name: each.facts for each in found},
      'constant_maps': constant} | ({'search': notes} if notes else {})


def means_of(
    scoring: Scoring, model: str, scores: Scores, images: Sequence[int],
    resamples: int
) -> Iterator[tuple]:
  """Yields the lines of `scoring.table`; NaN where nothing was measured.

  They are of all images; of search arrays then of each kind of target.

  Args:
    scores: float `[N]` each.
    images: their N positions.
  """
  kinds = np.array([scoring.kinds[i] for i in images])
  groups = {(): np.full(len(images), True)}
  if 'kind' in scoring.table.names:
    groups = {(ALL,): groups[()]} | {
        (x,): kinds == x for x in dict.fromkeys(kinds.tolist()) if x}
  for kind, chosen in groups.items():
    for metric, values in scoring.compared(scores).items():
      known = values[chosen & np.isfinite(values)]
      yield (model, scoring.dataset.name, *kind, metric,
             *bootstrap.mean(known, resamples), len(known))


def shown(found: Scored, count: int) -> Iterator[example_maps.Shown]:
  """Yields the images of a data set for Figure 8."""
  scoring, every = found.scoring, found.scores
  scores = np.array([every[model][scoring.ranked] for model in found.models])
  kinds = [scoring.kinds[i] for i in found.images]
  for i in example_maps.choose(scores, kinds, count):
    yield example_maps.Shown(
        scoring.dataset.name, scoring.dataset.source, found.images[i],
        kinds[i], scores[:, i], scoring.human)


def _per_image(dataset: str, model: str, scores: Scores) -> schema.File:
  table = schema.PER_IMAGE
  return table._replace(
      path=table.of(dataset, model), columns=(*table.columns, *(
          schema.Column(metric, 'float', '') for metric in scores)))
