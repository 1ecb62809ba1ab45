"""The two parts of a data set that training needs: to learn from, to validate.
"""

import pathlib
from typing import NamedTuple

from saliency_jax.datasets import catalogue, osie_split, sets
from saliency_jax.datasets.records import Source
from saliency_jax.datasets.subset import subset
from saliency_jax.errors import InputError


class Parts(NamedTuple):
  """What `training.loop` takes."""
  train: Source
  validation: Source
  choose: sets.Chooser  # the pixels that the saliency map is to find


def open_parts(config) -> Parts:
  """Opens both parts.

  Args:
    config: `configs/train.py`; `data.kind`, `data.dir`, `data.fixations`,
      `data.val_dir`, `data.val_fixations` and `init.cache_dir` are read.

  Raises:
    InputError: if a folder is at fault, or nothing says how to split.
  """
  data = config.data
  # Search arrays have no fixations: their targets are what is to be found.
  choose = sets.target if data.kind == 'popout' else sets.distinct_fixations
  cache_dir = config.init.cache_dir
  train = _open(data.kind, data.dir, data.fixations, cache_dir)
  val_dir, val_fixations = data.val_dir, data.val_fixations
  if val_dir or val_fixations:
    return Parts(
        train, _open(data.kind, val_dir, val_fixations, cache_dir), choose)
  listed = osie_split.split('train') + osie_split.split('validation')
  absent = set(listed) - set(train.image_ids)
  if absent:
    raise InputError(
        f"{data.dir} is not OSIE (it lacks {len(absent)} of {len(listed)} "
        f"photographs of OSIE's split); name the images to validate with "
        f'--config.data.val_dir.')
  return Parts(
      subset(train, osie_split.split('train')),
      subset(train, osie_split.split('validation')), choose)


def _open(kind: str, images: str, fixations: str, cache_dir: str) -> Source:
  if images and (pathlib.Path(images) / 'dataset_info.json').is_file():
    return catalogue.open_source('built', images=images, fixations=fixations)
  fetched = {'cache_dir': cache_dir} if kind == 'osie' else {}
  return catalogue.open_source(
      kind, images=images, fixations=fixations, **fetched)
