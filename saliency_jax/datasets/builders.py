"""Data sets built with TensorFlow Datasets, and read again, without TensorFlow.

A built data set is a folder of array_record files in which every image, its
fixations and its regions lie together; any TFDS program can read it. Importing
TFDS takes about a second: nothing else in this package imports this module
before a built data set is asked for.
"""

import contextlib
import io
import os
import pathlib
import tempfile
from collections.abc import Iterator

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image

from saliency_jax import progress
from saliency_jax.datasets.fixations import Fixations
from saliency_jax.datasets.images import read_image
from saliency_jax.datasets.osie import Osie
from saliency_jax.datasets.patterns import Pattern
from saliency_jax.datasets.popout import DISTRACTORS, TARGET, SearchArrays
from saliency_jax.datasets.records import CATEGORIES, Record, Regions, Source
from saliency_jax.errors import InputError

_SPLIT = 'train'  # What TFDS calls the split of a data set that has one.


class _Builder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
  """What both builders share; `build` is the way to run one."""

  VERSION = tfds.core.Version('1.0.0')

  def __init__(self, source: Source, folder: str | os.PathLike):
    """Takes what to build, and where.

    Args:
      source: the data set.
      folder: the files go to `folder/<name>/<version>`.
    """
    self._source = source
    super().__init__(data_dir=os.fspath(folder), file_format='array_record')

  def _split_generators(self, dl_manager):
    del dl_manager  # Everything is in the source.
    return {_SPLIT: self._generate_examples()}

  def _dataset_info(
      self, features: dict, categories: tuple[str, ...], **kwargs):
    return tfds.core.DatasetInfo(
        builder=self, disable_shuffling=True, **kwargs,
        features=tfds.features.FeaturesDict({
            'image_id': tfds.features.Text(),
            'image': tfds.features.Image(shape=(None, None, 3)),
            'regions': {
                'id': tfds.features.Tensor(shape=(None,), dtype=np.int32),
                'category': tfds.features.Sequence(
                    tfds.features.ClassLabel(names=categories)),
                # Eight pixels of a row in a byte: `np.unpackbits(mask, axis=-1,
                # count=W)`. A label image could not hold regions that overlap.
                'mask': tfds.features.Tensor(
                    shape=(None, None, None), dtype=np.uint8, encoding='zlib'),
            },
            **features}))

  def _examples(self) -> Iterator[tuple[int, Record]]:
    return progress.track(
        enumerate(self._source), total=len(self._source), unit='image',
        title='Building')


class OsieBuilder(_Builder, skip_registration=True):
  """Builds an `Osie`; the photographs' files are kept as they are."""

  name = 'osie'
  _source: Osie

  def _info(self) -> tfds.core.DatasetInfo:
    return self._dataset_info(
        {'fixations': {
            'point': tfds.features.Tensor(shape=(None, 2), dtype=np.int32),
            'subject': tfds.features.Tensor(shape=(None,), dtype=np.int32),
            'duration': tfds.features.Tensor(
                shape=(None,), dtype=np.float32)}},
        CATEGORIES,
        description=(
            'Photographs with the fixations of their observers (pixels (y, x) '
            'from 0, ms) and labelled regions.'),
        homepage='https://github.com/NUS-VIP/predicting-human-gaze-beyond-'
        'pixels')

  def _generate_examples(self):
    for index, record in self._examples():
      fixations = self._source.scanpaths(index)
      yield index, {
          **_example(record),
          'image': self._source.photograph(index).read_bytes(),
          'fixations': {
              'point': fixations.points, 'subject': fixations.subjects,
              'duration': fixations.durations}}


class SearchArrayBuilder(_Builder, skip_registration=True):
  """Builds `SearchArrays`; the images are kept as PNG."""

  name = 'search_arrays'
  _source: SearchArrays

  def _info(self) -> tfds.core.DatasetInfo:
    return self._dataset_info(
        {'kind': tfds.features.Text(),
         'background': tfds.features.Text(),
         'set_size': np.int32},
        (TARGET, DISTRACTORS),
        description='Pop-out search arrays with masks of their items.')

  def _generate_examples(self):
    for index, record in self._examples():
      pattern = self._source.patterns[index]
      yield index, {
          **_example(record), 'image': _png(record.image),
          'kind': pattern.kind, 'background': pattern.background,
          'set_size': pattern.set_size}


class BuiltSource:
  """A `Source` of a built data set; its records equal those it was built from.

  Attributes:
    image_ids: in the order of the source.
    patterns: one `Pattern` per search array; () for photographs.
  """

  def __init__(self, folder: str | os.PathLike):
    """Opens a built data set and reads the images' names.

    Args:
      folder: the folder that `build` returned.

    Raises:
      InputError: the folder holds no data set that was built here.
    """
    self._folder = pathlib.Path(folder)
    try:
      builder = tfds.builder_from_directory(os.fspath(folder))
      regions = builder.info.features['regions']
      self._categories = tuple(regions['category'].feature.names)
      self._examples = builder.as_data_source(
          _SPLIT, decoders={'image': tfds.decode.SkipDecoding()})
      patterns = [_pattern(example) for example in self._examples]
    except Exception as error:  # TFDS raises what its many parts met.
      raise InputError(
          f'{folder} holds no data set that can be read; build it again with '
          'launch/build_dataset.py.') from error
    self.image_ids = tuple(pattern.image_id for pattern in patterns)
    self.patterns = tuple(patterns) if patterns[0].kind else ()

  def __len__(self) -> int:
    return len(self.image_ids)

  def __getitem__(self, index: int) -> Record:
    """Reads one image with its fixations and regions.

    Raises:
      IndexError: there is no such image.
      InputError: the image cannot be decoded.
    """
    image_id = self.image_ids[index]
    example = self._example(index)
    image = read_image(example['image'], f'{self._folder}, image {image_id}')
    regions = example['regions']
    masks = np.unpackbits(
        regions['mask'], axis=-1, count=image.shape[1]).view(bool)
    points = (example['fixations']['point'] if 'fixations' in example
              else np.zeros((0, 2), np.int32))
    return Record(image_id, image, points, Regions(
        regions['id'],
        tuple(self._categories[label] for label in regions['category']),
        masks))

  def scanpaths(self, index: int) -> Fixations:
    """Returns the fixations of `self[index]` with their observers.

    Raises:
      IndexError: there is no such image.
      InputError: nobody looked at these images.
    """
    example = self._example(index)
    if 'fixations' not in example:
      raise InputError(f'{self._folder} has no fixations; give photographs.')
    fixations = example['fixations']
    return Fixations(
        fixations['point'], fixations['subject'], fixations['duration'])

  def _example(self, index: int) -> dict:
    return self._examples[range(len(self))[index]]


def build(builder: _Builder) -> pathlib.Path:
  """Writes a data set's files, whole or not at all.

  Returns:
    The folder that `BuiltSource` takes.

  Raises:
    InputError: the source is at fault, or the folder has been built before.
  """
  folder = pathlib.Path(builder.data_dir)
  if folder.exists():
    raise InputError(
        f'{folder} holds a data set already; remove it, or give another '
        '--output.')
  tfds.disable_progress_bar()
  # TFDS tells of a download that there is not.
  with (tempfile.TemporaryDirectory() as downloads,
        contextlib.redirect_stdout(io.StringIO())):
    builder.download_and_prepare(download_dir=downloads)
  return folder


def _example(record: Record) -> dict:
  return {
      'image_id': record.image_id,
      'regions': {
          'id': record.regions.ids,
          'category': list(record.regions.categories),
          'mask': np.packbits(record.regions.masks, axis=-1)}}


def _png(image: np.ndarray) -> bytes:
  stream = io.BytesIO()
  Image.fromarray(image).save(stream, 'png')
  return stream.getvalue()


def _pattern(example: dict) -> Pattern:
  """Returns an example's name and, of a search array, what it shows."""
  name = example['image_id'].decode()
  if 'kind' not in example:
    return Pattern(name, '', '', '')
  return Pattern(
      name, example['kind'].decode(), example['background'].decode(),
      int(example['set_size']))
