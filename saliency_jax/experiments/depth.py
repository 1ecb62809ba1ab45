"""What fine-tuning changes inside a network, by its depth.

He et al. 2019, Section 5.2: every member of a sweep is measured on labelled
regions and on search arrays like any network (`units`). The responses of the
readout tap's best units make Tables 3 and 6 and Figures 4, 5 and 6.
"""

import contextlib
import functools
import pathlib
import time
from collections.abc import Callable, Mapping, Sequence

import jax
import ml_collections

from saliency_jax import numpy_files, outside, runtime, schema
from saliency_jax.data import fingerprints, pixel_sets
from saliency_jax.data import source as data
from saliency_jax.data.parts import Data
from saliency_jax.data.types import Source, ordered_categories
from saliency_jax.errors import InputError
from saliency_jax.experiments import depth_tables, depth_views, runner, table_values, together, units
from saliency_jax.experiments.depth_tables import UnitScores
from saliency_jax.networks.network import Network
from saliency_jax.training import trained_models
from saliency_jax.workdir import Folder, alone

# How a member is measured.
KINDS = {'regions': units.DISSECT, 'popout': units.POPOUT}


def open_sources(config, network: Network | None = None, photographs: Source | None = None) -> dict[str, Source]:
  """Opens the data on which the members will be measured.

  Everything that can be wrong is checked here, before hours of training.

  Returns:
    kind -> images, for the kinds that the config names.

  Raises:
    InputError: the config or a data set is at fault.
  """
  for kind in config.measured:
    if kind not in KINDS:
      raise InputError(f'config.measured names {kind!r}; it takes {" and ".join(KINDS)}.')
  if not config.measured:
    return {}
  network = network or trained_models.load(config.network, config.run.cache_dir).whole
  sources, taps = {}, {}
  for kind in config.measured:
    one = member_config(config, kind)
    shapes = network.shapes(runner.check(one, network).taps)
    taps[kind] = {tap: shape[-1] for tap, shape in shapes.items()}
    if kind == 'regions':
      pixel_sets.counted(one.analysis.fixations, in_regions=True)
    if network.top_tap not in taps[kind]:
      raise InputError(
        f'config.{kind}.network.taps lacks {network.top_tap}, the tap of '
        f'the readout, which the tables by depth need; add it.'
      )
    key = data_key(config, kind)
    given = photographs if key == 'config.data' else None
    if given and not data.any_fixated_region(given):
      raise InputError('None of the photographs has a labelled region with a fixation; leave regions out of measured.')
    sources[kind] = given or data.open_group(one.data, key=key, wants=KINDS[kind].wants, cache_dir=config.run.cache_dir)
    data.check_sizes(sources[kind], one.data.on_bad_image)
  depth_views.check(config.before_after, taps, sources)
  return sources


def data_key(config, kind: str) -> str:
  """Returns the config group whose keys open the images of a kind.

  Regions without a folder of their own are those of `config.data`'s images.
  """
  if kind == 'regions' and not config.regions.data.dir:
    return 'config.data'
  return f'config.{kind}.data'


def member_config(
  config, kind: str, workdir: str = '', member: str = '', taps: Sequence[str] = ()
) -> ml_collections.ConfigDict:
  """Returns the config of a job that would measure one member.

  Args:
    workdir: from which it is loaded; '' if the network is passed as a value.
    taps: instead of those of the kind.
  """
  one = ml_collections.ConfigDict(config[kind].to_dict())
  own = {'weights': '', 'preprocessing': '', 'checkpoint': workdir, 'member': member, 'readout_tap': ''}
  own['taps'] = tuple(taps) or one.network.taps
  one.network = ml_collections.ConfigDict(config.network.to_dict() | own)
  one.run = ml_collections.ConfigDict(config.run.to_dict())
  if kind == 'regions' and not one.data.dir:
    regions = one.data.regions or config.data.regions
    one.data.update({name: config.data[name] for name in data.KEYS})
    one.data.regions = regions
  return one


def measure(
  config, trained: dict, sources: Mapping[str, Source], workdir: str, *, learnt: Data, trunk: Network | None = None
) -> dict:
  """Measures every member of a trained sweep, and writes the tables.

  Files: those of 'sweep' in `schema.JOBS`, `summary.json` last. A member that
  was already measured with the same parameters, images and config is not
  measured again.

  Args:
    trained: what `training.loop.sweep` returned; {} in all processes but the
      first, which read it from its file.

  Returns:
    The summary; {} in all processes but the first.

  Raises:
    InputError: a member cannot be loaded or measured.
  """
  first = jax.process_index() == 0
  path = pathlib.Path(workdir)
  with contextlib.ExitStack() as stack:
    with runtime.ending_together():
      if first:
        stack.enter_context(alone(workdir, 'sweep'))
        folder = Folder(workdir, config.to_dict())
        folder.clear(
          schema.top(
            (schema.TABLE3, schema.TABLE3_UNSEEN, schema.SAMPLES, schema.TABLE6, schema.DEPTH_TESTS, schema.VIEWS)
          )
        )
    trained = trained or outside.read_json(path / schema.TRAINED.path, 'remove it', {'members': dict})

    def load(name: str) -> Network:
      return trained_models.read(workdir, name, dtype=config.network.dtype, trunk=trunk).whole

    members = {name: functools.partial(load, name) for name in trained['members']}
    seconds = dict.fromkeys(sources, 0.0)
    for name in members if sources else ():
      network = load(name)
      for kind, source in sources.items():
        seconds[kind] += measured(path, kind, member_config(config, kind, workdir, name), source, network)
    if not first:
      together.wait(lambda: None, (path / schema.SUMMARY).is_file)
      return {}
    start = time.perf_counter()
    parts = in_parts(sources, learnt)
    if sources:
      _write(folder, config, sources, trained, members, parts)
    seconds['tables'] = time.perf_counter() - start
    return folder.finish(
      'sweep',
      **trained
      | {
        'measured': list(sources),
        'measured_on': {kind: {part: len(images) for part, images in found.items()} for kind, found in parts.items()},
        'seconds': trained['seconds'] | {name: round(x, 3) for name, x in seconds.items()},
      },
    )


def _write(
  folder: Folder,
  config,
  sources: Mapping[str, Source],
  trained: dict,
  members: Mapping[str, Callable[[], Network]],
  parts: Mapping[str, Mapping[str, list[str]]],
) -> None:
  """Writes the tables by depth, and single units before and after."""
  tap = trained['network']['readout_tap']
  depths = {name: about['depth'] for name, about in trained['members'].items()}

  @functools.cache
  def read(kind: str, tap: str) -> UnitScores:
    places, of = {name: folder.path / kind / name for name in depths}, KINDS[kind]
    scores = {name: numpy_files.read_npy(place / of.scores.of(tap), 'f') for name, place in places.items()}
    return depth_tables.of_rows(schema.read(next(iter(places.values())), of.rows), scores)

  if 'regions' in sources:
    found, images = read('regions', tap), parts['regions']
    categories = ordered_categories(found.labels)
    unseen = found.of(images['unseen'] or images['validation'])
    values, of_unseen = (depth_tables.of_regions(x, config.regions.analysis) for x in (found, unseen))
    folder.table(schema.TABLE3, depth_tables.table3(values, depths, categories))
    folder.array(schema.SAMPLES.path, table_values.samples(values, categories))
    if 0 < len(unseen.labels) < len(found.labels):
      folder.table(schema.TABLE3_UNSEEN, depth_tables.table3(of_unseen, depths, categories))
    folder.json(
      schema.DEPTH_TESTS.path,
      depth_tables.statistics_by_depth(found, values, depths)
      | {'gains': depth_tables.gains(values, depths), 'gains_unseen': depth_tables.gains(of_unseen, depths)},
    )
  if 'popout' in sources:
    folder.table(schema.TABLE6, depth_tables.table6(folder.path / 'popout', depths, tap))
  base = next((name for name, depth in depths.items() if not depth), None)
  if base and len(depths) > 1:
    shown = {
      kind: depth_views.choose(
        functools.partial(read, kind), config.before_after, tap=tap, base=base, top=config[kind].analysis.top_units
      )
      for kind in sources
    }
    depth_views.write(folder, shown, sources, members, base=base, configs=config)


def in_parts(sources: Mapping[str, Source], learnt: Data) -> dict[str, dict[str, list[str]]]:
  """Returns each kind's images by part: trained on, validated on, or unseen."""
  known = [fingerprints.of(x) for x in (learnt.train, learnt.validation)]
  found = {}
  for kind, source in sources.items():
    images = fingerprints.of(source)
    trained, validated = (set(fingerprints.shared(images, part)) for part in known)
    found[kind] = {
      'train': sorted(trained),
      'validation': sorted(validated - trained),
      'unseen': sorted({x.image_id for x in images} - trained - validated),
    }
  return found


def measured(sweep: pathlib.Path, kind: str, config, source: Source, network: Network) -> float:
  """Measures a member unless that was done; returns the seconds that it took."""
  member = config.network.member
  folder = sweep / kind / member
  runner.run(KINDS[kind], config, source, str(folder), network=network, title=f'{member}, {kind}', repeat=False)
  return outside.read_json(folder / schema.SUMMARY, 'remove it', {'seconds': {'wall': float}})['seconds']['wall']
