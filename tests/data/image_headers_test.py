"""Sizes from first bytes are Pillow's, or left to it."""

import io

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from saliency_jax.data.image_headers import plain_size
from saliency_jax.data.images import image_size, read_image
from tests.data.made_turned import turned

IMAGE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 41, 3), np.uint8))


def noted(kind):
  notes = PngImagePlugin.PngInfo()
  notes.add(b'tEXt', kind + b'\0II*\0')
  return {'format': 'png', 'pnginfo': notes}


@pytest.mark.parametrize(
  ('options', 'plain'),
  [
    ({'format': 'jpeg'}, True),
    ({'format': 'jpeg', 'progressive': True}, True),
    ({'format': 'jpeg', 'comment': b'\xff\xd9', 'dpi': (72, 72)}, True),
    ({'format': 'jpeg', 'icc_profile': b'x' * 9000}, False),
    ({'format': 'jpeg', 'exif': Image.Exif()}, False),
    ({'format': 'png'}, True),
    ({'format': 'png', 'dpi': (72, 72)}, True),
    (noted(b'Software'), True),
    (noted(b'exif'), False),
    ({'format': 'bmp'}, False),
    ({'format': 'gif'}, False),
  ],
)
def test_sizes_are_pillows(options, plain, tmp_path):
  IMAGE.save(tmp_path / 'x', **options)
  assert plain_size(tmp_path / 'x') == ((30, 41) if plain else None)
  assert image_size(tmp_path / 'x') == (30, 41)


@pytest.mark.parametrize('mode', ['1', 'L', 'LA', 'P', 'RGBA', 'I;16', 'CMYK'])
def test_modes(mode, tmp_path):
  image = Image.fromarray(np.zeros((30, 41), np.uint16)) if mode == ('I;16') else IMAGE.convert(mode)
  image.save(tmp_path / 'x', 'jpeg' if mode == 'CMYK' else 'png')
  assert plain_size(tmp_path / 'x') == (30, 41)


@pytest.mark.parametrize('ending', ['.jpg', '.png'])
def test_what_may_be_turned_is_left_to_pillow(ending, tmp_path):
  for orientation in range(2, 9):
    path = tmp_path / f'{orientation}{ending}'
    turned(path, np.asarray(IMAGE), orientation)
    assert plain_size(path) is None
    assert image_size(path) == read_image(path).shape[:2] == (30, 41)


@pytest.mark.parametrize('format_', ['jpeg', 'png'])
def test_any_header_ends(format_, tmp_path):
  stream = io.BytesIO()
  IMAGE.save(stream, format_)
  whole, path = stream.getvalue()[:700], tmp_path / 'x'
  rng = np.random.default_rng(1)
  for length in (*range(40), 200, 700):
    data = bytearray(whole[:length])
    for place in rng.integers(0, max(length, 1), 3)[:length]:
      data[place] = rng.integers(0, 256)
    path.write_bytes(data)
    plain_size(path)
  assert plain_size(tmp_path) is None
  assert plain_size(tmp_path / 'none') is None
