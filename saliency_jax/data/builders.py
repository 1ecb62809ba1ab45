"""Building data sets with TensorFlow Datasets, without TensorFlow.

A built data set is a folder of array_record files with every image, its
fixations and its regions. Any TFDS program can read it; here
`built.BuiltSource` does. Importing TFDS takes a second, so this module is
imported only where it is used.
"""

import contextlib
import io
import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterator

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image

from saliency_jax import files, progress
from saliency_jax.data.source import check_sizes
from saliency_jax.data.sources.built import READY, SIZES, SPLIT
from saliency_jax.data.types import Record, Source
from saliency_jax.errors import InputError
from saliency_jax.ops import resize

_OF_PHOTOGRAPHS = {
  'fixations': {
    'point': tfds.features.Tensor(shape=(None, 2), dtype=np.int32),
    'subject': tfds.features.Tensor(shape=(None,), dtype=np.int32),
    'duration': tfds.features.Tensor(shape=(None,), dtype=np.float32),
  }
}
_OF_ARRAYS = {'kind': tfds.features.Text(), 'background': tfds.features.Text(), 'set_size': np.int32}


def build(
  source: Source, name: str, folder: str | os.PathLike, image_size: int = 0, resize: str = 'bilinear'
) -> pathlib.Path:
  """Writes a data set's files, whole or not at all, and returns their folder.

  Files of photographs are stored unchanged; search arrays become PNGs.

  Args:
    source: photographs with fixations, or drawn search arrays.
    name: the files go to `folder/<name>/<version>`.
    image_size: side in pixels at which images are also stored resized, at three
      bytes a pixel; 0 for none.
    resize: the network's Pillow filter for that.

  Raises:
    InputError: the source is at fault, or the folder has been built before.
  """
  check_sizes(source)
  kind = type(f'{name}_builder', (_Builder,), {'name': name}, skip_registration=True)
  builder = kind(source, folder, image_size, resize)
  whole = pathlib.Path(builder.data_dir)
  whole.parent.mkdir(parents=True, exist_ok=True)
  tfds.disable_progress_bar()
  # TFDS prints that it downloads, which it does not.
  with (
    files.locked(whole.parent, wait=True),
    tempfile.TemporaryDirectory() as downloads,
    contextlib.redirect_stdout(io.StringIO()),
  ):
    if whole.exists():
      raise InputError(f'{whole} holds a data set already; remove it, or give another --output.')
    # Left behind by a run that was killed; the name is TFDS's.
    for left in whole.parent.glob(f'incomplete.*_{whole.name}'):
      shutil.rmtree(left, ignore_errors=True)
    builder.download_and_prepare(download_dir=downloads)
  return whole


class _Builder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
  """Writes a `Source`; see `build`."""

  VERSION = tfds.core.Version('1.1.0')

  def __init__(self, source: Source, folder: str | os.PathLike, image_size: int, resize: str):
    self._source, self._image_size, self._resize = source, image_size, resize
    self._searched = 'targets' in source.gives
    super().__init__(data_dir=os.fspath(folder), file_format='array_record')

  def _split_generators(self, dl_manager):
    del dl_manager  # Everything is in the source.
    return {SPLIT: self._generate_examples()}

  def _info(self) -> tfds.core.DatasetInfo:
    return tfds.core.DatasetInfo(
      builder=self,
      disable_shuffling=True,
      description='Pop-out search arrays with masks of their items.'
      if self._searched
      else 'Photographs with the fixations of their observers (pixels (y, x) from 0, ms or NaN) and labelled regions.',
      features=tfds.features.FeaturesDict(
        {
          'image_id': tfds.features.Text(),
          'image': tfds.features.Image(shape=(None, None, 3)),
          'regions': {
            'id': tfds.features.Tensor(shape=(None,), dtype=np.int32),
            # The annotation's own categories, whatever they are.
            'category': tfds.features.Sequence(tfds.features.Text()),
            # Eight pixels of a row per byte: `np.unpackbits(mask, axis=-1,
            # count=W)`. A label image could not hold overlapping regions.
            'mask': tfds.features.Tensor(shape=(None, None, None), dtype=np.uint8, encoding='zlib'),
          },
          **(_OF_ARRAYS if self._searched else _OF_PHOTOGRAPHS),
        }
      ),
    )

  def _generate_examples(self) -> Iterator[tuple[int, dict]]:
    side, sizes, source = self._image_size, [], self._source
    if side:
      # In the temporary folder that TFDS renames once all is written.
      ready = np.lib.format.open_memmap(
        self.data_path / READY.format(side, self._resize), 'w+', np.uint8, (len(source), side, side, 3)
      )
    for index, record in progress.track(enumerate(source), total=len(source), unit='image', title='Building'):
      if side:
        ready[index] = resize.square(record.image, side, self._resize)
        sizes.append(record.image.shape[:2])
      yield index, self._example(index, record)
    if side:
      np.save(self.data_path / SIZES, np.array(sizes, np.int32))
      ready.flush()

  def _example(self, index: int, record: Record) -> dict:
    if self._searched:
      _, kind, background, set_size = self._source.patterns[index]
      own = {'kind': kind, 'background': background, 'set_size': set_size}
    else:
      recorded = self._source.scanpaths(index)
      own = {'fixations': {'point': recorded.points, 'subject': recorded.subjects, 'duration': recorded.durations}}
    return {
      'image_id': record.image_id,
      'image': self._source.content(index) or _png(record.image),
      'regions': {
        'id': record.regions.ids,
        'category': list(record.regions.categories),
        'mask': np.packbits(record.regions.masks, axis=-1),
      },
      **own,
    }


def _png(image: np.ndarray) -> bytes:
  stream = io.BytesIO()
  Image.fromarray(image).save(stream, 'png')
  return stream.getvalue()
