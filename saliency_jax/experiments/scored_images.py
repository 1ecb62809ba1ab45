"""Scores a data set: every model on every image, and people on each other.

Ledgers keep what has been measured, so that the same command continues an
interrupted run, and several processes can share the images.
"""

import functools
import pathlib
import time
import zlib
from collections.abc import Callable, Sequence

import jax
import numpy as np
from absl import logging

import saliency_jax
from saliency_jax import numpy_files, progress, runtime, schema
from saliency_jax.errors import InputError
from saliency_jax.experiments import passes, together
from saliency_jax.experiments.photograph_scoring import PhotographScoring
from saliency_jax.experiments.predictors import OBSERVERS, Predictor
from saliency_jax.experiments.score_lists import Scored
from saliency_jax.experiments.scored_sets import DataSet, Scoring
from saliency_jax.experiments.search_scoring import SearchScoring
from saliency_jax.ledger import Entry, Ledger

_SKIPPED = ''  # instead of a model: images that are left out


def scored(
  config, workdir: pathlib.Path, dataset: DataSet, models: Sequence[Predictor], poll: Callable[[], None]
) -> Scored:
  """Scores every model on a data set, continuing an interrupted run.

  With several processes each scores its share, and all return the whole.
  """
  scoring = SearchScoring(dataset) if dataset.searched else PhotographScoring(dataset, config)
  job = scoring.job | {'versions': [saliency_jax.__version__, jax.__version__]}
  ids, skipped = dataset.source.image_ids, dataset.reading.skipped
  names = [each.name for each in models]
  ledger = Ledger(
    part(workdir, dataset, 'scores'),
    {OBSERVERS: job, _SKIPPED: job}
    | {each.name: job | {'model': each.identity, 'maps': config.eval.save_maps} for each in models},
    process=jax.process_index(),
  )
  ledger.entries[_SKIPPED].clear()  # they may have been repaired since
  runtime.meet(dataset.name)  # all have now read the same ledger
  images = [i for i in scoring.images if ids[i] not in skipped]
  own = together.share(images)
  with ledger:
    if scoring.observers:
      _announce(scoring, ledger)
    keep = functools.partial(_save_map, workdir) if config.eval.save_maps else None
    score_models(scoring, models, own, ledger, poll, keep)
    for i in own:
      if ids[i] in skipped:
        ledger.add(_SKIPPED, ids[i], Entry(skipped[ids[i]]))
    if scoring.observers:
      _score_people(scoring, [i for i in own if ids[i] not in skipped], ledger, poll)
  series = [*names, *([OBSERVERS] if scoring.observers else ())]

  def all_scored() -> bool:
    ledger.reload()
    return all(
      ids[i] in ledger.entries[_SKIPPED] or all(ids[i] in ledger.entries[name] for name in series) for i in images
    )

  together.wait(poll, all_scored)
  skipped.update({name: each.facts for name, each in ledger.entries[_SKIPPED].items()})
  images = [i for i in images if ids[i] not in skipped]
  if not images:
    raise InputError(
      f'None of the images of {dataset.name} and their maps could be read; '
      f'the first problem: {next(iter(skipped.values()))}'
    )
  rows = {name: [ledger.entries[name][ids[i]].facts for i in images] for name in series}
  return Scored(scoring, images, rows, skipped)


def _announce(scoring: Scoring, ledger: Ledger) -> None:
  """Warns how long the observers will take, if over a minute."""
  ids, done = scoring.dataset.source.image_ids, ledger.entries[OBSERVERS]
  todo = {i: scoring.observers[i] for i in scoring.images if ids[i] not in done and scoring.observers[i] > 1}
  if len(todo) > 1:
    first, total = next(iter(todo)), sum(todo.values())
    scoring.people(first)  # compiles it
    start = time.perf_counter()
    scoring.people(first)
    minutes = (time.perf_counter() - start) * total / todo[first] / 60
    if minutes > 1:
      logging.warning(
        '%s: scoring %d observers of %d images will take about %.0f minutes, in '
        'addition to the models; --config.eval.ceiling=False skips it.',
        scoring.dataset.name,
        total,
        len(todo),
        minutes,
      )


def score_models(
  scoring: Scoring,
  models: Sequence[Predictor],
  images: Sequence[int],
  ledger: Ledger,
  poll: Callable[[], None] = lambda: None,
  keep: Callable[[str, str, np.ndarray], None] | None = None,
) -> None:
  """Scores every model on the images that a ledger lacks; adds them to it.

  Args:
    poll: called after every image; an exception ends the pass.
    keep: `keep(model, image_id, map)` is given every map.

  Raises:
    InputError: as `passes.predicted`.
  """
  dataset = scoring.dataset
  ids = dataset.source.image_ids
  todo = {each.name: {index for index in images if ids[index] not in ledger.entries[each.name]} for each in models}
  total = len(images) * len(models)
  done = total - sum(map(len, todo.values()))
  with progress.bar(total=total, done=done, unit='map', title=f'Scoring {dataset.name}') as bar:
    for each in passes.predicted(dataset.source, models, todo, dataset.reading):
      for model, values in scoring.measure(each).items():
        saliency, image_id = each.maps[model], each.record.image_id
        if keep:
          keep(model, image_id, saliency)
        ledger.add(model, image_id, Entry(values | about(saliency, each.record.image.shape)))
        bar.update()
      poll()


def about(saliency: np.ndarray, size: Sequence[int]) -> dict:
  """Returns signs that a map does not fit its image, as JSON values.

  They are whether it is 'constant', or 'framed', i.e. highest all along its
  edge; a 'digest' to find equal maps; and the factor by which its aspect ratio
  is 'stretched', 1 for square maps, which networks give.
  """
  edge = np.concatenate([*saliency[[0, -1]], *saliency[:, [0, -1]].T])
  one, other = saliency.shape[0] / saliency.shape[1], size[0] / size[1]
  return {
    'constant': bool(saliency.min() == saliency.max()),
    'framed': bool(edge.min() == saliency.max() > saliency.min()),
    'digest': zlib.crc32(np.ascontiguousarray(saliency)),
    'stretched': 1.0 if one == 1 else max(one / other, other / one),
  }


def _score_people(scoring: Scoring, images: Sequence[int], ledger: Ledger, poll: Callable[[], None]) -> None:
  ids, done = scoring.dataset.source.image_ids, ledger.entries[OBSERVERS]
  with progress.bar(
    total=len(images),
    done=sum(ids[i] in done for i in images),
    unit='image',
    title=f'Observers of {scoring.dataset.name}',
  ) as bar:
    for index in images:
      if ids[index] not in done:
        ledger.add(OBSERVERS, ids[index], Entry({'scores': scoring.people(index)}))
        bar.update()
        poll()


def _save_map(workdir: pathlib.Path, model: str, image_id: str, saliency) -> None:
  numpy_files.write_npy(workdir / f'{schema.MODEL_MAP.of(model)}{image_id}.npy', saliency)


def part(workdir: pathlib.Path, dataset: DataSet, name: str) -> pathlib.Path:
  """Returns the folder that keeps what was measured of a data set."""
  return workdir / schema.LEDGER / dataset.name / name
