"""The two parts of a data set that training needs: to train, to validate."""

from typing import NamedTuple

from saliency_jax.data import pixel_sets, split
from saliency_jax.data.source import KEYS, open_group
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

  The images to validate with are, first of all that applies, those of
  `data.val_dir`, a share of `data.val_fraction`, or OSIE's own split.

  Args:
    config: `configs/train.py`; `data`, `analysis.fixations` and
      `init.cache_dir` are read.

  Raises:
    InputError: a folder is at fault, or nothing says how to split.
  """
  data, cache_dir = config.data, config.init.cache_dir
  fixations = pixel_sets.counted(config.analysis.fixations, in_regions=False)
  if data.val_fixations and not data.val_dir:
    raise InputError(
        'config.data.val_fixations is of the images to validate with; give '
        'their folder with --config.data.val_dir.')
  if data.val_dir and data.val_fraction:
    raise InputError(
        'config.data.val_dir and config.data.val_fraction both name images to '
        'validate with; give one of them.')
  train = open_group(data, cache_dir=cache_dir, alone=not data.val_dir)
  # Search arrays have no fixations: their targets are what is to be found.
  choose = pixel_sets.target if 'targets' in train.gives else fixations
  if data.val_dir:
    others = {name: data[name] for name in KEYS} | {
        'dir': data.val_dir, 'fixations': data.val_fixations or data.fixations}
    validation = open_group(others, cache_dir=cache_dir, alone=False)
    return Parts(train, validation, choose)
  if data.val_fraction:
    chosen = drawn(train.image_ids, data.val_fraction, data.seed)
  elif data.kind == 'osie' and data.part == 'all':
    chosen = _osie(train, data.dir)
  else:
    raise InputError(
        f'Nothing says which images of config.data.dir={data.dir} validate; '
        'name them with --config.data.val_dir, or draw them with '
        '--config.data.val_fraction=0.2.')
  return Parts(
      subset(train, chosen[0]), subset(train, chosen[1]), choose)


def drawn(
    image_ids: tuple[str, ...], fraction: float, seed: int
) -> tuple[list[str], list[str]]:
  """Draws the images to validate with.

  Args:
    image_ids: of the data set.
    fraction: the share that validates, above 0 and below 1.
    seed: of the draw, which depends on nothing else but the names.

  Returns:
    The names of those to train and of those to validate, in their order.

  Raises:
    InputError: the share is out of range, or leaves a part without an image.
  """
  count = round(len(image_ids) * fraction)
  if not (0 < fraction < 1 and 0 < count < len(image_ids)):
    raise InputError(
        f'config.data.val_fraction is {fraction:g} of {len(image_ids)} images; '
        'give a share that leaves images to train and to validate.')
  validate = set(split.shuffled(image_ids, seed)[:count])
  return ([each for each in image_ids if each not in validate],
          [each for each in image_ids if each in validate])


def _osie(source: Source, folder: str) -> tuple[tuple[str, ...], ...]:
  """Returns the names of both parts of OSIE's own split."""
  parts = split.split('train'), split.split('validation')
  listed = {*parts[0], *parts[1]}
  absent = listed - set(source.image_ids)
  if absent:
    raise InputError(
        f"{folder} is not OSIE (it lacks {len(absent)} of {len(listed)} "
        "photographs of OSIE's split); name the images to validate with "
        '--config.data.val_dir, or draw them with '
        '--config.data.val_fraction=0.2.')
  return parts
