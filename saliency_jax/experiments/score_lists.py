"""Models' scores by image, their means, paired differences, and warnings."""

import collections
import functools
import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from saliency_jax import schema
from saliency_jax.data import fingerprints
from saliency_jax.experiments import bootstrap, output
from saliency_jax.experiments.predictors import CENTRE, OBSERVERS, Predictor
from saliency_jax.experiments.scored_sets import Scores, Scoring
from saliency_jax.ops import inference
from saliency_jax.workdir import Folder

# Three equal maps are no accident; aspect ratios differ by rounding and
# padding.
_SAME, _STRETCHED = 3, 1.4
ALL = 'all'  # the kind that stands for all search arrays
_ENOUGH, _MOST = 8, 0.75  # images below chance, and their share


class Scored(NamedTuple):
  """The scores of one data set."""

  scoring: Scoring
  images: Sequence[int]  # positions of the N scored images
  # model, or `OBSERVERS` -> N results of `Scoring.measure` or `people`
  rows: Mapping[str, Sequence[dict]]
  skipped: Mapping[str, str]  # image_id -> why it or a map of it is left out

  @property
  def names(self) -> list[str]:
    """The N images' names."""
    return [self.scoring.dataset.source.image_ids[i] for i in self.images]

  @property
  def models(self) -> dict[str, Sequence[dict]]:
    """The rows without `OBSERVERS`."""
    return {model: rows for model, rows in self.rows.items() if model != OBSERVERS}

  @property
  def scores(self) -> dict[str, Scores]:
    """Model -> metric -> float64 `[N]`."""
    nothing = dict.fromkeys(self.scoring.metrics, np.nan)
    return {
      model: {metric: np.array([(row['scores'] or nothing)[metric] for row in rows]) for metric in self.scoring.metrics}
      for model, rows in self.rows.items()
    }

  @property
  def regions(self) -> dict[str, list[output.Region]]:
    """Model -> the saliency of every region; [] for search arrays."""
    return {
      model: [output.Region(*region) for row in rows for region in row.get('regions', ())]
      for model, rows in self.models.items()
    }

  def odd(self, kind: str) -> dict[str, list[str]]:
    """Returns each model's images with suspicious maps, by a key of `_ODD`."""
    return {
      model: [name for name, odd in zip(self.names, _ODD[kind](rows), strict=True) if odd]
      for model, rows in self.models.items()
    }

  @property
  def facts(self) -> dict:
    """What `summary.json` says of the data set."""
    return self.scoring.facts | ({'skipped': dict(self.skipped)} if self.skipped else {})


def _same(rows: Sequence[dict]) -> list[bool]:
  """Returns which have the most frequent map, constant ones aside."""
  maps = [None if row['constant'] else row.get('digest') for row in rows]
  counts = collections.Counter(x for x in maps if x is not None)
  most, count = counts.most_common(1)[0] if counts else (None, 0)
  return [count >= _SAME and x == most for x in maps]


def _below(rows: Sequence[dict]) -> list[bool]:
  """Returns which have an NSS below 0, if most do."""
  below = [row['scores'].get('nss', 0) < 0 for row in rows]
  return below if sum(below) >= max(_ENOUGH, _MOST * len(rows)) else [False] * len(rows)


# How suspicious maps are found in a model's rows, and the warnings about them.
_ODD = {
  'constant': lambda rows: [row['constant'] for row in rows],
  'same': _same,
  'stretched': lambda rows: [row.get('stretched', 1) > _STRETCHED for row in rows],
  'framed': lambda rows: [row.get('framed', False) for row in rows],
  'below': _below,
}
_SAID = {
  'constant': '{model} has a constant map for {images} of {dataset} ({first}), scored at chance.',
  'same': 'The maps of {model} for {count} of {all} images of {dataset} are all identical ({first}).',
  'stretched': 'The maps of {model} for {images} of {dataset} have a different aspect ratio from the images '
  '({first}); they are stretched to fit.',
  'framed': 'The maps of {model} for {images} of {dataset} are highest along their whole edge ({first}), '
  'as figures with margins and inverted maps are.',
  'below': '{model} is below chance on {count} of {all} images of {dataset}; are its maps inverted, or made for '
  'other images?',
}


def write(folder: Folder, found: Sequence[Scored], *, resamples: int) -> dict:
  """Writes scores by image and their means; returns facts for the summary."""
  means: dict[schema.File, list] = {}
  for each in found:
    scoring, dataset = each.scoring, each.scoring.dataset.name
    for model, scores in each.scores.items():
      folder.table(_per_image(dataset, model, scores), zip(each.names, *scores.values(), strict=True))
      means.setdefault(scoring.table, []).extend(means_of(scoring, model, scores, each.images, resamples))
  for table, rows in means.items():
    folder.table(table, rows)
  return {'datasets': {each.scoring.dataset.name: each.facts for each in found}}


def means_of(scoring: Scoring, model: str, scores: Scores, images: Sequence[int], resamples: int) -> Iterator[tuple]:
  """Yields the rows of `scoring.table`; NaN where nothing was measured.

  They are over all N images at the positions `images`; for search arrays also
  over each kind of target. `scores` are float `[N]` each.
  """
  kinds = np.array([scoring.kinds[i] for i in images])
  groups = {(): np.full(len(images), True)}
  if 'kind' in scoring.table.names:
    groups = {(ALL,): groups[()]} | {(x,): kinds == x for x in dict.fromkeys(kinds.tolist()) if x}
  for kind, chosen in groups.items():
    for metric, values in scoring.compared(scores).items():
      known = values[chosen & np.isfinite(values)]
      found = bootstrap.share(known) if metric in scoring.shares else bootstrap.mean(known, resamples)
      yield (model, scoring.dataset.name, *kind, metric, *found, len(known))


def _per_image(dataset: str, model: str, scores: Scores) -> schema.File:
  table = schema.PER_IMAGE
  return table._replace(
    path=table.of(dataset, model), columns=(*table.columns, *(schema.Column(metric, 'float', '') for metric in scores))
  )


def differences(found: Sequence[Scored], resamples: int) -> list[tuple]:
  """Returns the rows of `schema.DIFFERENCES`, one for every pair of models.

  The interval is a bootstrap over images, like a mean's. p is that of Student's
  paired t test, whose tail is finer than a bootstrap's, or for shares (0 or 1)
  of McNemar's exact test; it is corrected over all rows (Holm). Images on which
  either score is undefined, e.g. of a failed search, do not count.
  """
  made, p = [], []
  for each in found:
    models = {x: each.scoring.compared(of) for x, of in each.scores.items() if x != OBSERVERS}
    for (model, one), (other, second) in itertools.combinations(models.items(), 2):
      for metric in one:
        known = np.isfinite(one[metric]) & np.isfinite(second[metric])
        gap = one[metric][known] - second[metric][known]
        made.append((model, other, each.scoring.dataset.name, metric, *bootstrap.mean(gap, resamples), len(gap)))
        p.append(_paired(gap))
  return [(*line, *x) for line, *x in zip(made, p, inference.holm(p), strict=True)]


def _paired(gap: np.ndarray) -> float:
  """Returns the p of a mean difference of 0; NaN with fewer than 2 images."""
  if len(gap) < 2:
    return np.nan
  if not np.ptp(gap) or np.isin(gap, (-1, 0, 1)).all():
    changed = np.count_nonzero(gap)
    return float(stats.binomtest((gap > 0).sum(), changed).pvalue) if changed else 1.0
  return float(stats.ttest_1samp(gap, 0).pvalue)


def notes(models: Sequence[Predictor], found: Sequence[Scored]) -> list[str]:
  """Returns what a reader of the scores should know, in sentences."""
  said = [
    f'{x.name} was trained here, on images that it does not name as a value; give the folder of its training to have '
    'them recognised.'
    for x in models
    if x.network and x.network.provenance.depth is not None and not x.trained_on
  ]
  priors = {model.name for model in models if model.identity == CENTRE}
  for each in found:
    dataset = each.scoring.dataset
    for kind, text in _SAID.items():
      for model, images in each.odd(kind).items():
        if images and not (kind == 'same' and model in priors):
          of = {'count': len(images), 'all': len(each.images), 'dataset': dataset.name, 'first': _first(images)}
          said.append(text.format(model=model, images=_images(images), **of))
    shared = functools.cache(functools.partial(fingerprints.shared, fingerprints.of(dataset.source)))
    learnt = {}  # images -> the models that learnt from them
    for model in models:
      if model.trained_on:
        learnt.setdefault(tuple(shared(model.trained_on)), []).append(model.name)
    learnt.pop((), None)
    said += [
      f'{", ".join(names)} {"were" if len(names) > 1 else "was"} trained on {_images(again)} of {dataset.name} '
      f'({_first(again)}); score {"them" if len(names) > 1 else "it"} on others, with '
      f'config.sets.{dataset.name}.part=<the --workdir of the training>.'
      for again, names in learnt.items()
    ]
    said += [
      f'{dataset.name}: {what}: {each.facts[key]}.'
      for key, what in (
        ('without_fixations', 'images without a fixation, left out'),
        ('fixations_outside', 'fixations outside their image, left out'),
        ('images_with_fewer_than_2_observers', 'images with fewer than 2 observers, without a ceiling'),
        ('observers_without_a_fixation', 'observers without a fixation on an image, left out'),
      )
      if each.facts.get(key)
    ]
    if each.skipped:
      said.append(
        f'{dataset.name}: left out {_images(each.skipped)} that cannot be read, or whose maps cannot '
        f'({_first([*each.skipped])}).'
      )
  return said


def _images(names: Collection[str]) -> str:
  return f'{len(names)} image{"s" * (len(names) != 1)}'


def _first(names: Sequence[str]) -> str:
  return ', '.join(names[:3]) + (', ...' if len(names) > 3 else '')
