"""A data set scored: every model on every image, and people on each other.

What has been measured lies in a ledger, so the same command goes on where a run
was stopped, and several processes share the images.
"""

import functools
import pathlib
import time
from collections.abc import Callable, Sequence

import jax
from absl import logging

import saliency_jax
from saliency_jax import numpy_files, progress, runtime, schema
from saliency_jax.data.pixel_sets import Chooser
from saliency_jax.errors import InputError
from saliency_jax.experiments import passes, photograph_scoring, search_scoring, together
from saliency_jax.experiments.passes import Reading
from saliency_jax.experiments.predictors import OBSERVERS, Predictor
from saliency_jax.experiments.score_lists import Scored
from saliency_jax.experiments.scored_sets import DataSet, Scoring
from saliency_jax.ledger import Entry, Ledger

_SKIPPED = ''  # in the place of a model: images that are left out


def scored(
  config,
  workdir: pathlib.Path,
  dataset: DataSet,
  models: Sequence[Predictor],
  choose: Chooser,
  reading: Reading,
  look: Callable[[], None],
) -> Scored:
  """Scores every model on a data set, going on where a run was stopped.

  Of several processes each one scores its share, and all return the whole.
  """
  if dataset.searched:
    scoring = search_scoring.make(dataset)
  else:
    distinct, jitter = config.analysis.fixations == 'distinct', config.eval.auc_jitter
    scoring = photograph_scoring.make(
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
  ledger.entries[_SKIPPED].clear()  # it may have been repaired since
  runtime.meet(dataset.name)  # all have read the same ledger
  images = [i for i in scoring.images if ids[i] not in reading.skipped]
  own = together.share(images)
  with ledger:
    if scoring.people:
      _announce(scoring, ledger)
    passes.measured(
      dataset.source,
      models,
      own,
      scoring.measure,
      ledger=ledger,
      reading=reading,
      title=f'Scoring {dataset.name}',
      look=look,
      keep=functools.partial(_save_map, workdir) if config.eval.save_maps else None,
    )
    for i in own:
      if ids[i] in reading.skipped:
        ledger.add(_SKIPPED, ids[i], Entry(reading.skipped[ids[i]]))
    if scoring.people:
      _score_people(scoring, [i for i in own if ids[i] not in reading.skipped], ledger, look)
  series = [*names, *([OBSERVERS] if scoring.people else ())]

  def all_scored() -> bool:
    ledger.reload()
    return all(
      ids[i] in ledger.entries[_SKIPPED] or all(ids[i] in ledger.entries[name] for name in series) for i in images
    )

  together.wait(look, all_scored)
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
  """Says how long the observers will take, if that is over a minute."""
  ids, done = scoring.dataset.source.image_ids, ledger.entries[OBSERVERS]
  todo = {i: scoring.observers[i] for i in scoring.images if ids[i] not in done and scoring.observers[i] > 1}
  if len(todo) > 1:
    first, total = next(iter(todo)), sum(todo.values())
    scoring.people(first)  # compiled
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


def _score_people(scoring: Scoring, images: Sequence[int], ledger: Ledger, look: Callable[[], None]) -> None:
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
        look()


def _save_map(workdir: pathlib.Path, model: str, image_id: str, saliency) -> None:
  numpy_files.write_npy(workdir / f'{schema.MODEL_MAP.of(model)}{image_id}.npy', saliency)


def part(workdir: pathlib.Path, dataset: DataSet, name: str) -> pathlib.Path:
  """Returns where it is kept what was measured of a data set."""
  return workdir / schema.LEDGER / dataset.name / name
