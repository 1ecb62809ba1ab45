"""What a run has measured so far, kept so that the next one goes on there."""

import dataclasses
import hashlib
import json
import pathlib
import shutil
import time
import zipfile

import numpy as np
from absl import logging

from saliency_jax import files

_DAMAGED = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile)
_FIELDS = ('images', 'problems', 'index', 'ids', 'labels', 'counts')
# A block is written about this often: rare enough to cost nothing, often enough
# that a stopped run loses little.
_SECONDS = 20.


@dataclasses.dataclass
class Block:
  """n images that were read and the T sets of pixels measured on them."""
  images: np.ndarray  # int32 `[n]`, positions in the data set
  problems: np.ndarray  # str `[n]`; why an image was skipped, or ''
  index: np.ndarray  # int32 `[T]`, the position of each set's image
  ids: np.ndarray  # int32 `[T]`
  labels: np.ndarray  # str `[T]`
  counts: np.ndarray  # int32 `[T]`
  scores: dict[str, np.ndarray]  # layer -> float32 `[T, C]`


class Partial:
  """A folder of blocks that belong to one job, told by its key."""

  def __init__(self, folder: pathlib.Path, job: dict):
    """Opens the folder, or empties it if it belongs to another job.

    Args:
      folder: made if it is missing.
      job: everything that the numbers depend on, as JSON values.
    """
    self._folder = folder
    key = hashlib.sha256(
        json.dumps(job, sort_keys=True).encode()).hexdigest()
    marker = folder / 'key'
    if not marker.is_file() or marker.read_text() != key:
      shutil.rmtree(folder, ignore_errors=True)
      with files.replacing(marker) as path:
        path.write_text(key)
    self._blocks = []
    # Hidden files are what a killed run was writing.
    for path in sorted(folder.glob('[!.]*.npz')):
      try:
        self._blocks.append(_read(path))
      except _DAMAGED:
        logging.warning('%s is damaged; its images are read again.', path)
    self._pending: list[Block] = []
    self._written = time.monotonic()

  def __enter__(self) -> 'Partial':
    return self

  def __exit__(self, *_) -> None:
    """Writes what was added, however the run ended."""
    self._flush()

  @property
  def done(self) -> set[int]:
    """Positions of the images that need not be read again."""
    return {int(i) for block in self._blocks for i in block.images}

  def add(self, block: Block) -> None:
    """Takes a block in; it is on disk within seconds."""
    self._pending.append(block)
    if time.monotonic() - self._written > _SECONDS:
      self._flush()

  def merge(self) -> Block:
    """Returns all rows in the order of the data set."""
    self._flush()
    whole = _concatenate(self._blocks)
    by_image = np.argsort(whole.images, kind='stable')
    # Stable: the sets of an image keep the order of its annotation.
    by_row = np.argsort(whole.index, kind='stable')
    return Block(
        images=whole.images[by_image], problems=whole.problems[by_image],
        index=whole.index[by_row], ids=whole.ids[by_row],
        labels=whole.labels[by_row], counts=whole.counts[by_row],
        scores={layer: x[by_row] for layer, x in whole.scores.items()})

  def _flush(self) -> None:
    self._written = time.monotonic()
    if not self._pending:
      return
    block = _concatenate(self._pending)
    self._pending.clear()
    self._blocks.append(block)
    name = self._folder / f'{time.time_ns():020d}.npz'
    with files.replacing(name) as path, open(path, 'wb') as file:
      np.savez(
          file, **{field: getattr(block, field) for field in _FIELDS},
          **{f'scores/{layer}': x for layer, x in block.scores.items()})


def _concatenate(blocks: list[Block]) -> Block:
  return Block(
      **{field: np.concatenate([getattr(block, field) for block in blocks])
         for field in _FIELDS},
      scores={
          layer: np.concatenate([block.scores[layer] for block in blocks])
          for layer in blocks[0].scores})


def _read(path: pathlib.Path) -> Block:
  # Opened here: np.load leaves a damaged file open.
  with open(path, 'rb') as file, np.load(file, allow_pickle=False) as arrays:
    fields = {field: arrays[field] for field in _FIELDS}
    # An image that could not be read may have been repaired since.
    read = fields['problems'] == ''
    fields |= {field: fields[field][read] for field in ('images', 'problems')}
    return Block(
        **fields,
        scores={
            name.removeprefix('scores/'): arrays[name]
            for name in arrays.files if name.startswith('scores/')})
