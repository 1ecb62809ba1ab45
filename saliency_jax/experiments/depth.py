"""What fine-tuning changes inside, as a function of its depth.

He et al. 2019, Section 5.2: every member of a sweep is measured on labelled
regions and on search arrays, as any network is (`units`), and how the best
units of the readout's tap then respond makes Tables 3 and 6 and Figures 4, 5
and 6.
"""

import functools
import hashlib
import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

import ml_collections
import numpy as np

from saliency_jax import files, progress, schema
from saliency_jax.data import pixel_sets
from saliency_jax.data import source as data
from saliency_jax.data.types import Source, ordered_categories
from saliency_jax.errors import InputError
from saliency_jax.experiments import (
    depth_tables,
    depth_views,
    exported_maps,
    runner,
    thumbnails,
    units,
)
from saliency_jax.experiments.depth_tables import Scores
from saliency_jax.experiments.forward import Forward, Probe, Settings
from saliency_jax.networks.network import Network
from saliency_jax.training import trained_models
from saliency_jax.workdir import Folder, alone


class _Kind(NamedTuple):
  """One way to measure a member."""
  run: Callable[..., dict]
  wants: str  # of the images, see `source.open_group`
  rows: schema.File  # the sets of pixels, in the order of the scores
  scores: schema.File
  masks: pixel_sets.Chooser


KINDS = {
    'regions': _Kind(
        units.dissect, 'regions', schema.REGIONS,
        schema.ASSOCIATION, pixel_sets.regions),
    'popout': _Kind(
        units.popout, 'targets', schema.PATTERNS,
        schema.NMM, pixel_sets.target)}


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
  for kind in config.measured:
    if kind not in KINDS:
      raise InputError(
          f'config.measured names {kind!r}; it takes {" and ".join(KINDS)}.')
  if not config.measured:
    return {}
  network = trained_models.load(config.network, config.run.cache_dir)
  sources, taps = {}, {}
  for kind in config.measured:
    one = member_config(config, '', kind, '')
    taps[kind] = runner.check(one, network).taps
    if kind == 'regions':
      pixel_sets.counted(one.analysis.fixations, in_regions=True)
    if network.readout_tap not in taps[kind]:
      raise InputError(
          f'config.{kind}.network.taps lacks {network.readout_tap}, the tap of '
          f'the readout, of which the tables by depth are made; add it.')
    sources[kind] = data.open_group(
        one.data, key=f'config.{kind}.data', wants=KINDS[kind].wants,
        cache_dir=config.run.cache_dir)
  depth_views.check(depth_views.Wanted.of(config.before_after), taps, sources)
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
  one.network = ml_collections.ConfigDict(config.network.to_dict() | {
      'weights': '', 'preprocessing': '', 'checkpoint': workdir,
      'member': member, 'readout_tap': '', 'taps': one.network.taps})
  one.run = ml_collections.ConfigDict(config.run.to_dict())
  if kind == 'regions' and not one.data.dir:
    regions = one.data.regions or config.data.regions
    one.data.update({name: config.data[name] for name in data.KEYS})
    one.data.regions = regions
  return one


def measure(
    config, trained: dict, sources: Mapping[str, Source], workdir: str, *,
    seen: Collection[str]
) -> dict:
  """Measures every member of a trained sweep and writes what follows from it.

  Files: those of 'sweep' in `schema.JOBS`, `summary.json` last. A member that
  was measured before, with the same parameters, images and config, is not
  measured again.

  Args:
    config: `configs/sweep_depth.py`.
    trained: what `training.loop.sweep` returned.
    sources: `open_sources`.
    workdir: the sweep's folder.
    seen: the names of the photographs that were learnt from.

  Returns:
    The summary.

  Raises:
    InputError: if a member cannot be loaded or measured.
  """
  with alone(workdir, 'sweep'):
    folder = Folder(workdir, config.to_dict())
    folder.clear(schema.top((
        schema.TABLE3, schema.TABLE3_UNSEEN, schema.TABLE6, schema.VIEWS)))
    depths = {
        name: about['depth'] for name, about in trained['members'].items()}
    config_of = functools.partial(member_config, config, workdir)
    load = functools.partial(
        trained_models.load_trained, workdir, dtype=config.network.dtype)
    seconds, tap = dict.fromkeys(sources, 0.), ''
    for member in depths if sources else ():
      network = load(member)
      tap = network.readout_tap
      for kind, source in sources.items():
        summary = _measured(
            folder, kind, config_of(kind, member), source, network)
        seconds[kind] += summary['seconds']['wall']
    readers = {
        kind: functools.cache(functools.partial(
            depth_tables.read_scores, folder.path / kind, tuple(depths),
            KINDS[kind].rows, KINDS[kind].scores))
        for kind in sources}
    _write_tables(folder, config, readers, tap, depths, seen)
    base = next((name for name, depth in depths.items() if not depth), None)
    if sources and base and len(depths) > 1:
      start = time.perf_counter()
      wanted = depth_views.Wanted.of(config.before_after)
      write_views(
          folder, {
              kind: depth_views.choose(
                  read, wanted, tap=tap, base=base,
                  top=config[kind].analysis.top_units)
              for kind, read in readers.items()},
          sources, {name: functools.partial(load, name) for name in depths},
          base=base, data_of=lambda kind: config[kind].data)
      seconds['before_after'] = time.perf_counter() - start
    return folder.finish('sweep', **trained | {
        'measured': list(sources), 'readout_tap': tap,
        'seconds': trained['seconds'] | {
            name: round(x, 3) for name, x in seconds.items()}})


def write_views(
    folder: Folder, chosen: Mapping[str, Sequence[depth_views.View]],
    sources: Mapping[str, Source],
    members: Mapping[str, Callable[[], Network]], *, base: str,
    data_of: Callable
) -> None:
  """Writes `before_after/`: `schema.VIEWS`, `schema.VIEW_MAPS` and pictures.

  `views.json` has `base`, `members`, and `views`, of each the fields of `View`,
  its `kind`, the paths of its `picture` and `mask` in the sweep's folder, and
  the image's `height` and `width` in pixels.

  Args:
    folder: of the sweep.
    chosen: kind -> what to show.
    sources: kind -> images.
    members: name -> loads it.
    base: the member that is before.
    data_of: `data_of(kind)` is that job's `config.data`.

  Raises:
    InputError: if an image cannot be read any more.
  """
  shown = {
      kind: sorted({sources[kind].image_ids.index(x.image_id) for x in views})
      for kind, views in chosen.items() if views}
  maps: dict[tuple[str, int], list[np.ndarray]] = {}
  sizes: dict[tuple[str, int], list[int]] = {}
  inside = schema.VIEWS.path.partition('/')[0]
  for load in progress.track(
      members.values(), total=len(members), unit='member',
      title='Exporting views'):
    network = load()
    for kind, indices in shown.items():
      taps = tuple(sorted({x.layer for x in chosen[kind]}))
      run = Forward(Probe(network, taps, Settings.of(data_of(kind))))
      # The same pictures for every member: they cost nothing beside it.
      keep = thumbnails.Drawing(
          folder.path / inside / kind, tuple(indices), KINDS[kind].masks)
      for step in run.steps(
          sources[kind], indices, choose=pixel_sets.nothing, keep=keep,
          on_bad_image='raise'):
        rows = {int(index): row for row, index in enumerate(step.batch.index)}
        for number, view in enumerate(chosen[kind]):
          row = rows.get(sources[kind].image_ids.index(view.image_id))
          if row is not None:
            maps.setdefault((kind, number), []).append(
                exported_maps.standardised(
                    step, view.layer, [row], [view.unit])[0])
            sizes[kind, number] = step.batch.kept[row].size.tolist()
  listed = []
  for kind, number in maps:
    view = chosen[kind][number]
    k = shown[kind].index(sources[kind].image_ids.index(view.image_id))
    height, width = sizes[kind, number]
    listed.append({
        **view._asdict(), 'kind': kind,
        'picture': f'{inside}/{kind}/{thumbnails.picture_name(k)}',
        'mask': f'{inside}/{kind}/{thumbnails.mask_name(k)}',
        'height': height, 'width': width})
  folder.arrays(schema.VIEW_MAPS.path, {
      f'maps_{number}': np.stack(x) for number, x in enumerate(maps.values())})
  folder.json(schema.VIEWS.path, {
      'base': base, 'members': list(members), 'views': listed})


def _write_tables(
    folder: Folder, config, readers: Mapping[str, Callable[[str], Scores]],
    tap: str, depths: Mapping[str, int], seen: Collection[str]
) -> None:
  if 'regions' in readers:
    found, analysis = readers['regions'](tap), config.regions.analysis
    categories = ordered_categories(found.labels)
    unseen = found.without(seen)
    for table, scores in ((schema.TABLE3, found),
                          (schema.TABLE3_UNSEEN, unseen)):
      if scores is found or 0 < len(unseen.labels) < len(found.labels):
        folder.table(table, depth_tables.table3(
            scores, depths, categories, analysis))
  if 'popout' in readers:
    folder.table(schema.TABLE6, depth_tables.table6(
        readers['popout'](tap), depths, config.popout.analysis))


def _measured(
    folder: Folder, kind: str, config, source: Source, network: Network
) -> dict:
  """Measures a member unless that was done; returns the job's summary.

  `measured.json` has, of every folder that this wrote, a hash of what it was
  measured from and one of its summary: nobody else has written there since.
  """
  name = f'{kind}/{config.network.member}'
  summary = folder.path / name / schema.SUMMARY
  record = folder.path / schema.MEASURED.path
  identity = runner.described(
      config.to_dict(), runner.check(config, network), source) | {
          part: config[part].to_dict() for part in ('analysis', 'report')}
  key = hashlib.sha256(
      json.dumps(identity, sort_keys=True).encode()).hexdigest()
  done = json.loads(record.read_text()) if record.is_file() else {}
  if summary.is_file() and done.get(name) == [key, files.digest(summary)]:
    return json.loads(summary.read_text())
  found = KINDS[kind].run(
      config, source, str(folder.path / name), network=network,
      title=f'{config.network.member}, {kind}')
  folder.json(record.name, done | {name: [key, files.digest(summary)]})
  return found
