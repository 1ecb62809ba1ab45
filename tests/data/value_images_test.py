"""Masks, label images and maps of numbers, whatever their palette."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from saliency_jax.data import value_images
from saliency_jax.errors import InputError

LABELS = np.arange(24, dtype=np.uint8).reshape(4, 6) % 9


def voc(number: int) -> list[int]:
  """Returns the colour of a number in PASCAL VOC's palette."""
  colour = [0, 0, 0]
  for bit in range(8):
    for channel in range(3):
      colour[channel] |= (number >> channel & 1) << (7 - bit)
    number >>= 3
  return colour


def saved(path, indices, palette=None):
  """Writes indices, with colours for them if there is a palette."""
  image = Image.fromarray(np.asarray(indices, np.uint8))
  if palette is not None:
    image = image.convert('L')
    image.putpalette(sum(palette, []))
  image.save(path)
  return path


@pytest.mark.parametrize('mode', ['1', 'L', 'P', 'RGB', 'RGBA', 'LA', 'I;16'])
def test_a_mask_is_what_is_not_black_in_any_mode(tmp_path, mode):
  expected = np.zeros((5, 7), bool)
  expected[1:3, 2:6] = True
  grey = Image.fromarray(expected.astype(np.uint8) * 255)
  image = Image.fromarray(expected.astype(np.uint16) * 20000) if mode == 'I;16' else grey.convert(mode)
  image.save(tmp_path / 'mask.png')
  np.testing.assert_array_equal(value_images.read_mask(tmp_path / 'mask.png'), expected)


def test_a_mask_may_have_one_colour(tmp_path):
  blue = np.zeros((4, 4, 3), np.uint8)
  blue[2, 1, 2] = 1
  Image.fromarray(blue).save(tmp_path / 'mask.png')
  assert np.argwhere(value_images.read_mask(tmp_path / 'mask.png')).tolist() == [[2, 1]]


def test_a_mask_with_a_palette_is_read_by_its_colours(tmp_path):
  expected = LABELS > 6
  for palette, indices in (
    ([[255] * 3, [0] * 3], ~expected),
    ([[0] * 3, [255] * 3], expected),
    ([[9, 0, 0], [0] * 3, [0] * 3], np.where(expected, 0, 1 + LABELS % 2)),
  ):
    path = saved(tmp_path / 'mask.png', indices, palette)
    np.testing.assert_array_equal(value_images.read_mask(path), expected)


@pytest.mark.parametrize('through', ['jpg', 'png'])
def test_a_mask_of_jpeg_is_what_is_half_white(through, tmp_path, caplog):
  expected = np.zeros((64, 64), bool)
  expected[20:41, 13:50] = True
  expected[30, 5:60] = True
  path = tmp_path / 'mask.jpg'
  Image.fromarray(expected).convert('L').save(path, quality=60)
  if through == 'png':  # saved again by somebody
    with Image.open(path) as image:
      image.save(tmp_path / 'mask.png')
    path = tmp_path / 'mask.png'
  found = value_images.read_mask(path)
  assert (found != expected).sum() < 20
  assert 'pixels of 128 and more' in caplog.text


def test_a_grey_picture_is_no_mask(tmp_path):
  path = saved(tmp_path / 'mask.png', np.arange(256).reshape(16, 16))
  with pytest.raises(InputError, match='is grey on 50% of its pixels; give a'):
    value_images.read_mask(path)


def test_numbered_items_are_a_mask(tmp_path):
  numbers = np.kron(np.arange(49).reshape(7, 7) * 5, np.ones((3, 3)))
  path = saved(tmp_path / 'mask.png', numbers)
  np.testing.assert_array_equal(value_images.read_mask(path), numbers != 0)


def test_labels_keep_their_values(tmp_path):
  for labels in (LABELS, LABELS.astype(np.uint16) * 200):
    path = tmp_path / 'labels.png'
    Image.fromarray(labels).save(path)
    np.testing.assert_array_equal(value_images.read_labels(path), labels)
  for colours in ([voc(n) for n in range(9)], [[n] * 3 for n in range(9)]):
    Image.fromarray(np.array(colours, np.uint8)[LABELS]).save(path)
    np.testing.assert_array_equal(value_images.read_labels(path), LABELS)
  Image.fromarray(LABELS).save(tmp_path / 'labels.jpg')
  with pytest.raises(InputError, match='is a JPEG, which changes numbers'):
    value_images.read_labels(tmp_path / 'labels.jpg')


@given(st.permutations(range(256)), st.sampled_from(['voc', 'grey']))
def test_labels_are_the_numbers_of_their_colours(tmp_path_factory, order, colours):
  """A permuted palette, and the indices permuted with it, change nothing."""
  place = np.argsort(order)
  palette = [voc(n) if colours == 'voc' else [n] * 3 for n in order]
  path = saved(tmp_path_factory.mktemp('p') / 'a.png', place[LABELS], palette)
  np.testing.assert_array_equal(value_images.read_labels(path), LABELS)


def test_other_colours_are_no_numbers_but_may_tell_objects_apart(tmp_path):
  palette = [[255, 255, 255], [0] * 3, [7, 8, 9], [1, 2, 3]]
  path = saved(tmp_path / 'a.png', [[0, 1, 2], [3, 3, 1]], palette)
  with pytest.raises(InputError, match=r'the colour \[255, 255, 255\], which'):
    value_images.read_labels(path)
  assert value_images.read_labels(path, distinct=True).tolist() == [[3, 0, 2], [1, 1, 0]]


def test_maps_in_colour_are_refused(tmp_path):
  grey = np.arange(64, dtype=np.uint8).reshape(8, 8) * 3
  path = tmp_path / 'map.png'
  for image in (Image.fromarray(grey), Image.fromarray(grey).convert('RGB'), Image.fromarray(grey).convert('P')):
    image.save(path)
    np.testing.assert_array_equal(value_images.read_grey(path), grey)
  coloured = np.stack([grey, grey, grey[::-1]], axis=2)
  for image in (Image.fromarray(coloured), Image.fromarray(coloured).convert('P', colors=64)):
    image.save(path)
    with pytest.raises(InputError, match=r'has colours on \d+ of 64 pixels'):
      value_images.read_grey(path)
  Image.fromarray(grey).convert('RGB').save(tmp_path / 'map.jpg', quality=70)
  assert value_images.read_grey(tmp_path / 'map.jpg').shape == (8, 8)
