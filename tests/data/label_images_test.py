"""Regions from pairs of label images: objects and their classes."""

import pathlib

import numpy as np
import pytest
from PIL import Image

from saliency_jax.data import label_images as label_images_module
from saliency_jax.data import regions
from saliency_jax.data.types import CATEGORIES
from saliency_jax.errors import InputError


def read(folder):
  return regions.open_regions(folder).regions('a', 3, 4)


# A pair of label images: object 3 is two pixels of text, object 7 a plant.
OBJECTS = np.array([[0, 3, 3, 0], [7, 7, 0, 0], [7, 0, 0, 0]], np.uint8)


CLASSES = np.array([[0, 37, 37, 0], [63, 63, 0, 5], [63, 0, 0, 0]], np.uint8)


def label_images(folder, objects=OBJECTS, classes=CLASSES) -> pathlib.Path:
  for name, labels in (('SegmentationObject', objects), ('SegmentationClass', classes)):
    (folder / name).mkdir(parents=True)
    Image.fromarray(labels).save(folder / name / 'a.png')
  return folder


def test_label_images(tmp_path):
  annotation = regions.open_regions(label_images(tmp_path))
  assert annotation.image_ids == ('a',)
  found = annotation.regions('a', 3, 4)
  assert found.ids.tolist() == [3, 7]
  assert found.ids.dtype == np.int32
  assert found.categories == ('text', 'plant')
  np.testing.assert_array_equal(found.masks, [OBJECTS == 3, OBJECTS == 7])
  assert found.masks.dtype == bool


def test_label_images_may_count_past_255(tmp_path):
  folder = label_images(tmp_path, OBJECTS.astype(np.uint16) * 1000)
  assert read(folder).ids.tolist() == [3000, 7000]


def test_objects_of_any_colours_are_told_apart(tmp_path):
  colours = np.zeros((8, 3), np.uint8)
  colours[3], colours[7] = (10, 200, 30), (200, 10, 99)
  found = read(label_images(tmp_path, colours[OBJECTS]))
  assert found.ids.tolist() == [1, 2]
  assert found.categories == ('text', 'plant')
  np.testing.assert_array_equal(found.masks, [OBJECTS == 3, OBJECTS == 7])


def test_every_class_value_has_its_category():
  known = {1: 'person head', 22: 'animal part', 27: 'object', 51: 'vehicle', 68: 'drink', 73: 'other'}
  assert known.items() <= label_images_module.CLASS_VALUES.items()


@pytest.mark.parametrize(
  ('change', 'message'),
  [
    (
      (0, 2, 27),
      r'SegmentationClass/a\.png: object 3 has the class 27 '
      r'\(object\), 37 \(text\); ',
    ),
    ((0, 1, 0), r'object 3 has the class 0, 37 \(text\); '),
    ((2, 0, 99), r'object 7 has the class 63 \(plant\), 99; '),
  ],
)
def test_an_object_of_several_classes_is_refused(change, message, tmp_path):
  y, x, value = change
  classes = CLASSES.copy()
  classes[y, x] = value
  with pytest.raises(InputError, match=message):
    read(label_images(tmp_path, OBJECTS, classes))


def test_an_unknown_class_is_refused(tmp_path):
  folder = label_images(tmp_path, OBJECTS, np.where(CLASSES == 63, 2, CLASSES))
  with pytest.raises(
    InputError,
    match='object 7 has the class 2; each object '
    r'must have one of 1 \(person head\), 10 \(person part',
  ):
    read(folder)
  Image.fromarray(np.multiply.outer(OBJECTS == 3, [10, 200, 30]).astype(np.uint8)).save(
    folder / 'SegmentationClass' / 'a.png'
  )
  with pytest.raises(InputError, match=r'has the colour \[10, 200, 30\], which stands for no number'):
    read(folder)


def test_label_images_of_another_size_are_refused(tmp_path):
  folder = label_images(tmp_path, classes=CLASSES[:2])
  annotation = regions.open_regions(folder)
  for look in (annotation.check_size, annotation.regions):
    with pytest.raises(InputError, match=(r'SegmentationClass/a\.png is 4 x 2, but its photograph is 4 x 3')):
      look('a', 3, 4)
  annotation.check_size('without regions', 9, 9)
  assert not len(annotation.regions('without regions', 9, 9).ids)


@pytest.mark.parametrize('number', [0, 7])
def test_a_background_that_is_an_object_is_told_once(number, tmp_path, caplog):
  objects = np.full((3, 4), number, np.uint8)
  objects[1, 1:3] = 3
  annotation = regions.open_regions(
    label_images(tmp_path, objects, np.where(objects == 3, 37, number * 9).astype(np.uint8))
  )
  for _ in range(2):
    annotation.regions('a', 3, 4)
  assert caplog.text.count('a.png: object 7 covers the whole edge') == (number == 7)


def test_half_a_pair_is_refused(tmp_path):
  folder = label_images(tmp_path)
  (folder / 'SegmentationClass' / 'a.png').unlink()
  with pytest.raises(InputError, match=r'no image file .*Class/a\.png'):
    read(folder)
  (folder / 'SegmentationClass').rmdir()
  with pytest.raises(InputError, match='no folder .*SegmentationClass'):
    regions.open_regions(folder)


def test_numbers_of_both_readings_are_refused_without_names(tmp_path):
  classes = np.select([OBJECTS == 3, OBJECTS == 7], [1, 10]).astype(np.uint8)
  folder = label_images(tmp_path, OBJECTS, classes)
  for part in ('SegmentationObject', 'SegmentationClass'):
    (folder / part / '0.png').write_bytes(b'damaged')  # comes first
  with pytest.raises(InputError, match='have the classes 1, 10, which may be'):
    regions.open_regions(folder)
  names = ['_background_', *CATEGORIES]
  for lines in (names, ['__ignore__', *names]):
    (folder / 'class_names.txt').write_text('\n'.join(lines) + '\n')
    assert read(folder).categories == ('person head', 'plant')
  for form in ('{}: {}', '{}={}', '{} {}', '{}\t{}'):
    (folder / 'class_names.txt').write_text('\n'.join(form.format(*pair) for pair in enumerate(names)))
    assert read(folder).categories == ('person head', 'plant')
  (folder / 'class_names.txt').write_text('\n'.join(f'{number}: {name}' for number, name in enumerate(names, 1)))
  with pytest.raises(InputError, match="has '2: person head' in the place of class 1"):
    regions.open_regions(folder)
  for lines in (CATEGORIES, [], ['__ignore__']):
    (folder / 'class_names.txt').write_text('\n'.join(lines))
    with pytest.raises(InputError, match='the background first'):
      regions.open_regions(folder)


@pytest.mark.parametrize(
  ('lines', 'expected'),
  [
    ('background/1 euro coin/2 euro coin', '1 euro coin/2 euro coin'),
    ('0 background/1 euro coin/2 euro coin', '1 euro coin/2 euro coin'),
    ('background/1 cup/2 plates', '1 cup/2 plates'),
    ('background/1.5 litres/2.5 metres', '1.5 litres/2.5 metres'),
    ('0 background/1 cup/2 plates', 'cup/plates'),
    ('0 - background/1 - cup/2 - plates', 'cup/plates'),
    ('_background_/1. cup/2. plates', 'cup/plates'),
    ('-1: __ignore__/0: background/1: cup/255: void', 'cup'),
    ('255 __ignore__/_background_/1 cup/2 plates', 'cup/plates'),
    ('0\tbackground/1\tcup/255\tvoid', 'cup'),
  ],
)
def test_numbers_of_a_list_are_told_from_names(lines, expected, tmp_path):
  path = tmp_path / 'class_names.txt'
  path.write_text(lines.replace('/', '\n'))
  assert list(label_images_module._class_names(path).values()) == (expected.split('/'))


def test_what_is_ignored_is_no_region(tmp_path):
  objects = np.where(OBJECTS == 7, 255, OBJECTS).astype(np.uint8)
  classes = np.where(CLASSES == 63, 255, CLASSES).astype(np.uint8)
  assert read(label_images(tmp_path, objects, classes)).ids.tolist() == [3]


def test_label_images_may_be_arrays(tmp_path):
  folder = label_images(tmp_path)
  for name, labels in (('SegmentationObject', OBJECTS), ('SegmentationClass', CLASSES)):
    (folder / name / 'a.png').unlink()
    np.save(folder / name / 'a.npy', labels.astype(np.int32))
  assert read(folder).categories == ('text', 'plant')
  np.save(folder / 'SegmentationObject' / 'a.npy', -2 * OBJECTS.astype(int))
  with pytest.raises(InputError, match='has negative values; number objects'):
    read(folder)
