"""Which images these are, so that another job can tell whether it has them.

Folders number their images alike: a name alone says nothing.
"""

import hashlib
import json
import os
import pathlib
from collections.abc import Iterable
from typing import NamedTuple

from saliency_jax import files, outside
from saliency_jax.data.types import Source
from saliency_jax.errors import InputError

# The images that a run was trained on, in its folder.
FILE = 'images.json'
_READ = 1 << 16  # bytes of a file, which are enough to tell photographs apart


class Fingerprint(NamedTuple):
  """An image."""

  image_id: str
  height: int  # pixels
  width: int
  digest: str  # of its file or pixels


def of(source: Source) -> list[Fingerprint]:
  """Returns the images of a data set, but for those that cannot be read."""
  found = []
  for index, image_id in enumerate(source.image_ids):
    try:
      found.append(Fingerprint(image_id, *_seen(source, index)))
    except (InputError, OSError):
      continue  # said, or skipped, when its turn comes
  return found


def shared(some: Iterable[Fingerprint], others: Iterable[Fingerprint]) -> list[str]:
  """Returns the names of images that are among others as well.

  They are the same if their files begin alike and they are of one size,
  whatever their names.
  """
  known = {each[1:] for each in others}
  return [each.image_id for each in some if each[1:] in known]


def write(folder: str | os.PathLike, images: Iterable[Fingerprint]) -> None:
  """Writes images into the folder of a training run."""
  with files.replacing(pathlib.Path(folder) / FILE) as path:
    path.write_text(json.dumps(list(images)) + '\n', encoding='utf-8')


def read(folder: str | os.PathLike) -> tuple[Fingerprint, ...]:
  """Returns the images that a run was trained on.

  Raises:
    InputError: the list is missing or damaged.
  """
  path, advice = pathlib.Path(folder) / FILE, ('give the --workdir of launch/train.py, complete')
  listed = outside.read_json(path, advice, [list])
  with outside.reading(path, 'list of images', advice):
    for each in listed:
      outside.check(
        dict(zip(Fingerprint._fields, each, strict=True)), {'image_id': str, 'height': int, 'width': int, 'digest': str}
      )
      if not each[-1]:
        raise ValueError('it is of an earlier version and does not say which images these are')
    return tuple(Fingerprint(*each) for each in listed)


def _seen(source: Source, index: int) -> tuple[int, int, str]:
  """Returns an image's height, width and digest, as cheaply as it can."""
  content = b'' if 'targets' in source.gives else source.content(index, _READ)
  if content:
    return *source.size(index), _short(content)
  image = source[index].image
  return *image.shape[:2], _short(image.tobytes())


def _short(content: bytes) -> str:
  return hashlib.sha256(content).hexdigest()[:32]
