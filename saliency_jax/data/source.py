"""Opens data sets, for every job and from Python."""

import math
import os
import pathlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from saliency_jax import files
from saliency_jax.data import fingerprints, osie_download, pixel_sets, split
from saliency_jax.data.coordinates import PIXELS, Coordinates
from saliency_jax.data.popout.masked_folder import MaskedFolder
from saliency_jax.data.popout.search_arrays import SearchArrays
from saliency_jax.data.sources.fixation_maps import POINTS, MappedPhotographs
from saliency_jax.data.sources.image_folder import ImageFolder
from saliency_jax.data.sources.osie import Osie
from saliency_jax.data.sources.pysaliency_file import Pysaliency
from saliency_jax.data.sources.salicon import Salicon
from saliency_jax.data.sources.table import Table
from saliency_jax.data.subset import subset
from saliency_jax.data.types import Source
from saliency_jax.errors import InputError


class Kind(NamedTuple):
  """A layout of data on disk, with its required and its optional options."""

  open: Callable[..., Source]
  needs: tuple[str, ...] = ()
  takes: tuple[str, ...] = ()


def open_source(kind: str, dir: str | os.PathLike = '', *, part: str = 'all', key: str = '', **options: Any) -> Source:
  """Opens a data set.

  A folder that `launch/build_dataset.py` wrote is recognised, whatever `kind`.

  Args:
    kind: the layout: 'osie', 'salicon', 'mit1003', 'table', 'maps',
      'pysaliency', 'images' or 'popout'; see docs/data.md.
    dir: the folder of the images, or the file that replaces it.
    part: 'all'; 'train', 'validation' or 'test' of OSIE's split; or the folder
      of a training run, for the images that it was not trained on.
    key: the config group of the options, e.g. 'config.data', for errors.
    **options: `fixations` (a file or folder), `regions` (a folder of labelled
      regions) and other options of the kind, which configs/base.py describes.
      '' and None mean that an option is not given.

  Returns:
    A `Source`; its attribute `gives` says what is known about the images.

  Raises:
    InputError: there is no such kind, an option is missing or does not apply to
      it, or the data set is invalid.
  """
  if kind not in KINDS:
    raise InputError(f'There is no kind of data set {kind!r}; give one of {", ".join(KINDS)}.')
  given = {
    name: value
    for name, value in {'dir': dir, **options}.items()
    if value not in ('', None) and value != _OFF.get(name)
  }
  if built := built_folder(os.path.expanduser(given.get('dir', ''))):
    kind, given['dir'] = 'built', built
    given.pop('cache_dir', None)
    if 'regions' in given:
      raise InputError(
        f'{dir} is a built data set with regions of its own; leave regions out, or build it again with --regions.'
      )
  opener, needs, takes = KINDS[kind]
  flag = f'--{key}.' if key else ''
  for name in needs:
    if name not in given:
      raise InputError(f'A data set of the kind {kind!r} needs {name}; give {flag}{name}.')
  for name in given:
    if name not in needs + takes:
      raise InputError(f'A data set of the kind {kind!r} has no use for {name}; leave {flag}{name} out.')
  if set(takes) & set(_RECORDED):
    given['recorded'] = Coordinates(key=key, **{name: given.pop(name) for name in _RECORDED if name in given})
  # Each layout names its first parameter for what it is: folder, images,
  # stimuli.
  place = [os.path.expanduser(given.pop('dir'))] if 'dir' in given else []
  source = opener(
    *place, **{name: os.path.expanduser(value) if name in _PATHS else value for name, value in given.items()}
  )
  return source if part == 'all' else _part(source, part, flag)


def _part(source: Source, part: str, flag: str) -> Source:
  """Returns a part of OSIE's split, or the images a run was not trained on."""
  if part in split.PARTS:
    return subset(source, split.split(part))
  if not pathlib.Path(os.path.expanduser(part)).is_dir():
    raise InputError(
      f'{flag}part is {part!r}; it is all, {", ".join(split.PARTS)} of '
      "OSIE's split, or the folder of a training run, for the images that it was not trained on."
    )
  seen = fingerprints.shared(fingerprints.of(source), fingerprints.read(os.path.expanduser(part)))
  others = [x for x in source.image_ids if x not in set(seen)]
  if not others:
    raise InputError(f'{flag}part={part}: that run was trained on all {len(source)} images; give others.')
  return subset(source, others)


def open_group(
  group: Mapping[str, Any], *, key: str = 'config.data', cache_dir: str = '', wants: str = '', labelled: bool = True
) -> Source:
  """Opens the data set of a config group; a key means the same in every job.

  Args:
    group: the keys of `configs.base.data_keys`.
    key: the group's name, for errors.
    cache_dir: where OSIE is downloaded to; '' is the user's cache.
    wants: what the job needs: 'fixations', 'regions' (at least one with a
      fixation) or 'targets'; '' for nothing.
    labelled: whether records have regions, which are as slow to rasterise as
      some photographs to decode.

  Raises:
    InputError: as `open_source`, or the data set lacks what the job needs.
  """
  if group['fixations'] in pixel_sets.COUNTED:
    raise InputError(
      f'{key}.fixations is the file or folder of the fixations; to choose which of '
      f'them count, set config.analysis.fixations={group["fixations"]}.'
    )
  if not 0 <= group['sigma'] < math.inf:
    raise InputError(f'{key}.sigma is {group["sigma"]:g}; give the width of one degree of visual angle in pixels.')
  options = {name: group[name] for name in _OPTIONS}
  drawing = {name: group[name] for name in _DRAWING}
  if group['kind'] == 'popout' and not group['dir']:
    options |= drawing
  if group['kind'] == 'osie':
    options['cache_dir'] = cache_dir
  source = open_source(group['kind'], group['dir'], key=key, **options)
  if not labelled:
    source = source.without_regions()
  if group['part'] != 'all':
    source = _part(source, group['part'], f'--{key}.')
  _check(source, wants, group, key)
  return source


def identity(source: Source, group: Mapping[str, Any]) -> dict[str, Any]:
  """Returns JSON values that change with the images, the files or an option."""
  return {
    'images': list(source.image_ids),
    'options': {key: value for key, value in group.items() if key not in _MANNER},
    'files': [files.stamp(group[key]) for key in ('dir', 'regions', 'fixations') if group.get(key)],
  }


def check_sizes(source: Source, on_bad_image: str = 'raise') -> None:
  """Compares the sizes of images with those of their data, before work starts.

  Only headers are read. If bad images are skipped, nothing is checked: they are
  skipped when they are used.

  Raises:
    InputError: an image cannot be opened, or its data are of another size.
  """
  for index in range(len(source)) if on_bad_image == 'raise' else ():
    source.check_size(index)


def built_folder(folder: str) -> str:
  """Returns the folder of a built data set in `folder` or below it, or ''.

  TFDS builds into NAME/VERSION below the folder that it is given.

  Raises:
    InputError: there are several.
  """
  if not folder:
    return ''
  here = pathlib.Path(folder)
  folders = [path.parent for pattern in ('', '*/*/') for path in here.glob(f'{pattern}dataset_info.json')]
  if len(folders) > 1:
    raise InputError(f'{folder} holds {len(folders)} built data sets; give the folder of one, e.g. {folders[0]}.')
  return str(folders[0]) if folders else ''


def _check(source: Source, wants: str, group, key: str) -> None:
  """Raises an `InputError` if a job cannot use the source."""
  where = f'{key}.dir={group["dir"]}'
  if 'targets' in source.gives and wants in ('fixations', 'regions'):
    raise InputError(f'{where} holds search arrays; give photographs with fixations.')
  if wants == 'targets' and wants not in source.gives:
    raise InputError(f'{where} holds photographs; give search arrays with target masks.')
  if wants == 'fixations' and wants not in source.gives:
    raise InputError(f'{where} has no fixations; give --{key}.kind and --{key}.fixations.')
  if wants == 'regions' and not any_fixated_region(source):
    raise InputError(
      f'None of the photographs of {where} has a labelled region with a fixation; give the folder of their regions '
      f"with --{key}.regions (the annotation in this package is of OSIE's own photographs)."
    )


def any_fixated_region(source: Source) -> bool:
  """Returns whether any region has a fixation; most often the first image has."""
  return 'regions' in source.gives and any(
    pixel_sets.all_fixations_in_regions(record).counts.any() for record in source.readable()
  )


def _osie(
  folder: str = '', cache_dir: str | None = None, regions: str | None = None, recorded: Coordinates = PIXELS
) -> Source:
  return Osie(folder or osie_download.fetch_osie(cache_dir), regions, recorded)


def _mit1003(images: str, fixations: str, regions: str | None = None) -> Source:
  # Judd et al., ICCV 2009. The maps of points are JPEGs, so their maxima count.
  if not any(pathlib.Path(fixations).glob(f'*{POINTS}.*')):
    raise InputError(
      f'{fixations} holds no fixation map of MIT1003 (*{POINTS}.*); give ALLFIXATIONMAPS. DATA has gaze samples, not '
      'fixations; for MIT1003 with observers give the files of pysaliency (kind pysaliency).'
    )
  return MappedPhotographs(images, fixations, regions, Coordinates(maxima=True))


def _popout(folder: str = '', **drawing: int) -> Source:
  if folder and drawing:
    raise InputError(f'The search arrays in {folder} are not drawn; leave {" and ".join(drawing)} out.')
  return MaskedFolder(folder) if folder else SearchArrays(**drawing)


def _built(folder: str) -> Source:
  # Imported here, as TFDS takes a second.
  from saliency_jax.data.sources.built import BuiltSource

  return BuiltSource(folder)


# Keys that affect how images are read, but not the numbers.
_MANNER = ('batch_size', 'on_bad_image', 'workers')
_NEEDS = ('dir', 'fixations')
_PATHS = (*_NEEDS, 'regions', 'cache_dir')
_DRAWING = ('count', 'seed', 'size')
# Options of `Coordinates`: those of every layout with coordinates, and all.
_SHARED = ('scale', 'offset', 'missing', 'drop_outside', 'accept_outside')
_RECORDED = ('origin', *_SHARED, 'maxima')
_POINTS = ('regions', *_SHARED)
_OPTIONS = ('fixations', 'regions', 'columns', *_RECORDED)
# The keys of a group.
KEYS = ('kind', 'dir', 'part', 'sigma', *_OPTIONS, *_DRAWING)
# Default values in a config, which count as not given.
_OFF = {name: getattr(PIXELS, name) for name in _RECORDED}

KINDS = {
  'osie': Kind(_osie, takes=('dir', 'cache_dir', *_POINTS)),
  'salicon': Kind(Salicon, _NEEDS, (*_POINTS, 'maxima')),
  'table': Kind(Table, _NEEDS, ('columns', 'origin', *_POINTS)),
  'maps': Kind(MappedPhotographs, _NEEDS, ('regions', 'maxima')),
  'mit1003': Kind(_mit1003, _NEEDS, ('regions',)),
  'pysaliency': Kind(Pysaliency, _NEEDS, _POINTS),
  'images': Kind(ImageFolder, ('dir',), ('regions',)),
  'popout': Kind(_popout, takes=('dir', *_DRAWING)),
  'built': Kind(_built, ('dir',)),
}
