"""Is it the task or the data? One trunk, two tasks (He et al. 2019, Section 8).

A pretrained trunk learns saliency and, from the same images, scenes; then every
trunk is dissected at the readout's tap.
"""

import contextlib
import shutil
import time
from collections.abc import Sequence

import ml_collections
import numpy as np
from PIL import Image

from saliency_jax import numpy_files, schema
from saliency_jax.data import source as sources
from saliency_jax.data.parts import Data
from saliency_jax.data.types import Source, ordered_categories
from saliency_jax.errors import InputError
from saliency_jax.experiments import (
  depth,
  depth_tables,
  depth_views,
  runner,
  scoring,
  task_attention,
  task_runs,
  task_tables,
)
from saliency_jax.experiments.depth_tables import UnitScores
from saliency_jax.experiments.task_runs import PRETRAINED, TrainedSeed
from saliency_jax.networks import cuts, trees, variants
from saliency_jax.networks.network import Network
from saliency_jax.training import trained_models
from saliency_jax.workdir import Folder, alone

_TRUNKS = 'trunks'  # folder of their scores, within that of regions
_FIGURE11 = (PRETRAINED, 'sr', 'sp')  # in the figure's order


def open_regions(config, network: Network) -> Source:
  """Opens the labelled photographs on which the trunks will be measured.

  Raises:
    InputError: the config or the data set is at fault.
  """
  one = _measuring(config, (network.readout_tap,))
  return sources.open_group(
    one.data, key=depth.data_key(config, 'regions'), wants='regions', cache_dir=config.run.cache_dir
  )


def compare(config, data: Data, regions: Source, network: Network, workdir: str) -> dict:
  """Trains both tasks and their controls, and writes how they change a trunk.

  Files: those of 'tasks' in `schema.JOBS`, `summary.json` last. What was
  trained or dissected before is not done again.

  Raises:
    InputError: the config, the data or the folder is at fault.
    Stopped: after SIGTERM; the same call continues.
  """
  if network.decodes:
    raise InputError(
      f'{network.name} ends in a saliency map, from which scenes cannot be '
      f'classified; name a tap below it as config.network.readout_tap.'
    )
  network = network.without_decoder()
  # Everything is checked before the folder is opened.
  runs = task_runs.prepare(config, data, network, workdir)
  one = _measuring(config, (network.readout_tap,))
  runner.check(one, network)
  sources.check_sizes(regions, one.data.on_bad_image)
  if not sources.any_fixated_region(regions):
    raise InputError(
      'None of the photographs has a labelled region with a fixation; give some, as --config.regions.data takes them.'
    )
  seconds, mark = {}, time.perf_counter()
  with contextlib.ExitStack() as stack:
    path = stack.enter_context(alone(workdir, 'tasks'))
    if (path / schema.SUMMARY).exists():
      # Finished results stay until every run continues.
      stack.callback(shutil.rmtree, path / task_runs.FEATURES, ignore_errors=True)
    else:
      Folder(workdir, config.to_dict())
    trained, facts = task_runs.train(runs, workdir)
    folder = Folder(workdir, config.to_dict())
    folder.clear(schema.top(schema.TASK_FILES))
    seconds['training'] = time.perf_counter() - mark
    together = variants.together(
      network, {x.name: x.variant for x in trained}, cuts.as_number(network, config.tasks.depth)
    )
    together = together.replace(provenance=network.provenance._replace(sha256=trained_models.digest(together)))
    trunks = [x for x in trained if not x.frozen]
    one = _measuring(config, [x.name for x in trunks])
    seconds['regions'] = depth.measured(path, 'regions', one, regions, together)
    found = _write_regions(folder, config, trunks)
    mark = time.perf_counter()
    parts = {'test': data.test, 'validation': data.validation, 'train': data.train}
    attention = task_attention.measure(together, trained, {part: x for part, x in parts.items() if x}, config)
    arguments = (trained, attention, data.scenes)
    folder.table(schema.SCENE_ACCURACY, task_tables.accuracy(*arguments))
    folder.table(schema.TABLE8, task_tables.table8(*arguments))
    seconds['attention'] = time.perf_counter() - mark
    _write_figure(folder, config, trained, found, regions, network)
    shutil.rmtree(path / task_runs.FEATURES, ignore_errors=True)
    return folder.finish(
      'tasks',
      network=network.facts(),
      weights=network.provenance._asdict(),
      counts={
        **{part: len(x or ()) for part, x in parts.items()},
        'scenes': len({*data.scenes.values()}),
        'regions': len(found.labels),
      },
      runs={name: {key: about[key] for key in ('task', 'counts', 'members')} for name, about in facts.items()},
      seconds={name: round(x, 3) for name, x in seconds.items()},
    )


def _measuring(config, taps: Sequence[str]) -> ml_collections.ConfigDict:
  """Returns the config with which dissect would measure all trunks."""
  return depth.member_config(config, 'regions', member=_TRUNKS, taps=taps)


def _write_regions(folder: Folder, config, trunks: Sequence[TrainedSeed]) -> UnitScores:
  """Writes Table 7, differences and distances; returns the scores."""
  place = folder.path / 'regions' / _TRUNKS
  rows = schema.read(place, schema.REGIONS)
  found = depth_tables.of_rows(
    rows, {x.name: numpy_files.read_npy(place / schema.ASSOCIATION.of(x.name), 'f') for x in trunks}
  )
  folder.table(schema.TABLE7, task_tables.table7(trunks, schema.read(place, schema.TABLE2)))
  compared = task_tables.compare(found, config.regions.analysis.top_units)
  folder.table(schema.TASK_DIFFERENCES, task_tables.differences(trunks, compared, ordered_categories(found.labels)))
  folder.table(schema.TASK_DISTANCES, task_tables.distances(trunks, compared))
  return found


def _write_figure(
  folder: Folder, config, trained: Sequence[TrainedSeed], found: UnitScores, regions: Source, network: Network
) -> None:
  """Writes Figure 11's views, of the first seed, and people's maps."""
  first = {run: next(x for x in trained if x.run == run) for run in _FIGURE11}
  scores = found._replace(members={run: found.members[x.name] for run, x in first.items()})
  views = choose(scores, network.readout_tap, top=config.regions.analysis.top_units, count=config.tasks.examples)
  one = _measuring(config, (network.readout_tap,))
  depth_views.write(
    folder,
    {'regions': views},
    {'regions': regions},
    {
      run: lambda x=x: network.replace(
        variables={**network.variables, 'params': trees.override(network.variables['params'], x.variant.params)}
      )
      for run, x in first.items()
    },
    base=PRETRAINED,
    configs={'regions': one},
  )
  grid = network.grids([network.readout_tap], network.preprocess.image_size)[network.readout_tap]
  folder.arrays(
    schema.PEOPLE_MAPS.path,
    {
      f'maps_{number}': _people(regions[regions.image_ids.index(view.image_id)], grid, config.data.sigma)
      for number, view in enumerate(views)
      if config.data.sigma
    },
  )


def choose(found: UnitScores, tap: str, *, top: int, count: int) -> list[depth_views.View]:
  """Returns the units of Figure 11, which the paper does not name.

  They are those that sp raises most over sr, chosen by `depth_views.choose`.
  """
  asked = ml_collections.ConfigDict({'units': (), 'images': (), 'count': count})
  both = found._replace(members={run: found.members[run] for run in ('sr', 'sp')})
  views = depth_views.choose(lambda _: both, asked, tap=tap, base='sr', top=top)
  rows = [np.flatnonzero((found.image_ids == x.image_id) & (found.places == x.place))[0] for x in views]
  return [depth_views.view(found, row, tap, x.unit, x.best) for row, x in zip(rows, views, strict=True)]


def _people(record, grid: tuple[int, int], sigma: float) -> np.ndarray:
  """Returns the human map in cells, standardised, float16 `[h, w]`."""
  whole = scoring.human_map(record.fixations, record.image.shape[:2], sigma)
  cells = np.asarray(Image.fromarray(whole).resize(grid[::-1], Image.Resampling.BOX))
  return ((cells - cells.mean()) / cells.std()).astype(np.float16)
