"""Decoding: every mode to RGB, damaged and oversized files refused."""

import io
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from saliency_jax.datasets import images
from saliency_jax.errors import InputError

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (13, 17, 3), np.uint8)


def encoded(image: Image.Image, kind: str, **options) -> bytes:
  stream = io.BytesIO()
  image.save(stream, kind, **options)
  return stream.getvalue()


PNG = encoded(Image.fromarray(PIXELS), 'png')
JPEG = encoded(Image.fromarray(PIXELS), 'jpeg')


def test_a_path_and_its_bytes_give_the_same_pixels(tmp_path):
  path = tmp_path / 'a.png'
  path.write_bytes(PNG)
  np.testing.assert_array_equal(images.read_image(path), PIXELS)
  np.testing.assert_array_equal(images.read_image(PNG), PIXELS)
  assert images.image_size(path) == (13, 17)


@pytest.mark.parametrize('mode', ['L', 'LA', '1', 'RGBA', 'P', 'CMYK'])
def test_every_mode_becomes_rgb(mode):
  kind = 'jpeg' if mode == 'CMYK' else 'png'
  data = encoded(Image.fromarray(PIXELS).convert(mode), kind)
  found = images.read_image(data)
  assert found.dtype == np.uint8
  with Image.open(io.BytesIO(data)) as image:
    assert image.mode == mode
    np.testing.assert_array_equal(found, np.asarray(image.convert('RGB')))


def test_grey_is_three_times_itself():
  grey = Image.fromarray(PIXELS[..., 0])
  found = images.read_image(encoded(grey, 'png'))
  np.testing.assert_array_equal(found, PIXELS[..., :1].repeat(3, axis=2))


def test_a_palette_with_transparent_colours_keeps_its_colours():
  image = Image.fromarray(PIXELS).convert('P', colors=8)
  data = encoded(image, 'png', transparency=bytes([0, 128] + [255] * 6))
  np.testing.assert_array_equal(
      images.read_image(data), np.asarray(image.convert('RGB')))


@pytest.mark.parametrize('orientation', [1, 3, 6])
def test_pixels_are_taken_as_stored(orientation, tmp_path):
  exif = Image.Exif()
  exif[0x0112] = orientation
  path = tmp_path / 'turned.png'
  path.write_bytes(encoded(Image.fromarray(PIXELS), 'png', exif=exif))
  np.testing.assert_array_equal(images.read_image(path), PIXELS)
  assert images.image_size(path) == (13, 17)


@pytest.mark.parametrize('data', [
    JPEG[:len(JPEG) // 2], JPEG[:40], PNG[:60], PNG[:-30], b'', b'no image'])
def test_a_cut_file_is_refused_by_name(data, tmp_path):
  path = tmp_path / 'cut.jpg'
  path.write_bytes(data)
  with pytest.raises(InputError, match=r'cut\.jpg is truncated, damaged'):
    images.read_image(path)
  with pytest.raises(InputError, match='photo 7 is truncated, damaged'):
    images.read_image(data, 'photo 7')


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
  with pytest.raises(InputError, match='There is no image file .*gone'):
    images.read_image(tmp_path / 'gone.jpg')
  with pytest.raises(InputError, match='no image'):
    images.read_image(tmp_path)


@pytest.mark.parametrize('action', ['error', 'ignore'])
@pytest.mark.parametrize('side', [8193, 10_000, 20_000])
def test_a_bomb_is_refused_from_its_header(side, action, tmp_path):
  # Below Pillow's warning, above it, and above its error.
  warnings.simplefilter(action, Image.DecompressionBombWarning)
  path = tmp_path / 'bomb.png'
  path.write_bytes(encoded(Image.new('1', (side, side)), 'png'))
  with pytest.raises(InputError, match=r'bomb\.png has more than 67108864'):
    images.read_image(path)
  with pytest.raises(InputError, match='scale it down'):
    images.image_size(path)


def test_more_than_eight_bits_are_refused():
  data = encoded(Image.fromarray(PIXELS[..., 0].astype(np.uint16)), 'png')
  with pytest.raises(InputError, match='more than 8 bits'):
    images.read_image(data)


def test_labels_keep_their_values():
  labels = PIXELS[..., 0]
  palette = Image.fromarray(labels).convert('L')
  palette.putpalette([0] * 768)
  for image in (Image.fromarray(labels), palette):
    np.testing.assert_array_equal(
        images.read_labels(encoded(image, 'png')), labels)
  deep = labels.astype(np.uint16) * 200
  np.testing.assert_array_equal(
      images.read_labels(encoded(Image.fromarray(deep), 'png')), deep)
  with pytest.raises(InputError, match='mode RGB'):
    images.read_labels(PNG)


# Pillow may warn of what it found odd and got over.
@pytest.mark.filterwarnings('ignore::UserWarning')
@settings(max_examples=150)
@given(st.sampled_from([PNG, JPEG]), st.data())
def test_damage_never_crashes(data, draw):
  broken = bytearray(data)
  for _ in range(draw.draw(st.integers(1, 4))):
    place = draw.draw(st.integers(0, len(broken) - 1))
    broken[place] = draw.draw(st.integers(0, 255))
  try:
    found = images.read_image(bytes(broken))
  except InputError:
    return
  assert found.dtype == np.uint8
  assert found.shape[2:] == (3,)


@pytest.mark.parametrize('mode', ['1', 'L', 'P', 'RGB', 'RGBA', 'LA', 'I;16'])
def test_a_mask_is_what_is_not_black_in_any_mode(tmp_path, mode):
  expected = np.zeros((5, 7), bool)
  expected[1:3, 2:6] = True
  grey = Image.fromarray(expected.astype(np.uint8) * 255)
  image = (
      Image.fromarray(expected.astype(np.uint16) * 20000) if mode == 'I;16'
      else grey.convert(mode))
  image.save(tmp_path / 'mask.png')
  np.testing.assert_array_equal(
      images.read_mask(tmp_path / 'mask.png'), expected)


def test_a_mask_may_have_one_colour(tmp_path):
  blue = np.zeros((4, 4, 3), np.uint8)
  blue[2, 1, 2] = 1
  Image.fromarray(blue).save(tmp_path / 'mask.png')
  assert np.argwhere(
      images.read_mask(tmp_path / 'mask.png')).tolist() == [[2, 1]]
