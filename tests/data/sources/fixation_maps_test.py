"""Maps of fixation points: every pixel once, and maps that are none."""

import io

import numpy as np
import pytest
import scipy.io
import scipy.ndimage
from PIL import Image

from saliency_jax.data.coordinates import Coordinates
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
  if mode == 'P':
    image.putpalette([0, 0, 0, 9, 9, 9])
  image.putpixel((3, 1), 1)
  image.save(folders[1] / 'b.png')
  assert MappedPhotographs(*folders)[1].fixations.tolist() == [[1, 3]]


def test_other_maps_are_refused(folders, tmp_path):
  images, maps = folders
  source = MappedPhotographs(images, maps)
  for image, message in (
    (Image.new('L', (5, 7)), 'b.png is 5 x 7, but its photograph is 7 x 5 pixels'),
    (Image.new('L', (7, 5), 3), 'b.png is not 0 on 100% of its pixels'),
  ):
    image.save(maps / 'b.png')
    with pytest.raises(InputError, match=message):
      source[1]
  (maps / 'b.png').write_bytes(b'none')
  with pytest.raises(InputError, match=r'b\.png is truncated, damaged or no'):
    source[1]
  (maps / 'b.png').unlink()
  with pytest.raises(InputError, match=(r'maps has no fixations for 1 of 2 photographs .* first is b\.jpeg')):
    MappedPhotographs(images, maps)
  for place, message in (
    (tmp_path / 'gone', 'There is no folder of fixation maps .*gone'),
    (images.parent, 'holds no fixation map'),
  ):
    with pytest.raises(InputError, match=message):
      MappedPhotographs(images, place)


@pytest.fixture
def points(tmp_path):
  """A large photograph, and where to put the map of 40 points on it."""
  images, maps = tmp_path / 'large', tmp_path / 'points'
  images.mkdir()
  maps.mkdir()
  Image.new('RGB', (200, 150)).save(images / 'a.png')
  pixels = np.zeros((150, 200), np.uint8)
  pixels.flat[np.random.default_rng(0).choice(30_000, 40, False)] = 255
  return images, maps, pixels


@pytest.mark.parametrize(
  'write',
  [
    lambda path, pixels: Image.fromarray(pixels).save(path / 'a.png'),
    lambda path, pixels: Image.fromarray(pixels).convert('P').save(path / 'a.PNG'),
    lambda path, pixels: np.save(path / 'a.npy', pixels / 255),
    lambda path, pixels: scipy.io.savemat(path / 'a.mat', {'fixLocs': pixels > 0}),
    lambda path, pixels: Image.fromarray(pixels // 64 * (pixels > 0)).save(path / 'a.png'),
  ],
)
def test_points_are_read_from_any_file(write, points):
  images, maps, pixels = points
  write(maps, pixels)
  found = MappedPhotographs(images, maps)[0].fixations
  np.testing.assert_array_equal(found, np.argwhere(pixels))


def compressed(pixels):
  stream = io.BytesIO()
  Image.fromarray(pixels).save(stream, 'jpeg', quality=80)
  return np.asarray(Image.open(stream))


@pytest.mark.parametrize(
  'change',
  [
    compressed,
    lambda pixels: scipy.ndimage.gaussian_filter(pixels.astype(float), 3) > 0.5,
    lambda pixels: np.round(scipy.ndimage.gaussian_filter(pixels.astype(float), 2)),
    lambda pixels: np.asarray(
      Image.fromarray(pixels).resize((100, 75), Image.Resampling.BICUBIC).resize((200, 150), Image.Resampling.BICUBIC)
    ),
    lambda pixels: scipy.ndimage.grey_dilation(pixels, (5, 5)),
  ],
)
def test_what_is_no_points_is_refused(change, points):
  images, maps, pixels = points
  Image.fromarray(change(pixels).astype(np.uint8)).save(maps / 'a.png')
  with pytest.raises(InputError, match=r'a\.png (has|is not 0)'):
    MappedPhotographs(images, maps)[0]


def test_maxima_are_taken_if_asked(points):
  images, maps, pixels = points
  for change, off in (
    (compressed, 0),
    (lambda x: scipy.ndimage.grey_dilation(x, (3, 3)), 0),
    (lambda x: scipy.ndimage.gaussian_filter(x.astype(float), 1) * 6, 1),
  ):
    Image.fromarray(change(pixels).astype(np.uint8)).save(maps / 'a.png')
    with pytest.raises(InputError, match='made, or --config.maxima to take'):
      MappedPhotographs(images, maps, recorded=Coordinates(key='config'))[0]
    found = MappedPhotographs(images, maps, recorded=Coordinates(maxima=True))[0].fixations
    away = np.abs(found[:, None] - np.argwhere(pixels)).max(axis=2)
    assert away.min(axis=1).max() <= off
    assert len(found) >= 38
