"""What fine-tuning changes inside, as a function of its depth.

He et al. 2019, Section 5.2: every member of a sweep is measured on labelled
regions and on search arrays, as any network is (`dissection`, `popout`), and
what conv5_3 then shows makes Tables 3 and 6 and Figures 4, 5 and 6.
"""

import functools
import hashlib
import json
import time
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

import jax
import ml_collections

from saliency_jax import files
from saliency_jax.data import pixel_sets
from saliency_jax.data import source as data
from saliency_jax.data.types import Source, ordered_categories
from saliency_jax.errors import InputError
from saliency_jax.experiments import (
  depth_tables,
  dissection,
  job,
  popout,
  unit_views,
  view_maps,
)
from saliency_jax.experiments.depth_tables import LAYER, Published
from saliency_jax.networks import registry, vgg
from saliency_jax.networks.weights.known_weights import Weights
from saliency_jax.training import trained_models
from saliency_jax.workdir import Folder, alone

_OWNED = ('table3.csv', 'table3_unseen.csv', 'table6.csv', view_maps.FOLDER)
# What was measured of which member, see `_Done`.
_DONE = 'measured.json'


class _Kind(NamedTuple):
  """One way to measure a member."""
  run: Callable[..., dict]
  wants: str  # of the images, see `source.open_group`
  read: Callable[..., depth_tables.Scores]


KINDS = {
    'regions': _Kind(
        dissection.dissect, 'regions', depth_tables.read_regions),
    'popout': _Kind(popout.popout, 'targets', depth_tables.read_arrays)}


def open_sources(config) -> dict[str, Source]:
  """Opens what the members will be measured on.

  Everything that can be wrong is looked at here, before hours of training.

  Args:
    config: `configs/sweep_depth.py`.

  Returns:
    kind -> images, for the kinds that the config names.

  Raises:
    InputError: if the config or a data set is at fault.
  """
  sources = {}
  for kind in config.measured:
    if kind not in KINDS:
      raise InputError(
          f'config.measured names {kind!r}; it takes {" and ".join(KINDS)}.')
    one = member_config(config, '', kind, '')
    job.checked(one)
    if kind == 'regions':
      pixel_sets.counted(one.analysis.fixations, in_regions=True)
    registry.check_layers(one.model.name, one.model.layers)
    if LAYER not in one.model.layers:
      raise InputError(
          f'config.{kind}.model.layers lacks {LAYER}, of which the tables by '
          f'depth are made; add it.')
    sources[kind] = data.open_group(
        one.data, key=f'config.{kind}.data', wants=KINDS[kind].wants,
        cache_dir=config.init.cache_dir)
  unit_views.check(
      unit_views.wanted(config.before_after),
      {kind: config[kind].model.layers for kind in sources}, sources)
  return sources


def member_config(
    config, workdir: str, kind: str, member: str) -> ml_collections.ConfigDict:
  """Returns the config with which a job of its own would measure a member.

  Args:
    config: `configs/sweep_depth.py`.
    workdir: the sweep's folder.
    kind: a key of `KINDS`.
    member: the member's name.
  """
  one = ml_collections.ConfigDict(config[kind].to_dict())
  one.model.name, one.model.dtype = config.model.name, config.model.dtype
  one.data.image_size = config.data.image_size
  if kind == 'regions' and not one.data.dir:
    regions = one.data.regions or config.data.regions
    one.data.update({name: config.data[name] for name in data.KEYS})
    one.data.regions = regions
  one.init = ml_collections.ConfigDict({
      'weights': '', 'preprocessing': '', 'cache_dir': config.init.cache_dir,
      'checkpoint': workdir, 'member': member})
  return one


def measure(
    config, trained: dict, sources: Mapping[str, Source], workdir: str, *,
    seen: Collection[str], published: Published,
    widths: Mapping[str, int] = vgg.WIDTHS
) -> dict:
  """Measures every member of a trained sweep and writes what follows from it.

  Files: `regions/<member>/` and `popout/<member>/`, each the whole folder of a
  job; `table3.csv` and, of the photographs that were not learnt from,
  `table3_unseen.csv`; `table6.csv`; `before_after/`, see `views`; and, last,
  `summary.json`. A member that was measured before, with the same parameters,
  images and config, is not measured again.

  Args:
    config: `configs/sweep_depth.py`.
    trained: what `training.loop.sweep` returned.
    sources: `open_sources`.
    workdir: the sweep's folder.
    seen: the names of the photographs that were learnt from.
    published: the paper's numbers.
    widths: units of every convolution; tests use fewer.

  Returns:
    The summary.

  Raises:
    InputError: if a member cannot be loaded or measured, or several processes
      have trained them.
  """
  if sources and jax.process_count() > 1:
    raise InputError(
        'All members are trained; to measure them start the same command on '
        'one host alone, without --coordinator.')
  with alone(workdir, ('sweep',)):
    folder = Folder(workdir, config.to_dict())
    folder.clear(_OWNED)
    depths = {
        name: about['depth'] for name, about in trained['members'].items()}
    config_of = functools.partial(member_config, config, workdir)
    seconds = dict.fromkeys(sources, 0.)
    for member in depths if sources else ():
      weights = trained_models.load_trained(workdir, member, widths=widths)
      for kind, source in sources.items():
        summary = _measured(
            folder, kind, config_of(kind, member), source, weights, widths)
        seconds[kind] += summary['seconds']['wall']
    readers = {
        kind: functools.cache(functools.partial(
            KINDS[kind].read, folder.path / kind, tuple(depths)))
        for kind in sources}
    if 'regions' in readers:
      found, analysis = readers['regions'](LAYER), config.regions.analysis
      categories = ordered_categories(found.labels)
      folder.table('table3.csv', depth_tables.TABLE3, depth_tables.table3(
          found, depths, analysis, published, categories))
      unseen = found.without(seen)
      if 0 < len(unseen.labels) < len(found.labels):
        folder.table(
            'table3_unseen.csv', depth_tables.TABLE3, depth_tables.table3(
                unseen, depths, analysis, published, categories))
    if 'popout' in readers:
      folder.table('table6.csv', depth_tables.TABLE6, depth_tables.table6(
          readers['popout'](LAYER), depths, config.popout.analysis, published))
    base = next((name for name, depth in depths.items() if not depth), None)
    if sources and base and len(depths) > 1:
      start = time.perf_counter()
      asked = unit_views.wanted(config.before_after)
      view_maps.write(
          folder, {
              kind: unit_views.choose(
                  read, asked, base=base, top=config[kind].analysis.top_units)
              for kind, read in readers.items()},
          sources, tuple(depths), base=base, config_of=config_of,
          widths=widths)
      seconds['before_after'] = time.perf_counter() - start
    return folder.finish('sweep', **trained | {
        'measured': list(sources),
        'seconds': trained['seconds'] | {
            name: round(x, 3) for name, x in seconds.items()}})


def _measured(
    folder: Folder, kind: str, config, source: Source,
    weights: Weights, widths: Mapping[str, int]
) -> dict:
  """Measures a member unless that was done; returns the job's summary.

  `measured.json` has, of every folder that this wrote, a hash of what it was
  measured from and one of its summary: nobody else has written there since.
  """
  member = config.init.member
  name = f'{kind}/{member}'
  place, record = folder.path / name / 'summary.json', folder.path / _DONE
  described = job.described(
      config.to_dict(), {'sha256': weights.sha256}, source) | {
          part: config[part].to_dict() for part in ('analysis', 'report')}
  key = hashlib.sha256(
      json.dumps(described, sort_keys=True).encode()).hexdigest()
  done = json.loads(record.read_text()) if record.is_file() else {}
  if place.is_file() and done.get(name) == [key, files.digest(place)]:
    return json.loads(place.read_text())
  summary = KINDS[kind].run(
      config, source, str(folder.path / name), widths=widths, weights=weights,
      title=f'{member}, {kind}')
  folder.json(_DONE, done | {name: [key, files.digest(place)]})
  return summary
