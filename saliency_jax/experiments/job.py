"""What dissection and pop-out share: the network, the settings, the run."""

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import jax

import saliency_jax
from saliency_jax import files
from saliency_jax.data.pixel_sets import Chooser
from saliency_jax.data.types import Source
from saliency_jax.errors import InputError
from saliency_jax.experiments import forward, measurement
from saliency_jax.experiments.exhibits import Wanted
from saliency_jax.experiments.partial import Partial
from saliency_jax.networks import registry, saliency, vgg
from saliency_jax.networks.weights import known_weights
from saliency_jax.training import trained_models
from saliency_jax.workdir import Folder, alone

_PARTIAL = 'partial'
# What the jobs of this package leave in a folder beside config and summary.
_OWNED = (
    'association', 'nmm', 'regions.csv', 'table2.csv', 'patterns.csv',
    'table5.csv', 'images.csv', 'pictures', 'masks', 'fixations.npz', 'maps',
    'saliency.npz', 'report', 'report.html',
    # of layout 1
    'examples', 'examples.json')
# Keys that change how fast or how patiently images are read, not the numbers.
_MANNER = ('batch_size', 'workers', 'on_bad_image')


class Job(NamedTuple):
  """A network with its weights, and the folder that takes the results."""
  network: registry.Network  # gives the layers that are measured
  whole: registry.Network  # and the output, where the weights have a readout
  params: registry.Params
  weights: dict[str, str | int]  # what `summary.json` says of the weights
  settings: forward.Settings
  wanted: Wanted
  folder: Folder
  config: dict  # as JSON values


@contextlib.contextmanager
def start(
    config, workdir: str, *, widths: Mapping[str, int] = vgg.WIDTHS,
    weights: known_weights.Weights | None = None
) -> Iterator[Job]:
  """Loads the network that the config names and opens the folder for a block.

  Args:
    config: `configs.base`'s keys; `model`, `init`, `data` and `report` are read
      here.
    workdir: the folder for the results.
    widths: units of every convolution; tests use fewer.
    weights: those that `config.init` names, where they are loaded already.

  Raises:
    InputError: if the config, the weights or the folder are at fault.
  """
  # Everything that can be wrong is looked at before the folder is opened: a
  # misspelt flag must not cost the results that lie there.
  settings = checked(config, widths=widths)
  weights = weights or trained_models.load(config.init, widths=widths)
  asked = {
      'layers': config.model.layers, 'mean': weights.mean,
      'dtype': config.model.dtype, 'widths': widths}
  network = whole = registry.build(config.model.name, **asked)
  if saliency.READOUT in weights.params:
    whole = saliency.build(config.model.name, **asked)
  as_json = config.to_dict()
  named = {'name': weights.name, 'sha256': weights.sha256}
  if weights.depth is not None:
    named['depth'] = weights.depth
  with alone(workdir, ('dissect', 'popout')):
    folder = Folder(workdir, as_json)
    folder.clear(_OWNED)
    yield Job(
        network, whole, weights.params, named, settings, _wanted(config),
        folder, as_json)


def checked(
    config, *, widths: Mapping[str, int] = vgg.WIDTHS) -> forward.Settings:
  """Returns how a job reads images.

  Args:
    config: `configs.base`'s keys.
    widths: units of every convolution.

  Raises:
    InputError: if that makes no sense, or what is averaged or kept does not.
  """
  settings = forward.Settings(
      image_size=config.data.image_size, batch_size=config.data.batch_size,
      workers=config.data.workers, on_bad_image=config.data.on_bad_image)
  settings.check()
  if config.analysis.top_units < 1:
    raise InputError(
        f'config.analysis.top_units is {config.analysis.top_units}; give 1 or '
        f'more.')
  _wanted(config).check({
      layer: widths[layer] for layer in config.model.layers if layer in widths})
  return settings


def _wanted(config) -> Wanted:
  report = config.report
  return Wanted(
      images=report.images, units=report.units, examples=report.examples,
      also=tuple(str(unit) for unit in report.also),
      all_units=report.all_units)


def described(config: dict, weights: dict, source: Source) -> dict:
  """Returns all that the scores depend on, as JSON values.

  Args:
    config: of the job, as JSON values.
    weights: what identifies them.
    source: the images.
  """
  data = config['data']
  return {
      'model': config['model'], 'weights': weights,
      'data': {key: data[key] for key in data if key not in _MANNER},
      'fixations': config['analysis'].get('fixations', ''),
      'images': list(source.image_ids),
      'files': [files.stamp(data[key])
                for key in ('dir', 'fixations', 'regions') if data.get(key)],
      'versions': [saliency_jax.__version__, jax.__version__]}


def measure(
    job: Job, source: Source, choose: Chooser, *, title: str
) -> measurement.Measurement:
  """Runs `measurement.measure` for a job, going on after an interrupted run."""
  partial = Partial(
      job.folder.path / _PARTIAL, described(job.config, job.weights, source))
  return measurement.measure(
      source, choose, network=job.network, params=job.params,
      settings=job.settings, partial=partial, title=title)


def finish(
    job: Job, kind: str, measured: measurement.Measurement,
    counts: dict[str, int], *, keeping: float
) -> dict:
  """Writes `summary.json`, drops what only a resumed run needs; returns it.

  Args:
    job: the job.
    kind: 'dissect' or 'popout'.
    measured: what was measured.
    counts: what the job counted.
    keeping: seconds that `kept.keep` took.
  """
  summary = job.folder.finish(
      kind, weights=job.weights,
      counts={**counts, 'skipped': len(measured.problems),
              'resumed': measured.resumed},
      units={
          layer: x.shape[1] for layer, x in measured.rows.scores.items()},
      skipped=measured.problems,
      seconds={
          name: round(seconds, 3) for name, seconds in
          {**measured.seconds, 'keeping': keeping}.items()})
  shutil.rmtree(job.folder.path / _PARTIAL)
  return summary
