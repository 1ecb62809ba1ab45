"""The parts of a data set for training and for validation.

The rest is for testing: nothing is fitted to it or chosen on it.
"""

import dataclasses
from collections.abc import Mapping

from absl import logging

from saliency_jax.data import osie_download, pixel_sets, scenes, split
from saliency_jax.data.source import KEYS, open_group
from saliency_jax.data.subset import subset
from saliency_jax.data.types import Source
from saliency_jax.errors import InputError


@dataclasses.dataclass(frozen=True)
class Data:
  """The images of a training run.

  Attributes:
    train: fitted to.
    validation: only to choose the checkpoint.
    choose: the set of pixels that an image's map should predict.
    scenes: scene labels by image id.
    test: the labelled images in neither part; None if there are none.
  """

  train: Source
  validation: Source
  choose: pixel_sets.Chooser = pixel_sets.distinct_fixations
  scenes: Mapping[str, str] = dataclasses.field(default_factory=dict)
  test: Source | None = None


def open_parts(config) -> Data:
  """Opens a data set's parts for training and validation.

  The validation images are the first of these that applies: those of
  `data.val_dir`, a share of `data.val_fraction`, or OSIE's own split. In the
  last two cases, a share of `data.test_fraction` is in neither part.

  Args:
    config: `configs/train.py`; `data`, `analysis.fixations`, `task.name` and
      `run.cache_dir` are read.

  Raises:
    InputError: a folder is at fault, or nothing says how to split.
  """
  data, cache_dir = config.data, config.run.cache_dir
  if data.val_fixations and not data.val_dir:
    raise InputError(
      'config.data.val_fixations belongs to the validation images; give their folder with --config.data.val_dir.'
    )
  if data.val_dir and data.val_fraction:
    raise InputError(
      'config.data.val_dir and config.data.val_fraction both name images to validate with; give one of them.'
    )
  train = open_group(data, cache_dir=cache_dir, labelled=False)
  if not data.val_dir:
    return split_parts(config, train)
  others = {name: data[name] for name in KEYS} | {
    'dir': data.val_dir,
    'fixations': data.val_fixations or data.fixations,
  }
  return split_parts(config, train, open_group(others, cache_dir=cache_dir, labelled=False))


def split_parts(config, train: Source, validation: Source | None = None) -> Data:
  """Returns open images in their parts; see `open_parts`.

  Without `validation`, `train` is split.
  """
  data = config.data
  choose = pixel_sets.counted(config.analysis.fixations, in_regions=False)
  if 'targets' in train.gives:
    choose = pixel_sets.target  # the odd item; there are no fixations
  if validation is not None:
    return _with_scenes(config, Data(train, validation, choose))
  if data.val_fraction:
    chosen = draw(train.image_ids, data.val_fraction, data.test_fraction, data.seed)
  elif data.kind == 'osie' and data.part == 'all':
    chosen = _osie(train, data.dir, data.test_fraction)
  else:
    raise InputError(
      f'No images of config.data.dir={data.dir} are chosen for validation; name them with --config.data.val_dir, or '
      'draw them with --config.data.val_fraction=0.2.'
    )
  if config.task.name == 'scene' and data.val_fraction:
    return _with_scenes(config, Data(train, train, choose))
  if rest := len(train) - sum(map(len, chosen)):
    logging.warning(
      'Images: %d for training, %d for validation, %d kept for testing (data.test_fraction).', *map(len, chosen), rest
    )
  return _with_scenes(config, Data(subset(train, chosen[0]), subset(train, chosen[1]), choose))


def _with_scenes(config, data: Data) -> Data:
  """Returns the parts with scene labels, without unlabelled images.

  Scenes with fewer than `data.min_images` images are left out. If a share of
  the same images validates, it is a share of every scene.
  """
  if config.task.name != 'scene':
    return data
  keys = config.data
  image_ids = dict.fromkeys((*data.train.image_ids, *data.validation.image_ids))
  path = keys.scenes or scenes.OSIE
  read = scenes.read(path)
  if keys.scenes:
    if absent := sorted(read.keys() - image_ids):
      logging.warning(
        '%s names %d images that are not in config.data.dir; the first is %s.', path, len(absent), absent[0]
      )
  else:  # the packaged labels are of OSIE's own photographs
    own = osie_download.own_images(data.train) | osie_download.own_images(data.validation)
    read = {name: scene for name, scene in read.items() if name in own}
    if not read:
      raise InputError(
        'The scenes of these images are not known; give --config.data.scenes, a CSV file of image_id and scene.'
      )
  labels = {name: read[name] for name in image_ids if name in read}
  if not labels:
    raise InputError(f'{path} names none of the {len(image_ids)} images; its image_id is a file name without ending.')
  labels, rare = scenes.frequent(labels, keys.min_images)
  if rare:
    logging.warning(
      'Scenes with fewer than %d images are left out: %s.',
      keys.min_images,
      ', '.join(f'{name} ({count})' for name, count in sorted(rare.items())),
    )
  if data.train is data.validation:
    chosen = scenes.split(labels, keys.val_fraction, keys.test_fraction, keys.seed)
  else:
    chosen = tuple(tuple(name for name in part.image_ids if name in labels) for part in (data.train, data.validation))
  known = {labels[name] for name in chosen[0]}
  if strange := [x for x in chosen[1] if labels[x] not in known]:
    logging.warning(
      'Left out of validation: %d images with scenes that no training image has; the first is %s.',
      len(strange),
      strange[0],
    )
    labels = {x: of for x, of in labels.items() if x not in set(strange)}
    chosen = chosen[0], tuple(x for x in chosen[1] if x in labels)
  for title, names in zip(('train on', 'validate with'), chosen, strict=True):
    if not names:
      raise InputError(
        f'{path} has no scene for any image to {title}, or only scenes that no training image has; label them, or draw '
        'a share of the labelled ones with --config.data.val_fraction=0.2.'
      )
  rest = [x for x in labels if x not in {*chosen[0], *chosen[1]}]
  return dataclasses.replace(
    data,
    train=subset(data.train, chosen[0]),
    validation=subset(data.validation, chosen[1]),
    scenes=labels,
    test=subset(data.train, rest) if rest else None,
  )


def draw(image_ids: tuple[str, ...], fraction: float, test_fraction: float, seed: int) -> tuple[list[str], list[str]]:
  """Draws the images for validation and those left for a test.

  Args:
    fraction: the share for validation, above 0 and below 1.
    test_fraction: the share in neither part, 0 or more.
    seed: the draw depends on this and the names alone.

  Returns:
    The ids for training and those for validation, in their order.

  Raises:
    InputError: a share is out of range, or leaves a part without an image.
  """
  counts = [round(len(image_ids) * x) for x in (fraction, test_fraction)]
  if not (
    0 < fraction < 1
    and 0 <= test_fraction < 1
    and 0 < counts[0] < len(image_ids) - counts[1]
    and (counts[1] or not test_fraction)
  ):
    raise InputError(
      f'config.data.val_fraction is {fraction:g} and config.data.test_fraction {test_fraction:g} of {len(image_ids)} '
      'images; give shares that leave images to train, to validate and, unless the latter is 0, to test.'
    )
  order = split.shuffled(image_ids, seed)
  validate, train = set(order[: counts[0]]), set(order[sum(counts) :])
  return ([each for each in image_ids if each in train], [each for each in image_ids if each in validate])


def _osie(source: Source, folder: str, test_fraction: float) -> tuple[tuple[str, ...], ...]:
  """Returns the ids of both parts of OSIE's own split."""
  train, validation, test = map(split.split, ('train', 'validation', 'test'))
  listed = {*train, *validation, *test}
  absent = listed - set(source.image_ids)
  if absent:
    raise InputError(
      f"{folder} is not OSIE (it lacks {len(absent)} of {len(listed)} photographs of OSIE's split); name the images to "
      'validate with --config.data.val_dir, or draw them with --config.data.val_fraction=0.2.'
    )
  if test_fraction not in (0, len(test) / len(listed)):
    raise InputError(
      f"config.data.test_fraction is {test_fraction:g}, but OSIE's split keeps a fifth for testing; give 0.2, "
      'or 0 to train on it, or draw both shares with --config.data.val_fraction=0.2.'
    )
  return (train if test_fraction else tuple(sorted((*train, *test))), validation)
