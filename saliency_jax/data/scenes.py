"""Scene labels of images: a CSV file of image_id and scene.

He et al. 2019, Section 8, label a part of SALICON and leave out scenes with few
images. `annotations/osie_scenes.csv` has a scene for each of OSIE's 700
photographs; see its data card, `OSIE_SCENES.md`.
"""

import pathlib
from collections import Counter
from collections.abc import Mapping

import numpy as np
from absl import logging

from saliency_jax.data import images, tables
from saliency_jax.errors import InputError

OSIE = pathlib.Path(__file__).parent / 'annotations' / 'osie_scenes.csv'
_COLUMNS = tables.Columns(('image_id', 'scene'), others={'image_id': 'image filename file', 'scene': 'label category'})


def read(path: str | pathlib.Path) -> dict[str, str]:
  """Returns the scene of each image in a table, by image id.

  Its columns are image_id (an image's stem or file) and scene.

  Raises:
    InputError: the file cannot be read, lacks a column or a value, or gives an
      image two scenes.
  """
  path = pathlib.Path(path).expanduser()
  scenes: dict[str, str] = {}
  for number, fields in tables.rows(path, _COLUMNS):
    name, scene = fields['image_id'], fields['scene']
    if not name or not scene:
      raise InputError(f'{path}, row {number}: image_id and scene cannot be empty.')
    before = scenes.setdefault(images.id_of(name), scene)
    if before != scene:
      raise InputError(
        f'{path}, row {number}: {name[:80]} is {scene[:80]} here and {before[:80]} before; give each image one scene.'
      )
  alike = {scene.casefold(): scene for scene in scenes.values()}
  for scene in sorted({*scenes.values()} - {*alike.values()}):
    logging.warning(
      '%s: the scenes %s and %s differ only in case; spell them alike.', path, scene, alike[scene.casefold()]
    )
  return scenes


def frequent(scenes: Mapping[str, str], min_images: int) -> tuple[dict[str, str], dict[str, int]]:
  """Returns the labels without rare scenes, and the rare scenes' image counts.

  Raises:
    InputError: fewer than two scenes are left.
  """
  counts = Counter(scenes.values())
  rare = {name: n for name, n in counts.items() if n < min_images}
  if len(counts) - len(rare) < 2:
    raise InputError(
      f'With config.data.min_images={min_images}, {len(counts) - len(rare)} '
      f'of {len(counts)} scenes are left, but two are needed; '
      + ('give a smaller number.' if len(counts) > 1 else 'label images of others too.')
    )
  return ({image_id: name for image_id, name in scenes.items() if name not in rare}, rare)


def split(
  scenes: Mapping[str, str], fraction: float, test_fraction: float, seed: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
  """Splits images so that every part has each scene in proportion.

  Args:
    scenes: image_id -> scene, at least two images of each.
    fraction: the share for validation, above 0 and below 1; of each scene, both
      parts have at least one image.
    test_fraction: the share in neither part, 0 or more and below 1.
    seed: of the draw.

  Returns:
    The ids for training and those for validation, in the order given.

  Raises:
    InputError: a fraction is out of its range, or a scene has one image.
  """
  if not (0 < fraction < 1 and 0 <= test_fraction < 1 - fraction):
    raise InputError(
      f'config.data.val_fraction is {fraction} and config.data.test_fraction '
      f'{test_fraction}; give shares of less than 1 together.'
    )
  rng = np.random.default_rng(seed)
  parts: dict[str, int] = {}  # 0 validates, 1 tests
  for scene in sorted(set(scenes.values())):
    images = [name for name, of in scenes.items() if of == scene]
    if len(images) < 2:
      raise InputError(
        f'The scene {scene[:80]} has one image, which cannot be both trained '
        f'on and validated with; give config.data.min_images=2 or more.'
      )
    count = min(max(round(fraction * len(images)), 1), len(images) - 1)
    tested = min(round(test_fraction * len(images)), len(images) - 1 - count)
    order = [images[i] for i in rng.permutation(len(images))]
    parts |= dict.fromkeys(order[:count], 0)
    parts |= dict.fromkeys(order[count : count + tested], 1)
  return (tuple(name for name in scenes if name not in parts), tuple(name for name in scenes if parts.get(name) == 0))
