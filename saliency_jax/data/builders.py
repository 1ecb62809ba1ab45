"""Building data sets with TensorFlow Datasets, without TensorFlow.

A built data set is a folder of array_record files in which every image, its
fixations and its regions lie together; any TFDS program can read it, and
`built.BuiltSource` gives the records back. Importing TFDS takes about a second:
nothing else in this package imports this module before it is asked for.
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
from saliency_jax.data.photographs import Photographs
from saliency_jax.data.popout.search_arrays import SearchArrays
from saliency_jax.data.source import check_sizes
from saliency_jax.data.sources.built import READY, SIZES, SPLIT
from saliency_jax.data.types import Record, Source
from saliency_jax.errors import InputError
from saliency_jax.ops import resize


class _Builder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
  """What both builders share; `build` is the way to run one."""

  VERSION = tfds.core.Version('1.1.0')

  def __init__(self, source: Source, folder: str | os.PathLike, image_size: int = 0, resize: str = 'bilinear'):
    """Takes what to build, and where.

    Args:
      source: the data set.
      folder: the files go to `folder/<name>/<version>`.
      image_size: side in pixels at which every image lies ready for a network
        as well, three bytes a pixel; 0 for none.
      resize: Pillow's filter for that, the network's.
    """
    self._source, self._image_size, self._resize = source, image_size, resize
    super().__init__(data_dir=os.fspath(folder), file_format='array_record')

  def _split_generators(self, dl_manager):
    del dl_manager  # Everything is in the source.
    return {SPLIT: self._generate_examples()}

  def _dataset_info(self, features: dict, **kwargs):
    return tfds.core.DatasetInfo(
      builder=self,
      disable_shuffling=True,
      **kwargs,
      features=tfds.features.FeaturesDict(
        {
          'image_id': tfds.features.Text(),
          'image': tfds.features.Image(shape=(None, None, 3)),
          'regions': {
            'id': tfds.features.Tensor(shape=(None,), dtype=np.int32),
            # The annotation's own, whatever they are.
            'category': tfds.features.Sequence(tfds.features.Text()),
            # Eight pixels of a row in a byte: `np.unpackbits(mask, axis=-1,
            # count=W)`. A label image could not hold regions that overlap.
            'mask': tfds.features.Tensor(shape=(None, None, None), dtype=np.uint8, encoding='zlib'),
          },
          **features,
        }
      ),
    )

  def _examples(self) -> Iterator[tuple[int, Record]]:
    side, sizes = self._image_size, []
    if side:
      # Into what becomes the folder once all is written.
      ready = np.lib.format.open_memmap(
        self.data_path / READY.format(side, self._resize), 'w+', np.uint8, (len(self._source), side, side, 3)
      )
    for index, record in progress.track(
      enumerate(self._source), total=len(self._source), unit='image', title='Building'
    ):
      if side:
        ready[index] = resize.square(record.image, side, self._resize)
        sizes.append(record.image.shape[:2])
      yield index, record
    if side:
      np.save(self.data_path / SIZES, np.array(sizes, np.int32))
      ready.flush()


class PhotographBuilder(_Builder, skip_registration=True):
  """Builds photographs; their files are kept as they are."""

  name = 'photographs'
  _source: Photographs

  def _info(self) -> tfds.core.DatasetInfo:
    return self._dataset_info(
      {
        'fixations': {
          'point': tfds.features.Tensor(shape=(None, 2), dtype=np.int32),
          'subject': tfds.features.Tensor(shape=(None,), dtype=np.int32),
          'duration': tfds.features.Tensor(shape=(None,), dtype=np.float32),
        }
      },
      description='Photographs with the fixations of their observers (pixels '
      '(y, x) from 0, ms or NaN) and labelled regions.',
    )

  def _generate_examples(self):
    for index, record in self._examples():
      fixations = self._source.scanpaths(index)
      yield (
        index,
        {
          **_example(record),
          'image': self._source.photograph(index).read_bytes(),
          'fixations': {'point': fixations.points, 'subject': fixations.subjects, 'duration': fixations.durations},
        },
      )


class OsieBuilder(PhotographBuilder, skip_registration=True):
  """Builds an `Osie`."""

  name = 'osie'


class SaliconBuilder(PhotographBuilder, skip_registration=True):
  """Builds a `Salicon`, of whose fixations nobody knows how long they took."""

  name = 'salicon'


class SearchArrayBuilder(_Builder, skip_registration=True):
  """Builds `SearchArrays`; the images are kept as PNG."""

  name = 'search_arrays'
  _source: SearchArrays

  def _info(self) -> tfds.core.DatasetInfo:
    return self._dataset_info(
      {'kind': tfds.features.Text(), 'background': tfds.features.Text(), 'set_size': np.int32},
      description='Pop-out search arrays with masks of their items.',
    )

  def _generate_examples(self):
    for index, record in self._examples():
      pattern = self._source.patterns[index]
      yield (
        index,
        {
          **_example(record),
          'image': _png(record.image),
          'kind': pattern.kind,
          'background': pattern.background,
          'set_size': pattern.set_size,
        },
      )


def build(builder: _Builder) -> pathlib.Path:
  """Writes a data set's files, whole or not at all.

  Returns:
    The folder that `BuiltSource` takes.

  Raises:
    InputError: the source is at fault, or the folder has been built before.
  """
  check_sizes(builder._source)
  folder = pathlib.Path(builder.data_dir)
  folder.parent.mkdir(parents=True, exist_ok=True)
  tfds.disable_progress_bar()
  # TFDS tells of a download that there is not.
  with (
    files.locked(folder.parent, wait=True),
    tempfile.TemporaryDirectory() as downloads,
    contextlib.redirect_stdout(io.StringIO()),
  ):
    if folder.exists():
      raise InputError(f'{folder} holds a data set already; remove it, or give another --output.')
    # Of a run that was killed, as TFDS calls it.
    for left in folder.parent.glob(f'incomplete.*_{folder.name}'):
      shutil.rmtree(left, ignore_errors=True)
    builder.download_and_prepare(download_dir=downloads)
  return folder


def _example(record: Record) -> dict:
  return {
    'image_id': record.image_id,
    'regions': {
      'id': record.regions.ids,
      'category': list(record.regions.categories),
      'mask': np.packbits(record.regions.masks, axis=-1),
    },
  }


def _png(image: np.ndarray) -> bytes:
  stream = io.BytesIO()
  Image.fromarray(image).save(stream, 'png')
  return stream.getvalue()
