"""Opens the data set that a config or a flag names: raw files or built ones."""

import os
import pathlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

from saliency_jax.data import osie_download
from saliency_jax.data.popout.masked_folder import MaskedFolder
from saliency_jax.data.popout.search_arrays import SearchArrays
from saliency_jax.data.sources.fixation_maps import MappedPhotographs
from saliency_jax.data.sources.mit1003 import Mit1003
from saliency_jax.data.sources.osie import Osie
from saliency_jax.data.sources.pysaliency_file import Pysaliency
from saliency_jax.data.sources.salicon import Salicon
from saliency_jax.data.sources.table import Table
from saliency_jax.data.types import Source
from saliency_jax.errors import InputError


class Kind(NamedTuple):
  """A kind of data set, and what must and may be said to open one."""
  open: Callable[..., Source]
  needs: tuple[str, ...] = ()
  takes: tuple[str, ...] = ()


def open_source(
    kind: str, *, keys: Mapping[str, str] | None = None,
    **options: str | int | None
) -> Source:
  """Opens a data set.

  Args:
    kind: a key of `KINDS`.
    keys: the flags with which the user gives options, by option.
    **options: what this kind needs or takes: `images`, a folder (or the file
      that stands for it); `fixations`, a folder or file; `regions`, a folder of
      labelled regions; and numbers of one kind alone. '' and None say nothing.

  Raises:
    InputError: there is no such kind, an option is missing or of no use to it,
      or the data set is at fault.
  """
  if kind not in KINDS:
    raise InputError(
        f'There is no kind of data set {kind!r}; give one of '
        f'{", ".join(KINDS)}.')
  opener, needs, takes = KINDS[kind]
  given = {
      name: value for name, value in options.items() if value not in ('', None)}
  for name in needs:
    if name not in given:
      flag = f' with {keys[name]}' if keys and name in keys else ''
      raise InputError(
          f'A data set of the kind {kind!r} needs {name}; say where they are'
          f'{flag}.')
  for name in given:
    if name not in needs + takes:
      raise InputError(
          f'A data set of the kind {kind!r} has no use for {name}; leave it '
          'out.')
  return opener(**{
      name: expanded(value) if name in _PATHS else value
      for name, value in given.items()})


def photographs(config) -> Source:
  """Opens photographs with fixations and labelled regions.

  Args:
    config: `configs/osie.py`; `data.dir`, `data.regions` and `run.cache_dir`
      are read.

  Raises:
    InputError: if the folder is at fault, or cannot be fetched.
  """
  folder, regions = expanded(config.data.dir), config.data.regions
  built = built_folder(folder)
  if not built:
    return open_source(
        'osie', images=folder, regions=regions,
        cache_dir=config.run.cache_dir)
  if regions:
    raise InputError(
        f'{folder} is a built data set with regions of its own; leave '
        f'--config.data.regions out, or build it again with --regions.')
  source = open_source('built', images=built)
  if source.patterns:
    raise InputError(
        f'{folder} holds search arrays; give photographs with fixations.')
  return source


def search_arrays(config) -> Source:
  """Opens search arrays with a target mask each, or draws them.

  Args:
    config: `configs/popout.py`; `data.dir`, or `data.count`, `data.seed` and
      `data.size`, are read.

  Raises:
    InputError: if the folder or a number is at fault.
  """
  data, folder = config.data, expanded(config.data.dir)
  if not folder:
    return open_source(
        'popout', count=data.count, seed=data.seed, size=data.size)
  built = built_folder(folder)
  if not built:
    return open_source('popout', images=folder)
  source = open_source('built', images=built)
  if not source.patterns:
    raise InputError(
        f'{folder} holds photographs; give search arrays with target masks.')
  return source


def expanded(path: str) -> str:
  """Returns a path with `~` as the user's home, which shells leave in flags.
  """
  return os.path.expanduser(path)


def built_folder(folder: str) -> str:
  """Returns the folder of a built data set in or two below `folder`, or ''.

  TFDS builds into NAME/VERSION below the folder that it is given.

  Raises:
    InputError: if there are several.
  """
  if not folder:
    return ''
  here = pathlib.Path(folder)
  found = [
      path.parent for pattern in ('', '*/*/') for path in
      sorted(here.glob(f'{pattern}dataset_info.json'))]
  if len(found) > 1:
    raise InputError(
        f'{folder} holds {len(found)} built data sets; give the folder of one, '
        f'e.g. {found[0]}.')
  return str(found[0]) if found else ''


def _osie(
    images: str | None = None, cache_dir: str | None = None,
    regions: str | None = None, drop_outside: bool = False) -> Source:
  return Osie(
      images or osie_download.fetch_osie(cache_dir), regions,
      drop_outside=drop_outside)


def _popout(images: str | None = None, **drawing: int) -> Source:
  if images and drawing:
    raise InputError(
        f'The search arrays in {images} are not drawn; leave '
        f'{" and ".join(drawing)} out.')
  return MaskedFolder(images) if images else SearchArrays(**drawing)


def _built(images: str) -> Source:
  # Imported when asked for: TFDS costs a second.
  from saliency_jax.data.sources.built import BuiltSource
  return BuiltSource(images)


_APART = ('images', 'fixations')
_PATHS = (*_APART, 'regions', 'cache_dir')

KINDS = {
    'osie': Kind(
        _osie, takes=('images', 'regions', 'cache_dir', 'drop_outside')),
    'salicon': Kind(Salicon, _APART, ('regions',)),
    'table': Kind(Table, _APART, ('regions', 'origin', 'drop_outside')),
    'maps': Kind(MappedPhotographs, _APART, ('regions',)),
    'mit1003': Kind(Mit1003, _APART, ('regions',)),
    'pysaliency': Kind(Pysaliency, _APART, ('regions', 'drop_outside')),
    'popout': Kind(_popout, takes=('images', 'count', 'seed', 'size')),
    'built': Kind(_built, ('images',)),
}
