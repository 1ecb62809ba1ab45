"""What dissection and pop-out share: the network, the settings, the run."""

import shutil
from typing import NamedTuple

import jax

import saliency_jax
from saliency_jax import files
from saliency_jax.analysis import measurement
from saliency_jax.analysis.partial import Partial
from saliency_jax.datasets.records import Source
from saliency_jax.datasets.sets import Chooser
from saliency_jax.errors import InputError
from saliency_jax.models import registry
from saliency_jax.results import Folder
from saliency_jax.weights import initial

_PARTIAL = 'partial'
# What the jobs of this package leave in a folder beside config and summary.
_OWNED = (
    'association', 'nmm', 'examples', 'examples.json', 'regions.csv',
    'table2.csv', 'patterns.csv', 'table5.csv', 'report.html')
# Keys that change how fast or how patiently images are read, not the numbers.
_MANNER = ('batch_size', 'workers', 'on_bad_image')


class Job(NamedTuple):
  """A network with its weights, and the folder that takes the results."""
  network: registry.Network
  params: registry.Params
  weights: dict[str, str]  # what `summary.json` says of the weights
  settings: measurement.Settings
  folder: Folder
  config: dict  # as JSON values


def start(config, workdir: str) -> Job:
  """Opens the folder and loads the network that the config names.

  Args:
    config: `configs.base`'s keys; `model`, `init` and `data` are read here.
    workdir: the folder for the results.

  Raises:
    InputError: if the config, the weights or the folder are at fault.
  """
  # Everything that can be wrong is looked at before the folder is opened: a
  # misspelt flag must not cost the results that lie there.
  settings = measurement.Settings(
      image_size=config.data.image_size, batch_size=config.data.batch_size,
      workers=config.data.workers, on_bad_image=config.data.on_bad_image)
  settings.check()
  for name, number, least in (
      ('analysis.top_units', config.analysis.top_units, 1),
      ('report.examples', config.report.examples, 0)):
    if number < least:
      raise InputError(f'config.{name} is {number}; give {least} or more.')
  weights = initial.load(config.init)
  network = registry.build(
      config.model.name, layers=config.model.layers, mean=weights.mean,
      dtype=config.model.dtype)
  as_json = config.to_dict()
  folder = Folder(workdir, as_json)
  folder.clear(_OWNED)
  return Job(
      network, weights.params, {'name': weights.name, 'sha256': weights.sha256},
      settings, folder, as_json)


def measure(
    job: Job, source: Source, choose: Chooser, *, title: str
) -> measurement.Measurement:
  """Runs `measurement.measure` for a job, going on after an interrupted run."""
  data = job.config['data']
  partial = Partial(job.folder.path / _PARTIAL, {
      'model': job.config['model'], 'weights': job.weights,
      'data': {key: data[key] for key in data if key not in _MANNER},
      'images': list(source.image_ids),
      'files': [files.stamp(data[key]) for key in ('dir', 'regions')
                if data.get(key)],
      'versions': [saliency_jax.__version__, jax.__version__]})
  return measurement.measure(
      source, choose, network=job.network, params=job.params,
      settings=job.settings, partial=partial, title=title)


def finish(
    job: Job, kind: str, measured: measurement.Measurement,
    counts: dict[str, int]
) -> dict:
  """Writes `summary.json`, drops what only a resumed run needs; returns it."""
  summary = job.folder.finish(
      kind, weights=job.weights,
      counts={**counts, 'skipped': len(measured.problems),
              'resumed': measured.resumed},
      units={
          layer: x.shape[1] for layer, x in measured.rows.scores.items()},
      skipped=measured.problems,
      seconds={k: round(v, 3) for k, v in measured.seconds.items()})
  shutil.rmtree(job.folder.path / _PARTIAL)
  return summary
