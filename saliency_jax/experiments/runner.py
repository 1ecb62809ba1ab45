"""The runner: runs an `Experiment`, from a config to results.

An experiment says which pixels are scored, and which tables the scores make.
"""

import contextlib
import dataclasses
import functools
import math
import pathlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from absl import logging

import saliency_jax
from saliency_jax import files, outside, runtime, schema, workdir
from saliency_jax.data.pipeline import Reading
from saliency_jax.data.pixel_sets import Chooser
from saliency_jax.data.source import check_sizes, identity
from saliency_jax.data.types import Source
from saliency_jax.errors import InputError, at_least
from saliency_jax.experiments import chance, exported_maps, forward, measurement, table_values, thumbnails, together
from saliency_jax.experiments.forward import Probe
from saliency_jax.experiments.measurement import Measurement
from saliency_jax.experiments.statistics import Rows
from saliency_jax.ledger import Ledger
from saliency_jax.networks import user_networks
from saliency_jax.networks.network import Network
from saliency_jax.training import image_batches, trained_models
from saliency_jax.workdir import Folder

_FAR = 0.25  # cells off the grid; beyond this it is said


@dataclasses.dataclass(frozen=True)
class Experiment:
  """Which pixels are scored, and what is made of the scores."""

  job: str  # a key of `schema.JOBS`
  wants: str  # required of the images, see `source.open_group`
  # `choose(config, source)` -> which pixels of a record are scored.
  choose: Callable[[Any, Source], Chooser]
  masks: Chooser  # the same sets as masks, for the page to outline
  rows: schema.File  # the table of the sets, in the order of the scores
  scores: schema.File  # the file of every unit's scores
  # `tables(source, rows, chance_rows, analysis)` -> tables' rows, and arrays.
  tables: Callable[..., Mapping[schema.File, Iterable[Sequence]]]
  # `counts(source, measurement)` -> counts for `summary.json`.
  counts: Callable[[Source, Measurement], dict[str, int]]
  # `without_band(rows, chance_rows)` -> why a column has no chance band.
  without_band: Callable[[Rows, Rows], dict[str, str]]
  # The label of sets that give the chance level. Only tables get them;
  # everything else has rows and measurements without them.
  chance_label: str = ''


def run(
  experiment: Experiment,
  config,
  source: Source,
  folder: str,
  *,
  network: Network | None = None,
  title: str = 'Measuring',
  repeat: bool = True,
) -> dict:
  """Measures a network on a data set and writes the results.

  With several processes each measures its share, and the first one writes.
  Files: `schema.JOBS[experiment.job]`.

  Args:
    repeat: whether to measure again what is finished in the folder, with the
      same network, images and config.

  Returns:
    The summary; {} in all processes but the first.

  Raises:
    InputError: the config, the network, the data or the folder is at fault.
    Stopped: after SIGTERM; the same call continues.
  """
  # Everything is checked before the folder is opened, so that a misspelt flag
  # does not cost earlier results.
  choose = experiment.choose(config, source)
  probe = check(config, network or trained_models.load(config.network, config.run.cache_dir).whole)
  check_sizes(source, config.data.on_bad_image)
  job = described(config.to_dict(), probe, source)
  # Of all results, not of the scores alone.
  whole = files.digest_of([job, config.analysis.to_dict(), config.report.to_dict()])
  path = pathlib.Path(folder)
  summary = path / schema.SUMMARY
  if not repeat and summary.is_file():
    found = outside.read_json(summary, 'remove it')
    if found.get('identity') == whole:
      return found
  first = jax.process_index() == 0
  if first and (off := off_grid(probe)):
    _warn(tuple(off.items()), probe.network.preprocess.image_size)
  with contextlib.ExitStack() as stack:
    with runtime.ending_together():
      if first:
        stack.enter_context(workdir.alone(folder, experiment.job))
        out = Folder(folder, config.to_dict())
        out.clear(schema.top(schema.JOBS[experiment.job]))
    poll = stack.enter_context(together.ending(path))
    ledger = Ledger(path / schema.LEDGER, {measurement.SERIES: job}, process=jax.process_index())
    measured = measurement.measure(probe, source, choose, ledger=ledger, poll=poll, title=title)
    if not measured:
      together.wait(poll, summary.is_file)
      return {}
    results = _write(experiment, config, out, probe, source, measured, identity=whole)
    ledger.remove()
    return results


def check(config, network: Network) -> Probe:
  """Checks the config, and returns what to measure.

  Raises:
    InputError: a value of the config is invalid.
  """
  at_least(1, {'analysis.top_units': config.analysis.top_units})
  if not math.isfinite(threshold := config.analysis.get('threshold', 0.0)):
    raise InputError(
      f'config.analysis.threshold is {threshold}; give the mean NSS that a unit has to exceed to be counted.'
    )
  alignment = forward.alignment(config)
  probe = Probe(network, network.resolve(config.network.taps), Reading.of(config.data), alignment)
  odd = [tap for tap in probe.taps if not schema.LAYER.fullmatch(tap)]
  if odd:  # taps become parts of file names and of page addresses
    raise InputError(
      f'{odd[0]!r} of {network.name} cannot be a file name, which has only letters, digits and . _ - #; rename its '
      'module, or name other taps in config.network.taps.'
    )
  units = {tap: shape[-1] for tap, shape in network.shapes(probe.taps).items()}
  exported_maps.check(config.report, units)
  probe.cells()  # refuses maps of a single cell
  return probe


def off_grid(probe: Probe) -> dict[str, float]:
  """Returns the offsets in pixels of taps that a grid places far off."""
  taps = [probe.network.taps[name] for name in probe.taps]
  return {
    tap.name: tap.offset
    for tap in taps
    if probe.alignment == 'grid' and tap.stride and abs(tap.offset) / tap.stride > _FAR
  }


@functools.cache  # a sweep would repeat it for every member
def _warn(off: tuple[tuple[str, float], ...], side: int) -> None:
  logging.warning(
    'Maps are placed on a grid from which the centres of receptive fields differ, in pixels of the %d x %d input '
    '(positive: below and to the right): %s; --config.analysis.alignment=receptive_field places maps at these '
    'centres.',
    side,
    side,
    ', '.join(f'{tap} {offset:g}' for tap, offset in off),
  )


def described(config: dict, probe: Probe, source: Source) -> dict:
  """Returns everything that the scores depend on, as JSON values."""
  network, taps, data = probe.network, probe.network.taps, config['data']
  return {
    'network': [
      network.name,
      network.dtype,
      network.provenance.sha256,
      network.preprocess,
      user_networks.code(network.name),
    ],
    'taps': probe.taps if probe.alignment == 'grid' else [(x, taps[x].stride, taps[x].offset) for x in probe.taps],
    'data': identity(source, data),
    'analysis': [config['analysis'].get(key) for key in ('fixations', 'chance_items')],
    'sample': '' if data['dir'] else image_batches.sample(source),  # of data that no config key identifies
    'versions': [saliency_jax.__version__, jax.__version__],
  }


def _write(
  experiment: Experiment, config, folder: Folder, probe: Probe, source: Source, measured: Measurement, *, identity: str
) -> dict:
  """Writes all results but the config; returns the summary."""
  of_chance, network = measured.rows.labels == experiment.chance_label, probe.network
  chance_rows, rows = (measured.rows.only(x) for x in (of_chance, ~of_chance))
  measured = measured._replace(rows=rows)
  counts = experiment.counts(source, measured)
  for table, of_table in experiment.tables(source, rows, chance_rows, config.analysis).items():
    if isinstance(of_table, np.ndarray):
      folder.array(table.path, of_table)
    else:
      folder.table(table, of_table)
  for tap, scores in rows.scores.items():
    folder.array(experiment.scores.of(tap), scores)
  start = time.perf_counter()
  images = thumbnails.spread(measured.readable(source), config.report.images)
  exported_maps.write(folder, probe, source, rows, images=images, masks=experiment.masks, report=config.report)
  seconds = measured.seconds | {'export': time.perf_counter() - start}
  return folder.finish(
    experiment.job,
    identity=identity,
    weights=network.provenance._asdict(),
    network=network.facts() | {'alignment': probe.alignment},
    counts=counts | {'skipped': len(measured.problems), 'resumed': measured.resumed},
    units={tap: x.shape[1] for tap, x in rows.scores.items()},
    skipped=measured.problems,
    off_grid=off_grid(probe),
    chance={
      'permutations': chance.PERMUTATIONS,
      'resamples': table_values.RESAMPLES,
      'folds': chance.FOLDS,
      'without_band': experiment.without_band(rows, chance_rows),
    },
    seconds={name: round(x, 3) for name, x in seconds.items()},
  )
