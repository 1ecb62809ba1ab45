"""The evaluation: models on data sets, from a config to a folder of results.

Whatever can be wrong with models and data sets is looked at before the folder
is opened. What has been measured is kept line by line, so the same command goes
on where a run was stopped.
"""

import itertools
import pathlib
import shutil
import time
from collections.abc import Mapping, Sequence

import jax
import numpy as np

import saliency_jax
from saliency_jax.data import pixel_sets
from saliency_jax.data.pixel_sets import Chooser
from saliency_jax.errors import InputError
from saliency_jax.experiments import (
  example_maps,
  inner,
  photograph_scoring,
  popout_scoring,
  predictors,
  score_lists,
  scored_sets,
)
from saliency_jax.experiments.forward import Settings
from saliency_jax.experiments.photograph_scoring import Scored
from saliency_jax.experiments.popout_scoring import Searched
from saliency_jax.experiments.predictors import Predictor, Trained
from saliency_jax.experiments.scored_sets import DataSet
from saliency_jax.networks import vgg
from saliency_jax.workdir import Folder, alone

_PARTIAL = 'partial'
_MAPS = 'maps'
# What this job leaves in a folder beside config, summary and maps.
_OWNED = (
    'scores.csv', 'per_image', 'search.csv', 'output.csv', 'figure7.csv',
    'statistics.json', 'examples.csv', 'examples.npz', 'pictures', 'report',
    'report.html')


def evaluate(
    config, workdir: str, *, widths: Mapping[str, int] = vgg.WIDTHS) -> dict:
  """Scores every model on every data set and writes the results.

  Files: `scores.csv`, `per_image/<data set>/<model>.csv`, `search.csv` where
  there are search arrays; `output.csv`, `figure7.csv` and `statistics.json`
  where there are labelled regions; `examples.csv`, `examples.npz`, `pictures/`,
  `config.json`, `summary.json` and, if they are kept, `maps/<model>/`.

  Args:
    config: `configs/evaluate.py`.
    workdir: the folder for the results.
    widths: units of every convolution of trained models; tests use fewer.

  Returns:
    The summary.

  Raises:
    InputError: if the config, a model, a data set or the folder is at fault.
  """
  start = time.perf_counter()
  choose = _checked(config)
  opened = predictors.open_predictors(config, widths=widths)
  datasets = scored_sets.open_sets(config)
  for dataset, model in itertools.product(datasets, opened):
    model.check(dataset.source.image_ids)
  if config.eval.save_maps:
    _check_one_file_each(datasets)
  _check_inputs_stay(opened, workdir)
  with alone(workdir, 'evaluate'):
    folder = Folder(workdir, config.to_dict())
    folder.clear(_OWNED)
    _clear_maps(folder, opened, keep=config.eval.save_maps)
    common = {
        'folder': folder, 'partial': _PARTIAL,
        'batch_size': config.eval.batch_size,
        'save_maps': config.eval.save_maps,
        'job': {'versions': [saliency_jax.__version__, jax.__version__]}}
    found: list[Scored | Searched] = []
    for dataset in datasets:
      if dataset.searched:
        found.append(popout_scoring.score(dataset, opened, **common))
      else:
        found.append(photograph_scoring.score(
            dataset, opened, choose, observers=config.eval.ceiling,
            distinct=config.analysis.fixations == 'distinct', **common))
    facts = score_lists.write(
        folder, found, _inner(config, folder, opened, found, choose, widths),
        resamples=config.eval.resamples)
    example_maps.write(folder, [
        shown for each in found
        for shown in _shown(each, config.eval.examples)], opened)
    summary = folder.finish(
        'evaluate', models={each.name: each.identity for each in opened},
        weights={
            each.name: {
                'name': each.weights.name, 'sha256': each.weights.sha256,
                'depth': each.weights.depth}
            for each in opened if isinstance(each, Trained)},
        datasets={each.dataset.name: each.facts for each in found}, **facts,
        constant_maps={
            each.dataset.name: {k: v for k, v in each.constant.items() if v}
            for each in found},
        warnings=_warnings(opened, found),
        seconds={'wall': round(time.perf_counter() - start, 3)})
    shutil.rmtree(folder.path / _PARTIAL)
    return summary


def _checked(config) -> Chooser:
  """Checks the numbers; returns which fixations of a region count."""
  for name, number, least in (
      ('resamples', config.eval.resamples, 1),
      ('examples', config.eval.examples, 0)):
    if number < least:
      raise InputError(f'config.eval.{name} is {number}; give {least} or more.')
  return pixel_sets.counted(config.analysis.fixations, in_regions=True)


def _check_one_file_each(datasets: Sequence[DataSet]) -> None:
  """Checks that no two images would have their maps in one file."""
  for one, other in itertools.combinations(datasets, 2):
    shared = set(one.source.image_ids) & set(other.source.image_ids)
    if shared:
      raise InputError(
          f'{one.name} and {other.name} both have an image {min(shared)}, '
          f'whose maps would be one file; keep maps of one data set at a time.')


def _check_inputs_stay(
    opened: Sequence[Predictor], workdir: str) -> None:
  """Checks that no folder of maps lies where older results are cleared."""
  cleared = pathlib.Path(workdir).resolve() / _MAPS
  for model in opened:
    if not isinstance(model, predictors.Folder):
      continue
    place = model.path.resolve()
    if workdir and cleared in (place, *place.parents):
      raise InputError(
          f'{place} lies in --workdir; name another --workdir, or move it.')


def _clear_maps(
    folder: Folder, opened: Sequence[Predictor], *, keep: bool) -> None:
  """Removes kept maps of other models; those of a stopped run stay."""
  names = {model.name for model in opened}
  resumed = keep and (folder.path / _PARTIAL).is_dir()
  for path in (folder.path / _MAPS).glob('*'):
    if not (resumed and path.name in names):
      folder.clear([f'{_MAPS}/{path.name}'])
  if not keep:
    folder.clear([_MAPS])


def _inner(
    config, folder: Folder, opened: Sequence[Predictor],
    found: Sequence[Scored | Searched], choose: Chooser,
    widths: Mapping[str, int]
) -> dict[tuple[str, str], inner.UnitScores]:
  """Measures trained networks' own units where there are regions."""
  return {
      (model.name, each.dataset.name): inner.unit_scores(
          each.dataset.source, model.weights, choose,
          settings=Settings(
              image_size=model.image_size, workers=0, on_bad_image='raise',
              batch_size=config.eval.batch_size),
          dtype=config.model.dtype,
          folder=folder.path / _PARTIAL / each.dataset.name / model.name,
          job={'data': each.dataset.identity, 'model': model.identity,
               'fixations': config.analysis.fixations},
          title=f'Units of {model.name}', widths=widths)
      for each in found for model in opened
      if isinstance(each, Scored) and isinstance(model, Trained)
      and any(each.regions[model.name])}


def _shown(
    found: Scored | Searched, count: int) -> list[example_maps.Shown]:
  """Returns images for Figure 8."""
  source = found.dataset.source
  if isinstance(found, Searched):
    scores = np.array([each['nmm'] for each in found.scores.values()])
    kinds = [pattern.kind for pattern in found.patterns]
    places, human = list(range(len(kinds))), None
  else:
    scores = np.array([
        found.scores[model]['nss'] for model in found.regions])
    kinds = [''] * len(found.images)
    places = [source.image_ids.index(name) for name in found.images]

    def human(record):
      return np.asarray(found.scorer.human(
          *found.scorer.padded(record.fixations), record.image.shape[:2]))

  return [
      example_maps.Shown(
          found.dataset.name, source, places[i], kinds[i], scores[:, i], human)
      for i in example_maps.choose(scores, kinds, count)]


def _warnings(
    opened: Sequence[Predictor], found: Sequence[Scored | Searched]
) -> list[str]:
  """Returns what a reader of the scores should know, in sentences."""
  said = []
  for each in found:
    name, facts = each.dataset.name, each.facts
    for model, images in each.constant.items():
      if images:
        said.append(
            f'{model} has a constant map for {len(images)} images of {name} '
            f'({_first(images)}); they are scored at chance.')
    for model in opened:
      learnt = (model.learnt & set(each.dataset.source.image_ids)
                if isinstance(model, Trained) and each.dataset.kind == 'osie'
                else ())
      if learnt:
        said.append(
            f'{model.name} was trained on {len(learnt)} images of {name}; '
            f'score it with config.sets.{name}.part=validation.')
    for key, what in (
        ('without_fixations', 'images without a fixation are left out'),
        ('fixations_outside', 'fixations outside their image are left out'),
        ('images_with_fewer_than_2_observers',
         'images with fewer than 2 observers have no ceiling'),
        ('observers_without_a_fixation',
         'times an observer had no fixation on an image, and is left out')):
      if facts.get(key):
        said.append(f'{name}: {facts[key]} {what}.')
  return said


def _first(names: Sequence[str]) -> str:
  return ', '.join(names[:3]) + (', ...' if len(names) > 3 else '')
