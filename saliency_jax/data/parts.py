"""The two parts of a data set that training needs: to learn from, to validate.
"""

from typing import NamedTuple

from saliency_jax.data import catalogue, pixel_sets, split
from saliency_jax.data.subset import subset
from saliency_jax.data.types import Source
from saliency_jax.errors import InputError


class Parts(NamedTuple):
  """What `training.loop` takes."""
  train: Source
  validation: Source
  choose: pixel_sets.Chooser  # the pixels that the saliency map is to find


def open_parts(config) -> Parts:
  """Opens both parts.

  Args:
    config: `configs/train.py`; `data.kind`, `data.dir`, `data.fixations`,
      `data.val_dir`, `data.val_fixations`, `data.origin`, `data.drop_outside`
      and `init.cache_dir` are read.

  Raises:
    InputError: if a folder is at fault, or nothing says how to split.
  """
  data = config.data
  # Search arrays have no fixations: their targets are what is to be found.
  choose = (
      pixel_sets.target if data.kind == 'popout'
      else pixel_sets.distinct_fixations)
  train = _open(config, '')
  if data.val_dir or data.val_fixations:
    return Parts(train, _open(config, 'val_'), choose)
  if data.kind != 'osie':
    raise InputError(
        f'A data set of the kind {data.kind!r} has no split of its own; name '
        f'the images to validate with --config.data.val_dir.')
  listed = split.split('train') + split.split('validation')
  absent = set(listed) - set(train.image_ids)
  if absent:
    raise InputError(
        f"{data.dir} is not OSIE (it lacks {len(absent)} of {len(listed)} "
        f"photographs of OSIE's split); name the images to validate with "
        f'--config.data.val_dir.')
  return Parts(
      subset(train, split.split('train')),
      subset(train, split.split('validation')), choose)


def _open(config, part: str) -> Source:
  """Opens one part; its keys begin with '', or 'val_' to validate."""
  data = config.data
  keys = {'images': f'{part}dir', 'fixations': f'{part}fixations'}
  given = {name: getattr(data, key) for name, key in keys.items()}
  built = catalogue.built_folder(catalogue.expanded(given['images']))
  if built:
    return catalogue.open_source('built', **given | {'images': built})
  # What says nothing is left out: few kinds have a use for it.
  return catalogue.open_source(
      data.kind, **given,
      keys={name: f'--config.data.{key}' for name, key in keys.items()},
      cache_dir=config.init.cache_dir if data.kind == 'osie' else '',
      origin=data.origin or None, drop_outside=data.drop_outside or None)
