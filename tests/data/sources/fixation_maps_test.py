"""Maps of fixation points: every pixel once, and maps that are none."""

import numpy as np
import pytest
from PIL import Image

from saliency_jax.data.sources.fixation_maps import MappedPhotographs
from saliency_jax.errors import InputError


@pytest.fixture
def folders(tmp_path):
  images, maps = tmp_path / 'images', tmp_path / 'maps'
  images.mkdir()
  maps.mkdir()
  for name in ('a', 'b'):
    Image.new('RGB', (7, 5)).save(images / f'{name}.jpeg')
    pixels = np.zeros((5, 7), np.uint8)
    if name == 'a':
      pixels[4, 6], pixels[0, 2], pixels[4, 0] = 255, 1, 128
    Image.fromarray(pixels).save(maps / f'{name}.png')
  return images, maps


def test_what_is_not_zero_was_fixated(folders):
  source = MappedPhotographs(*folders)
  assert source.image_ids == ('a', 'b')
  assert source[0].fixations.tolist() == [[0, 2], [4, 0], [4, 6]]
  assert source[0].fixations.dtype == np.int32
  assert source.scanpaths(0).subjects.tolist() == [0, 0, 0]
  assert source[1].fixations.shape == (0, 2)  # Nobody looked.


@pytest.mark.parametrize('mode', ['1', 'P', 'I;16'])
def test_one_channel_of_any_kind_will_do(mode, folders):
  image = Image.new(mode, (7, 5))
  image.putpixel((3, 1), 1)
  image.save(folders[1] / 'b.png')
  assert MappedPhotographs(*folders)[1].fixations.tolist() == [[1, 3]]


def test_other_maps_are_refused(folders, tmp_path):
  images, maps = folders
  source = MappedPhotographs(images, maps)
  for image, message in (
      (Image.new('L', (5, 7)), 'b.png is 5 x 7 pixels and its photograph 7'),
      (Image.new('L', (7, 5), 3), 'b.png is not 0 on 100% of its pixels')):
    image.save(maps / 'b.png')
    with pytest.raises(InputError, match=message):
      source[1]
  (maps / 'b.png').write_bytes(b'none')
  with pytest.raises(InputError, match=r'b\.png is truncated, damaged or no'):
    source[1]
  (maps / 'b.png').unlink()
  with pytest.raises(InputError, match=(
      r'maps has no fixations for 1 of 2 photographs .* first is b\.jpeg')):
    MappedPhotographs(images, maps)
  for place, message in (
      (tmp_path / 'gone', 'There is no folder of fixation maps .*gone'),
      (images, 'images holds no PNG')):
    with pytest.raises(InputError, match=message):
      MappedPhotographs(images, place)
