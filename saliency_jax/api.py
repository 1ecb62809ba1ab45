"""The jobs as functions, for notebooks and programs; see `saliency_jax`.

Every job takes `options`, config keys with the names of their flags:
`{'analysis.top_units': 5, 'report.images': 0}`. `python launch/JOB.py --help`
lists them. A network or data set that is passed as a value replaces the one
that the config would name.
"""

import os
from collections.abc import Mapping
from typing import Any

import ml_collections

from saliency_jax import config_help
from saliency_jax.data import parts
from saliency_jax.data.source import any_fixated_region, open_group
from saliency_jax.data.types import Source
from saliency_jax.errors import InputError
from saliency_jax.networks import zoo
from saliency_jax.networks.network import Network
from saliency_jax.training import trained_models

Options = Mapping[str, Any]
# Keys that have no effect if a network or a data set is passed.
_OF_NETWORK = frozenset(
  f'network.{key}' for key in ('name', 'dtype', 'weights', 'preprocessing', 'checkpoint', 'member')
)
_OF_SOURCE = ('kind', 'dir', 'part', 'fixations', 'regions', 'val_dir', 'val_fixations')


def load(
  name: str = zoo.DEFAULT,
  *,
  weights: str = 'imagenet',
  checkpoint: str | os.PathLike = '',
  member: str = '',
  trunk: Network | None = None,
  cache_dir: str | os.PathLike = '',
  **options: Any,
) -> Network:
  """Returns a network with its weights.

  Args:
    name: one of `saliency_jax.networks()`, or 'package.module:function'.
    weights: a known name, the path of a weight file, or 'random'.
    checkpoint: the folder of a training run or a sweep. Its trained network is
      returned, and `name` and `weights` are ignored; its output is one of its
      taps.
    member: the member of a sweep, e.g. 'depth_3'.
    trunk: the network that was trained, if it was passed as a value whose name
      does not say how to make it.
    cache_dir: the folder for fetched weights; '' is the user's cache.
    **options: `dtype`, `image_size`, `readout_tap` and `preprocessing`; see
      `networks.zoo.load`.

  Raises:
    InputError: the network, its weights or an option is invalid.
  """
  if trunk and 'dtype' in options:
    raise InputError('A trunk that is passed has its own type; leave dtype out.')
  if checkpoint:
    options |= {'checkpoint': str(checkpoint), 'member': member}
    config = config_help.configured('osie', {f'network.{key}': value for key, value in options.items()})
    return trained_models.load(config.network, trunk=trunk).whole
  if member or trunk:
    raise InputError(f'A {"member" if member else "trunk"} is one of a training run; give checkpoint=FOLDER too.')
  return zoo.load(name, weights=weights, cache_dir=cache_dir, **options)


def dissect(network: Network, source: Source, workdir: str | os.PathLike, options: Options | None = None) -> dict:
  """Scores every unit inside every labelled region, and writes the results.

  Args:
    network: the network to dissect.
    source: photographs with fixations and regions; see `open_source`.
    workdir: the folder for the results; `read` reads it.
    options: keys of configs/osie.py.

  Returns:
    The summary.

  Raises:
    InputError: an argument or the data are invalid.
  """
  from saliency_jax.experiments import units

  config, network = _with('osie', options, network, source)
  if not any_fixated_region(source):
    raise InputError('None of the photographs has a labelled region with a fixation; give `open_source` their regions.')
  return units.dissect(config, source, str(workdir), network=network)


def popout(network: Network, source: Source | None, workdir: str | os.PathLike, options: Options | None = None) -> dict:
  """Scores every unit on the targets of search arrays; see `dissect`.

  Args:
    network: the network to dissect.
    source: search arrays; None draws 80.
    workdir: the folder for the results.
    options: keys of configs/popout.py.
  """
  from saliency_jax.experiments import units

  config, network = _with('popout', options, network, source)
  return units.popout(config, source or open_group(config.data, wants='targets'), str(workdir), network=network)


def train(
  network: Network, train: Source, validation: Source | None, workdir: str | os.PathLike, options: Options | None = None
) -> dict:
  """Trains a saliency model, or a model for another task, on top of a network.

  Args:
    network: the network that training starts from.
    train: the training images.
    validation: the validation images. None takes a fraction of `train`, a fifth
      by default (`data.val_fraction`), and leaves another for testing
      (`data.test_fraction`).
    workdir: the run's folder; `load(checkpoint=workdir)` loads the result.
    options: keys of configs/train.py, e.g. `{'train.depth': 3}`.

  Returns:
    The summary.

  Raises:
    InputError: an argument or the data are invalid.
  """
  from saliency_jax.training import loop

  config, network = _with('train', options, network, train)
  return loop.train(config, _data(config, train, validation), str(workdir), network)


def sweep(
  network: Network, train: Source, validation: Source | None, workdir: str | os.PathLike, options: Options | None = None
) -> dict:
  """Trains a network to several depths at once, and measures every member.

  `load(checkpoint=workdir, member='depth_3')` loads a member.

  Args:
    network: the network that all members start from.
    train: the training images.
    validation: the validation images; see `train`.
    workdir: the sweep's folder.
    options: keys of configs/sweep_depth.py. By default ('measured') members are
      scored on search arrays and, if `train` has labelled regions, on these.
  """
  from saliency_jax.experiments import depth
  from saliency_jax.training import loop

  config, network = _with('sweep_depth', options, network, train)
  if 'measured' not in (options or {}) and not any_fixated_region(train):
    config.measured = ('popout',)
  data = _data(config, train, validation)
  sources = depth.open_sources(config, network, train)
  trained = loop.sweep(config, data, str(workdir), network)
  return depth.measure(config, trained, sources, str(workdir), learnt=data, trunk=network)


def tasks(
  network: Network, train: Source, validation: Source | None, workdir: str | os.PathLike, options: Options | None = None
) -> dict:
  """Trains saliency and scenes from one network and compares their changes.

  Args:
    network: the network that both tasks start from.
    train: the training images, with regions on which the trunks are dissected.
    validation: the validation images; see `train`.
    workdir: the folder of the comparison.
    options: keys of configs/tasks.py; 'data.scenes' is a file of scene labels.
  """
  from saliency_jax.experiments import task_comparison, task_runs

  config, network = _with('tasks', options, network, train)
  data = _data(task_runs.with_task(config, 'scene'), train, validation)
  return task_comparison.compare(config, data, train, network, str(workdir))


def predict(network: Network, source: Source, workdir: str | os.PathLike, options: Options | None = None) -> dict:
  """Writes saliency maps of images; see `experiments.prediction.predict`.

  Args:
    network: a trained network.
    source: the images, e.g. `open_source('images', FOLDER)`.
    workdir: the folder for the maps.
    options: keys of configs/predict.py.
  """
  from saliency_jax.experiments import prediction

  config, network = _with('predict', options, network, source)
  return prediction.predict(config, source, str(workdir), network=network)


def evaluate(
  models: str | Mapping[str, str | os.PathLike | Network],
  workdir: str | os.PathLike,
  options: Options | None = None,
  source: Source | None = None,
) -> dict:
  """Scores models on data sets and writes the results.

  Args:
    models: as in `--config.eval.models`, e.g. 'gbvs,mine=FOLDER_OF_MAPS'; or by
      name, {'gbvs': 'gbvs', 'mine': NETWORK}. A network that is passed does not
      say which images it was trained on, so that none are recognised; the
      folder of its training does.
    workdir: the folder for the results.
    options: keys of configs/evaluate.py: `eval.sets`, `sets.mine.dir`, ...
    source: the data set `mine`, in place of one that the options name.
      Photographs need `sets.mine.sigma`, one degree of visual angle in pixels.

  Raises:
    InputError: a model, a data set or an option is invalid.
  """
  from saliency_jax.experiments import evaluation

  networks = {}
  if not isinstance(models, str):
    networks = {name: _described(x) for name, x in models.items() if isinstance(x, Network)}
    models = ','.join(name if name in networks else f'{name}={x}' for name, x in models.items())
  _check_source(source, options or {}, 'sets.mine')
  config = config_help.configured('evaluate', {'eval.models': models, **(options or {})})
  return evaluation.evaluate(config, str(workdir), networks, source)


def make_report(workdir: str | os.PathLike, compare: str | os.PathLike = '', single_file: bool = False) -> str:
  """Writes the pages of a folder of results; returns the path of the first.

  Args:
    workdir: the folder.
    compare: the folder of a second run to show beside it; '' for none.
    single_file: write one file with everything in it, to send or to archive.

  Raises:
    InputError: a folder holds no finished job.
  """
  from saliency_jax.report import site

  return str(site.write(workdir, compare, single_file))


def _with(
  name: str, options: Options | None, network: Network, source: Source | None
) -> tuple[ml_collections.ConfigDict, Network]:
  """Returns a job's config, and the network with the options applied.

  Raises:
    InputError: an option is invalid, or describes what is passed as a value.
  """
  options = options or {}
  for key in _OF_NETWORK.intersection(options):
    raise _without_effect(key)
  _check_source(source, options, 'data')
  if not isinstance(network, Network):
    raise InputError(f'A {type(network).__name__} is no network; give what load or from_linen returns.')
  config = config_help.configured(name, {'network.name': network.name, **options})
  size, tap = config.network.image_size, config.network.readout_tap
  if size:
    network = network.replace(preprocess=network.preprocess._replace(image_size=size))
  if tap:
    network = network.replace(readout_tap=network.resolve([tap])[0])
  return config, _described(network)


def _described(network: Network) -> Network:
  """Returns a network that was passed, with what its variables are now."""
  # Its variables may have been changed since it was made.
  found = network.provenance._replace(
    name=network.provenance.name or network.name, sha256=trained_models.digest(network)
  )
  return network.replace(provenance=found)


def _check_source(source: Source | None, options: Options, group: str) -> None:
  """Checks a data set that was passed, in place of the group in `options`."""
  if source is None:
    return
  for key in (f'{group}.{x}' for x in _OF_SOURCE):
    if key in options:
      raise _without_effect(key)
  if not isinstance(source, Source):
    raise InputError(f'A {type(source).__name__} is no data set; give what open_source returns, or a Source of yours.')
  if not len(source):
    raise InputError('The data set has no images; pass one that has some.')


def _without_effect(key: str) -> InputError:
  return InputError(f'The option {key!r} would change nothing: what it describes is passed as a value; leave it out.')


def _data(config, train: Source, validation: Source | None) -> parts.Data:
  if validation is None and not config.data.val_fraction:
    config.data.val_fraction = 0.2
  return parts.split_parts(config, train, validation)
