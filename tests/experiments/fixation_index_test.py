"""All fixations of a data set at once."""

import dataclasses

import numpy as np
import pytest

from saliency_jax.data import subset
from saliency_jax.data.pipeline import Reading
from saliency_jax.errors import InputError
from saliency_jax.experiments import fixation_index
from tests.experiments import made_scores


def test_they_are_those_of_the_records(looked_at):
  source = made_scores.source(looked_at)
  found = fixation_index.read(source, Reading(1), title='Reading')
  assert found.image_ids == made_scores.IMAGE_IDS
  assert found.counts.tolist() == [10, 10, 7, 1]
  assert (found.outside, found.idle) == (1, 0)
  assert found.padded == 32
  assert [*map(fixation_index.padded, (0, 1, 32, 33, 65))] == [32, 32, 32, 64, 96]
  for index, record in enumerate(source):
    assert found.size(index) == made_scores.SIZE
    np.testing.assert_array_equal(found.points[found.of(index)], record.fixations)
  assert found.subjects[found.of(2)].tolist() == [0] * 4 + [1] * 3
  part = fixation_index.read(subset.subset(source, ('p3', 'p1')), Reading(1), title='Reading')
  np.testing.assert_array_equal(part.points, np.concatenate([source[2].fixations, source[0].fixations]))


@dataclasses.dataclass
class Sizes:
  """Fixations in the corners of images of two sizes."""

  image_ids = ('small', 'large')

  def __len__(self):
    return 2

  def size(self, index):
    return ((3, 5), (60, 20))[index]

  def scanpaths(self, index):
    from saliency_jax.data import fixations

    height, width = self.size(index)
    return fixations.make(np.array([[0, 0], [height - 1, width - 1]]))


class Broken(Sizes):
  """The second image cannot be opened."""

  def size(self, index):
    if index == 1:
      raise InputError('large.jpg is truncated; replace it.')
    return super().size(index)


def test_an_image_that_cannot_be_opened_may_be_skipped():
  with pytest.raises(InputError, match='truncated'):
    fixation_index.read(Broken(), Reading(1), title='Reading')
  reading = Reading(1, 'skip')
  found = fixation_index.read(Broken(), reading, title='Reading')
  assert found.counts.tolist() == [2, 0]
  assert reading.skipped == {'large': 'large.jpg is truncated; replace it.'}
  assert np.argwhere(found.scaled((3, 5))).tolist() == [[0, 0], [2, 4]]


def test_they_are_scaled_as_pysaliency_does():
  found = fixation_index.read(Sizes(), Reading(1), title='Reading')
  # Times the ratio of the sizes, cut off: 2 * 60 / 3 = 40, 4 * 20 / 5 = 16.
  counts = found.scaled((60, 20))
  assert np.argwhere(counts).tolist() == [[0, 0], [40, 16], [59, 19]]
  assert counts[counts > 0].tolist() == [2, 1, 1]
  # 59 * 3 / 60 = 2.95, 19 * 5 / 20 = 4.75.
  assert found.scaled((3, 5)).tolist() == [[2, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 2]]


def test_the_digest_sees_everything(looked_at):
  found = fixation_index.read(made_scores.source(looked_at), Reading(1), title='Reading')
  digests = {found.digest}
  for name in ('sizes', 'points', 'subjects', 'offsets'):
    array = getattr(found, name).copy()
    array.flat[1] += 1
    digests.add(found._replace(**{name: array}).digest)
  digests.add(found._replace(image_ids=('p1', 'p2', 'p3', 'p5')).digest)
  assert len(digests) == 6
