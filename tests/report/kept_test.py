"""What is kept for the page: read, and refused where it does not fit."""

import numpy as np
import pytest
from PIL import Image

from saliency_jax.errors import InputError
from saliency_jax.report import reading
from saliency_jax.report.units import run as folder
from tests.report import made


@pytest.fixture
def path(tmp_path):
  return made.dissect(
    tmp_path, made.scores(('conv5_3',), rows=5), labels=['text'] * 5, image_ids=('1001', '1002'), depth=0
  )


def _kept(path):
  return folder.read(path).kept


def test_it_is_read(path):
  kept = _kept(path)
  assert [x.image_id for x in kept.images] == ['1001', '1002']
  assert [len(x) for x in kept.points] == [7, 7]
  assert np.unique(kept.mask(0)).tolist() == [0, 1, 2, 3]
  assert kept.maps('conv5_3').cells.dtype == np.float16
  assert kept.saliency.shape == (2, *made.CELLS)
  assert kept.map_of('conv5_3', 999, 0) is None


@pytest.mark.parametrize(('old', 'new'), [('1002', '1001'), ('00001.jpg', '00000.jpg'), (',45,', ',0,')])
def test_an_image_twice_or_without_a_size_is_refused(old, new, path):
  lines = path / 'images.csv'
  lines.write_text(lines.read_text().replace(old, new))
  with pytest.raises(InputError, match=r'images\.csv has an image twice, or without a size'):
    _kept(path)


def test_a_plain_trunk_has_no_output(path):
  (path / 'saliency.npz').unlink()
  assert _kept(path).saliency is None


def test_a_mask_of_another_size_is_refused(path):
  Image.fromarray(np.zeros((3, 4), np.uint16)).save(path / 'masks/00001.png')
  with pytest.raises(InputError, match='00001.png does not have the size'):
    _kept(path).mask(1)


def test_a_mask_in_colour_is_refused(path):
  with Image.open(path / 'masks/00001.png') as mask:
    coloured = mask.convert('RGB')
  coloured.save(path / 'masks/00001.png')
  with pytest.raises(InputError, match='00001.png is of the mode RGB'):
    _kept(path).mask(1)


def test_a_picture_of_too_many_pixels_is_refused(path, monkeypatch):
  monkeypatch.setattr(reading, '_MAX_PIXELS', 11)
  with pytest.raises(InputError, match='00001.png has more than 11 pixels'):
    _kept(path).mask(1)


def test_a_missing_mask_is_named(path):
  (path / 'masks/00000.png').unlink()
  with pytest.raises(InputError, match='masks/00000.png is missing'):
    _kept(path).mask(0)


def test_a_missing_picture_is_named(path):
  (path / 'pictures/00001.jpg').unlink()
  with pytest.raises(InputError, match='pictures/00001.jpg is missing'):
    _kept(path)


@pytest.mark.parametrize(('unit', 'image'), [(0, 2), (0, -1), (-1, 0), (0.0, 0)])
def test_maps_of_other_images_are_refused(path, unit, image):
  np.savez(
    path / 'maps/conv5_3.npz', units=np.array([unit]), images=np.array([image]), maps=np.zeros((1, 4, 5), np.float16)
  )
  with pytest.raises(InputError, match='does not fit the images'):
    _kept(path).maps('conv5_3')


@pytest.mark.parametrize('placement', [[-0.5], [np.nan, 7.0], [[-0.5, 7.0]]])
def test_a_placement_that_is_none_is_refused(path, placement):
  with np.load(path / 'maps/conv5_3.npz') as file:
    np.savez(path / 'maps/conv5_3.npz', **file, placement=np.array(placement))
  with pytest.raises(InputError, match="'placement' that is not two numbers"):
    _kept(path).maps('conv5_3')


@pytest.mark.parametrize('shape', [(2, 4), (3, 4, 5)])
def test_an_output_of_other_images_is_refused(path, shape):
  np.savez(path / 'saliency.npz', maps=np.zeros(shape, np.float16))
  with pytest.raises(InputError, match=r'saliency\.npz does not fit the images'):
    _ = _kept(path).saliency


@pytest.mark.parametrize(
  ('shape', 'dtype', 'units'), [((1, 20), 'f2', [0]), ((1, 4, 5), 'i2', [0]), ((2, 4, 5), 'f2', [0, 1])]
)
def test_maps_that_are_none_are_refused(path, shape, dtype, units):
  np.savez(path / 'maps/conv5_3.npz', units=np.array(units), images=np.array([0]), maps=np.zeros(shape, dtype))
  with pytest.raises(InputError, match='does not fit the images'):
    _kept(path).maps('conv5_3')


@pytest.mark.parametrize('offsets', [[0, 14], [0, 7, 13], [7, 0, 14], [0, 20, 14], [1, 7, 14], [0.0, 7.0, 14.0]])
def test_fixations_of_other_images_are_refused(path, offsets):
  with np.load(path / 'fixations.npz') as arrays:
    points = arrays['points']
  np.savez(path / 'fixations.npz', points=points, offsets=np.array(offsets))
  with pytest.raises(InputError, match='does not fit the images'):
    _ = _kept(path).points
  np.savez(path / 'fixations.npz', points=np.zeros((14, 3), np.int32), offsets=np.array([0, 7, 14]))
  with pytest.raises(InputError, match='does not fit the images'):
    _ = _kept(path).points
