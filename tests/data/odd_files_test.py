"""Odd photographs that are right, and files whose sizes are not."""

import unicodedata

import numpy as np
import pytest
from PIL import Image

from saliency_jax.data import value_images
from saliency_jax.data.images import read_image
from saliency_jax.data.source import check_sizes, open_source
from saliency_jax.errors import InputError
from tests.data import made
from tests.data.made_turned import IMAGES, SIZE, photographs, turned

ODD = {
  'cmyk.jpg': lambda image, path: image.convert('CMYK').save(path),
  'grey.JPG': lambda image, path: image.convert('L').save(path),
  'one bit.png': lambda image, path: image.convert('1').save(path),
  'palette.gif': lambda image, path: image.convert('P').save(path),
  'alpha.png': lambda image, path: image.convert('RGBA').save(path),
  'animated.gif': lambda image, path: image.save(path, save_all=True, append_images=[image.rotate(90)]),
  'tiny.png': lambda image, path: image.crop((0, 0, 1, 1)).save(path),
  'exif1.png': lambda image, path: turned(path, np.asarray(image), 1),
  'Gru\u0308n.png': lambda image, path: image.save(path),
  'no #7 (%20).png': lambda image, path: image.save(path),
  'v1.2.final.bmp': lambda image, path: image.save(path),
  'progressive.jpeg': lambda image, path: image.save(path, progressive=True),
}


def test_odd_photographs_are_right(tmp_path):
  """What is valid is not refused, nor changed, by any check."""
  image = Image.fromarray(IMAGES['a'])
  for name, save in ODD.items():
    save(image, tmp_path / name)
  (tmp_path / 'f.csv').write_text(
    'IMAGE\tX\tY\n' + ''.join(f'{unicodedata.normalize("NFC", name)}\t0\t0\n' for name in ODD)
  )
  source = open_source('table', tmp_path, fixations=tmp_path / 'f.csv')
  check_sizes(source)
  assert len(source) == len(ODD)
  for index, record in enumerate(source):
    assert record.fixations.tolist() == [[0, 0]]
    np.testing.assert_array_equal(record.image, read_image(source.photograph(index)))
  for name in ('exif1', 'alpha', 'no #7 (%20)', 'v1.2.final'):
    np.testing.assert_array_equal(source[source.image_ids.index(name)].image, IMAGES['a'])


def test_what_lies_in_transparency_alone_is_refused(tmp_path):
  alpha = np.zeros((*SIZE, 4), np.uint8)
  alpha[3:9, 3:9, 3] = 255
  for colour in (0, 255):
    alpha[..., :3] = colour
    Image.fromarray(alpha).save(tmp_path / 'a.png')
    for read in (value_images.read_mask, value_images.read_grey, value_images.read_labels):
      with pytest.raises(InputError, match='only in its transparency'):
        read(tmp_path / 'a.png')


@pytest.mark.parametrize('what', ['map', 'labels', 'labelme', 'mask'])
def test_sizes_are_compared_before_work_starts(what, tmp_path):
  folder = photographs(tmp_path / 'images')
  small = np.ones((4, 5), np.uint8)
  match what:
    case 'map':
      (tmp_path / 'f').mkdir()
      for name in 'ab':
        np.save(tmp_path / 'f' / f'{name}.npy', small * 0)
      source = open_source('maps', folder, fixations=tmp_path / 'f')
    case 'labels':
      for name in ('Object', 'Class'):
        (tmp_path / 'r' / f'Segmentation{name}').mkdir(parents=True)
        Image.fromarray(small * 37).save(tmp_path / 'r' / f'Segmentation{name}' / 'b.png')
      source = open_source('images', folder, regions=tmp_path / 'r')
    case 'labelme':
      made.labelme(tmp_path / 'r' / 'b.json', 4, 5, [])
      source = open_source('images', folder, regions=tmp_path / 'r')
    case 'mask':
      (tmp_path / 'targets').mkdir()
      for name in 'ab':
        Image.fromarray(small).save(tmp_path / 'targets' / f'{name}.png')
      source = open_source('popout', tmp_path)
  with pytest.raises(InputError, match=r'5 x 4.*40 x 30'):
    check_sizes(source)
  check_sizes(source, 'skip')
