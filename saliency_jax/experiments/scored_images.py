"""Scores a data set: every model on every image, and people on each other.

Ledgers keep what has been measured, so that the same command continues an
interrupted run, and several processes can share the images.
"""

import functools
import pathlib
import time
from collections.abc import Callable, Sequence

import jax
from absl import logging

import saliency_jax
from saliency_jax import numpy_files, progress, runtime, schema
from saliency_jax.data.pipeline import Reading
from saliency_jax.data.pixel_sets import Chooser
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
  config,
  workdir: pathlib.Path,
  dataset: DataSet,
  models: Sequence[Predictor],
  choose: Chooser,
  reading: Reading,
  poll: Callable[[], None],
) -> Scored:
  """Scores every model on a data set, continuing an interrupted run.

  With several processes each scores its share, and all return the whole.
  """
  if dataset.searched:
    scoring = SearchScoring(dataset)
  else:
    distinct, jitter = config.analysis.fixations == 'distinct', config.eval.auc_jitter
    scoring = PhotographScoring(
      dataset, choose, reading, observers=config.eval.ceiling, distinct=distinct, jitter=jitter
    )
  job = scoring.job | {'versions': [saliency_jax.__version__, jax.__version__]}
  ids = dataset.source.image_ids
  names = [each.name for each in models]
  ledger = Ledger(
    part(workdir, dataset, 'scores'),
    {OBSERVERS: job, _SKIPPED: job}
    | {each.name: job | {'model': each.identity, 'maps': config.eval.save_maps} for each in models},
    process=jax.process_index(),
  )
  ledger.entries[_SKIPPED].clear()  # they may have been repaired since
  runtime.meet(dataset.name)  # all have now read the same ledger
  images = [i for i in scoring.images if ids[i] not in reading.skipped]
  own = together.share(images)
  with ledger:
    if scoring.observers:
      _announce(scoring, ledger)
    passes.measured(
      dataset.source,
      models,
      own,
      scoring.measure,
      ledger=ledger,
      reading=reading,
      title=f'Scoring {dataset.name}',
      poll=poll,
      keep=functools.partial(_save_map, workdir) if config.eval.save_maps else None,
    )
    for i in own:
      if ids[i] in reading.skipped:
        ledger.add(_SKIPPED, ids[i], Entry(reading.skipped[ids[i]]))
    if scoring.observers:
      _score_people(scoring, [i for i in own if ids[i] not in reading.skipped], ledger, poll)
  series = [*names, *([OBSERVERS] if scoring.observers else ())]

  def all_scored() -> bool:
    ledger.reload()
    return all(
      ids[i] in ledger.entries[_SKIPPED] or all(ids[i] in ledger.entries[name] for name in series) for i in images
    )

  together.wait(poll, all_scored)
  reading.skipped.update({name: each.facts for name, each in ledger.entries[_SKIPPED].items()})
  images = [i for i in images if ids[i] not in reading.skipped]
  if not images:
    raise InputError(
      f'None of the images of {dataset.name} and their maps could be read; '
      f'the first problem: {next(iter(reading.skipped.values()))}'
    )
  return Scored(
    scoring, images, {name: [ledger.entries[name][ids[i]].facts for i in images] for name in series}, reading.skipped
  )


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
