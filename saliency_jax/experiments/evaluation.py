"""The evaluation: scores models on data sets, from a config to results.

Models and data sets are checked before the folder is opened. Ledgers keep what
has been measured, so that the same command continues an interrupted run.
"""

import contextlib
import itertools
import pathlib
import shutil
import time
from collections.abc import Callable, Mapping, Sequence

import jax
import pandas as pd

from saliency_jax import runtime, schema
from saliency_jax.data import pixel_sets
from saliency_jax.data import source as sources
from saliency_jax.data.pipeline import Reading
from saliency_jax.data.types import Source
from saliency_jax.errors import InputError, at_least
from saliency_jax.experiments import (
  example_maps,
  figure7,
  forward,
  measurement,
  predictors,
  score_lists,
  scored_images,
  scored_sets,
  together,
)
from saliency_jax.experiments.forward import Probe
from saliency_jax.experiments.predictors import Predictor
from saliency_jax.experiments.score_lists import Scored
from saliency_jax.experiments.scored_sets import DataSet
from saliency_jax.ledger import Ledger
from saliency_jax.networks.network import Network
from saliency_jax.workdir import Folder, alone

_MAPS = schema.MODEL_MAP.path.partition('/')[0]


def evaluate(config, workdir: str, networks: Mapping[str, Network] | None = None, source: Source | None = None) -> dict:
  """Scores every model on every data set and writes the results.

  `schema.JOBS['evaluate']` lists the files: scores on photographs and search
  arrays, output saliency where there are labelled regions, examples, and the
  maps if they are kept. With several processes each scores its share of the
  images, and the first one writes.

  Args:
    networks: models that are passed as values, see `open_predictors`.
    source: the data set `mine`, if it is passed as a value.

  Returns:
    The summary; {} in all processes but the first.

  Raises:
    InputError: the config, a model, a data set or the folder is at fault.
    Stopped: after SIGTERM; the same call continues.
  """
  start = time.perf_counter()
  _check(config)
  models = predictors.open_predictors(config, networks or {})
  datasets = scored_sets.open_sets(config, source)
  for dataset, model in itertools.product(datasets, models):
    model.check(dataset.source.image_ids)
  for each in datasets:
    _check_sizes(each, models)
  if config.eval.save_maps:
    _check_one_file_each(datasets)
  _check_inputs_stay(models, workdir)
  first = jax.process_index() == 0
  with contextlib.ExitStack() as stack:
    with runtime.ending_together():
      if first:
        stack.enter_context(alone(workdir, 'evaluate'))
        folder = Folder(workdir, config.to_dict())
        folder.clear(schema.top(schema.JOBS['evaluate']) - {_MAPS})
        _clear_maps(folder, models, keep=config.eval.save_maps)
    path = pathlib.Path(workdir)
    poll = stack.enter_context(together.ending(path))
    found = [scored_images.scored(config, path, dataset, models, poll) for dataset in datasets]
    inners = _inner(config, path, models, found, poll)
    if not first:
      together.wait(poll, (path / schema.SUMMARY).is_file)
      return {}
    summary = _write(config, folder, models, found, inners, start)
    shutil.rmtree(path / schema.LEDGER, ignore_errors=True)
    return summary


def _write(
  config,
  folder: Folder,
  models: Sequence[Predictor],
  found: Sequence[Scored],
  inners: dict[figure7.Key, pd.DataFrame],
  start: float,
) -> dict:
  """Writes all results but the config; returns the summary."""
  facts = score_lists.write(folder, found, resamples=config.eval.resamples)
  if differences := score_lists.differences(found, config.eval.resamples):
    folder.table(schema.DIFFERENCES, differences)
  regions = {
    (model, each.scoring.dataset.name): listed for each in found for model, listed in each.regions.items() if listed
  }
  if regions:
    facts['output'] = figure7.write(
      folder, regions, inners, top=config.analysis.top_units, resamples=config.eval.resamples
    )
  example_maps.write(folder, found, config.eval.examples, models)
  return folder.finish(
    'evaluate',
    models={each.name: each.identity for each in models},
    weights={each.name: each.network.provenance._asdict() for each in models if each.network},
    **facts,
    warnings=score_lists.notes(models, found),
    seconds={'wall': round(time.perf_counter() - start, 3)},
  )


def _check(config) -> None:
  at_least(1, {'eval.resamples': config.eval.resamples, 'analysis.top_units': config.analysis.top_units})
  at_least(0, {'eval.examples': config.eval.examples})
  if not -1 <= config.eval.auc_jitter < 2**32:
    raise InputError(
      f'config.eval.auc_jitter is {config.eval.auc_jitter}; give a seed from 0 to 4294967295, or -1 for none.'
    )
  Reading.of(config.data)
  forward.alignment(config)
  pixel_sets.counted(config.analysis.fixations, in_regions=True)


def _check_sizes(dataset: DataSet, models: Sequence[Predictor]) -> None:
  """Checks the sizes of all images before any is scored; skips bad ones."""
  source, checks = dataset.source, [model.check_size for model in models if model.check_size]
  sources.check_sizes(source, dataset.reading.on_bad_image)
  for index, image_id in enumerate(source.image_ids) if checks else ():
    try:
      size = source.size(index)
      for check in checks:
        check(image_id, size)
    except InputError as error:
      dataset.reading.skip(image_id, error)


def _check_one_file_each(datasets: Sequence[DataSet]) -> None:
  """Checks that no two images would share a file of maps."""
  for one, other in itertools.combinations(datasets, 2):
    shared = set(one.source.image_ids) & set(other.source.image_ids)
    if shared:
      raise InputError(
        f'{one.name} and {other.name} both have an image {min(shared)}, '
        f'whose maps would be the same file; save the maps of one data set at a time.'
      )


def _check_inputs_stay(models: Sequence[Predictor], workdir: str) -> None:
  """Checks that no folder of maps lies where older results are removed."""
  cleared = pathlib.Path(workdir).resolve() / _MAPS
  for model in models:
    path = model.folder and model.folder.resolve()
    if path and workdir and cleared in (path, *path.parents):
      raise InputError(f'{path} lies in --workdir; name another --workdir, or move it.')


def _clear_maps(folder: Folder, models: Sequence[Predictor], *, keep: bool) -> None:
  """Removes other models' maps, and all unless an interrupted run kept them."""
  names = {model.name for model in models}
  resumed = keep and (folder.path / schema.LEDGER).is_dir()
  for path in (folder.path / _MAPS).glob('*'):
    if not (resumed and path.name in names):
      folder.clear([f'{_MAPS}/{path.name}'])
  if not keep:
    folder.clear([_MAPS])


def _inner(
  config, workdir: pathlib.Path, models: Sequence[Predictor], found: Sequence[Scored], poll: Callable[[], None]
) -> dict[figure7.Key, pd.DataFrame]:
  """Measures networks' own units on data sets with regions."""
  inners = {}
  for each, model in itertools.product(found, models):
    dataset = each.scoring.dataset
    if model.network and each.regions[model.name]:
      alignment, network = config.analysis.alignment, model.network
      job = each.scoring.job | {'model': model.identity, 'counted': config.analysis.fixations, 'alignment': alignment}
      inners[model.name, dataset.name] = figure7.unit_scores(
        dataset.source,
        # The tap that the map is made of.
        Probe(network, (network.top_tap,), dataset.reading, alignment),
        pixel_sets.counted(config.analysis.fixations, in_regions=True),
        ledger=Ledger(
          scored_images.part(workdir, dataset, f'units/{model.name}'),
          {measurement.SERIES: job},
          process=jax.process_index(),
        ),
        poll=poll,
        title=f'Units of {model.name}',
      )
  return inners
