"""Decoding: every mode to RGB, damaged and oversized files refused."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps, PngImagePlugin

from saliency_jax.data import images, value_images
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
  np.testing.assert_array_equal(images.read_image(data), np.asarray(image.convert('RGB')))


@pytest.mark.parametrize('orientation', range(10))
@pytest.mark.parametrize('kind', ['png', 'jpeg'])
def test_photographs_are_turned_as_they_say(orientation, kind, tmp_path):
  exif = Image.Exif()
  exif[0x0112] = orientation
  path = tmp_path / f'turned.{kind}'
  path.write_bytes(encoded(Image.fromarray(PIXELS), kind, exif=exif))
  with Image.open(path) as image:
    expected = np.asarray(ImageOps.exif_transpose(image))
  np.testing.assert_array_equal(images.read_image(path), expected)
  assert images.image_size(path) == expected.shape[:2]


@pytest.mark.parametrize(('kind', 'turns'), [('jpeg', True), ('png', False)])
def test_an_orientation_in_xmp_is_that_of_a_jpeg(kind, turns, tmp_path):
  xmp = '<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
  notes = PngImagePlugin.PngInfo()
  notes.add_itxt('XML:com.adobe.xmp', xmp)
  options = {'xmp': xmp.encode()} if kind == 'jpeg' else {'pnginfo': notes}
  path = tmp_path / f'noted.{kind}'
  path.write_bytes(encoded(Image.fromarray(PIXELS), kind, **options))
  assert images.image_size(path) == images.read_image(path).shape[:2] == ((17, 13) if turns else (13, 17))


@pytest.mark.filterwarnings('ignore:Corrupt EXIF data')
def test_damaged_notes_turn_nothing(tmp_path):
  path = tmp_path / 'noted.jpg'
  Image.fromarray(PIXELS).save(path, exif=b'Exif\0\0MM\0*\0\0\0\x08\0\xff\1')
  assert images.image_size(path) == PIXELS.shape[:2]
  assert images.read_image(path).shape == PIXELS.shape


@pytest.mark.parametrize('data', [JPEG[: len(JPEG) // 2], JPEG[:40], PNG[:60], PNG[:-30], b'', b'no image'])
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


def deep_png(pixels: np.ndarray) -> bytes:
  """Returns a PNG with 16 bits a channel; Pillow writes none in colour."""
  height, width, channels = pixels.shape
  kind = {2: 4, 3: 2, 4: 6}[channels]
  rows = b''.join(b'\0' + row.astype('>u2').tobytes() for row in pixels)
  return b'\x89PNG\r\n\x1a\n' + b''.join(
    struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))
    for name, data in (
      (b'IHDR', struct.pack('>2I5B', width, height, 16, kind, 0, 0, 0)),
      (b'IDAT', zlib.compress(rows)),
      (b'IEND', b''),
    )
  )


def ppm(kind: str, largest: int) -> bytes:
  values = range(6) if kind == 'P3' else np.arange(6).astype('>u2' if largest > 255 else 'u1').tobytes()
  return f'{kind} 1 2 {largest}\n'.encode() + (' '.join(map(str, values)).encode() if kind == 'P3' else values)


@pytest.mark.parametrize(
  'data',
  [
    *(deep_png(RNG.integers(0, 2**16, (3, 5, n))) for n in (2, 3, 4)),
    ppm('P6', 65535),
    ppm('P6', 256),
    ppm('P3', 1023),
  ],
)
def test_more_than_eight_bits_are_refused_in_colour_too(data, tmp_path):
  # Pillow opens them as images of 8 bits.
  path = tmp_path / 'deep.png'
  path.write_bytes(data)
  for read in (images.read_image, value_images.read_mask, value_images.read_grey):
    with pytest.raises(InputError, match=r'deep\.png has more than 8 bits'):
      read(path)


def bmp(*masks: int) -> bytes:
  """Returns a BMP with 16 bits a pixel, 5 or 6 of them a channel."""
  return (
    b'BM'
    + struct.pack('<4I', 70, 0, 66, 40)
    + struct.pack('<2i2H6I', 1, 1, 1, 16, 3, 4, 0, 0, 0, 0)
    + struct.pack('<3I', *masks)
    + struct.pack('<2H', masks[0], 0)
  )


@pytest.mark.parametrize(
  ('data', 'first'),
  [
    (ppm('P6', 255), (0, 1, 2)),
    (ppm('P6', 5), (0, 51, 102)),
    (ppm('P3', 255), (0, 1, 2)),
    (ppm('P3', 5), (0, 51, 102)),
    (bmp(0xF800, 0x7E0, 0x1F), (255, 0, 0)),
    (bmp(0x7C00, 0x3E0, 0x1F), (255, 0, 0)),
  ],
)
def test_up_to_eight_bits_are_read_however_they_lie(data, first):
  assert tuple(images.read_image(data)[0, 0]) == first


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
