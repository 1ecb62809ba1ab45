"""Fingerprints of images, by which another job recognises them.

Names are not enough: folders number their images alike.
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

# In the folder of a training run: the images it was trained on.
FILE = 'images.json'
_READ = 1 << 16  # bytes of a file, enough to tell photographs apart


class Fingerprint(NamedTuple):
  """One image."""

  image_id: str
  height: int  # pixels
  width: int
  digest: str  # of its file or pixels


def of(source: Source) -> list[Fingerprint]:
  """Returns fingerprints of a data set's images, except unreadable ones."""
  fingerprints = []
  for index, image_id in enumerate(source.image_ids):
    try:
      fingerprints.append(Fingerprint(image_id, *_size_and_digest(source, index)))
    except (InputError, OSError):
      continue  # raised, or skipped, when the image is used
  return fingerprints


def shared(some: Iterable[Fingerprint], others: Iterable[Fingerprint]) -> list[str]:
  """Returns the ids of images that are also among others.

  Images are the same if their digests are, whatever their names.
  """
  known = {each[1:] for each in others}
  return [each.image_id for each in some if each[1:] in known]


def write(folder: str | os.PathLike, images: Iterable[Fingerprint]) -> None:
  """Writes fingerprints into the folder of a training run."""
  with files.replacing(pathlib.Path(folder) / FILE) as path:
    path.write_text(json.dumps(list(images)) + '\n', encoding='utf-8')


def read(folder: str | os.PathLike) -> tuple[Fingerprint, ...]:
  """Returns the fingerprints of the images that a run was trained on.

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


def _size_and_digest(source: Source, index: int) -> tuple[int, int, str]:
  """Returns an image's height, width and digest, from its header if possible."""
  content = b'' if 'targets' in source.gives else source.content(index, _READ)
  if content:
    return *source.size(index), _digest(content)
  image = source[index].image
  return *image.shape[:2], _digest(image.tobytes())


def _digest(content: bytes) -> str:
  return hashlib.sha256(content).hexdigest()[:32]
