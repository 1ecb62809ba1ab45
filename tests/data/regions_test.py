"""Regions from labelme files and from the package."""

import collections
import json
import pathlib
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saliency_jax.data import label_images as label_images_module
from saliency_jax.data import labelme, regions
from saliency_jax.data.types import CATEGORIES, ordered_categories
from saliency_jax.errors import InputError
from tests.data import made
from tests.data.label_images_test import label_images

SQUARE = {
  'label': 'text',
  'shape_type': 'polygon',
  'group_id': None,
  'points': [[0.5, 0.5], [2.5, 0.5], [2.5, 2.5], [0.5, 2.5]],
}


def written(folder, *shapes, **changes) -> pathlib.Path:
  """Writes `a.json` for an image of 4 x 5 and returns its folder."""
  made.labelme(folder / 'a.json', 4, 5, list(shapes))
  tree = json.loads((folder / 'a.json').read_text()) | changes
  (folder / 'a.json').write_text(json.dumps(tree))
  return folder


def read(folder, height=4, width=5):
  return regions.open_regions(folder).regions('a', height, width)


def test_labelme_shapes(tmp_path):
  rectangle = SQUARE | {'shape_type': 'rectangle', 'label': 'food', 'points': [[4, 3], [1, 1]]}
  circle = SQUARE | {'shape_type': 'circle', 'label': 'other', 'points': [[2, 2], [2, 3.1]]}
  found = read(written(tmp_path, SQUARE, rectangle, circle))
  assert found.ids.tolist() == [1, 2, 3]
  assert found.categories == ('text', 'food', 'other')
  square, box, disc = np.zeros((3, 4, 5), bool)
  square[1:3, 1:3] = True
  box[1:3, 1:4] = True
  disc[2, 1:4] = disc[1:4, 2] = True
  np.testing.assert_array_equal(found.masks, [square, box, disc])
  # A point of an outline may lie outside the image.
  made.labelme(tmp_path / 'a.json', 40, 50, [SQUARE | {'points': [*SQUARE['points'][:3], [-9, 2.5]]}])
  assert np.argwhere(read(tmp_path, 40, 50).masks[0]).tolist() == [[y, x] for y in (1, 2) for x in range(3)]


@pytest.mark.parametrize(
  ('numbers', 'expected'),
  [
    ([8, 3], [8, 3]),
    ([None, None], [1, 2]),
    ([4, 4], [4]),
    ([4, None], [1, 2]),
    ([True, 2], [1, 2]),
    ([0, 5], [1, 2]),
    (['a', 5], [1, 2]),
    ([2**31, 5], [1, 2]),
  ],
)
def test_numbers_are_the_groups_if_each_has_its_own(numbers, expected, tmp_path):
  shapes = [SQUARE | {'group_id': number} for number in numbers]
  assert read(written(tmp_path, *shapes)).ids.tolist() == expected


def test_an_image_that_is_not_named_has_no_regions(tmp_path):
  outlined = written(tmp_path / 'outlined', SQUARE)
  for annotation in (
    regions.open_regions(outlined),
    regions.open_regions(label_images(tmp_path / 'drawn')),
    regions.open_packaged(),
  ):
    found = annotation.regions('nobody', 6, 7)
    assert found.masks.shape == (0, 6, 7)
    assert found.categories == ()


@pytest.mark.parametrize(
  ('change', 'message'),
  [
    ({'label': ['text']}, r"shape 1 has the label \['text'\]; give it"),
    ({'label': ' '}, 'has the label'),
    ({'label': 'a\nb'}, 'has the label'),
    ({'label': 'a' * 101}, 'has the label'),
    ({'label': None}, 'has the label'),
    ({'shape_type': 'line'}, "shape 1 is of type 'line'; draw a polygon"),
    ({'shape_type': None}, 'is of type None'),
    ({'points': [[0, 0], [1, 1]]}, 'a polygon cannot have that many points'),
    ({'points': [[0, 0]] * 10_001}, 'a polygon cannot have that many points'),
    ({'points': 'abc'}, 'cannot have that many'),
    ({'shape_type': 'circle'}, 'a circle cannot have that many points'),
    ({'shape_type': 'rectangle', 'points': [[0, 0], [3, 0], [3, 3]]}, 'a rectangle cannot have that many points'),
    ({'points': [[0, 0], [3, 0], [3, None]]}, 'has a point that is not two'),
    ({'points': [[0, 0], [3, 0], [3, float('nan')]]}, 'is not two numbers'),
    ({'points': [[0, 0], [3, 0], [3, float('inf')]]}, 'is not two numbers'),
    ({'points': [[0, 0], [3, 0], [3, 10**400]]}, 'is not two numbers'),
    ({'points': [[0, 0], [3, 0], [3, True]]}, 'is not two numbers'),
    ({'points': [[0, 0], [3, 0], [3, 3, 3]]}, 'is not two numbers'),
    ({'points': [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]}, 'covers no pixel'),
    ({'points': [[50, 0], [90, 0], [90, 90]]}, '3 of its 3 points outside'),
  ],
)
def test_a_bad_shape_is_refused(change, message, tmp_path):
  with pytest.raises(InputError, match=r'a\.json.*' + message):
    read(written(tmp_path, SQUARE | change))


@pytest.mark.parametrize('tree', [[], 3, 'text', {}, {'shapes': {}}, {'shapes': None}, {'shapes': 'text'}])
def test_another_json_file_is_refused(tree, tmp_path):
  (tmp_path / 'a.json').write_text(json.dumps(tree))
  with pytest.raises(InputError, match=r'a\.json has no list of shapes'):
    read(tmp_path)


@pytest.mark.parametrize('text', ['', '{', '[' * 100_000, '\xff\xfe', '9' * 5000])
def test_no_json_is_refused(text, tmp_path):
  (tmp_path / 'a.json').write_bytes(text.encode('latin-1'))
  with pytest.raises(InputError, match=r'a\.json is no usable labelme'):
    read(tmp_path)


@pytest.mark.parametrize('size', [(5, 4), (None, None), ('4', '5')])
def test_regions_of_another_image_size_are_refused(size, tmp_path):
  written(tmp_path, SQUARE, imageHeight=size[0], imageWidth=size[1])
  with pytest.raises(
    InputError, match=re.escape(f'a.json is for an image of {size[1]} x {size[0]}, but its photograph is 5 x 4; give')
  ) as error:
    read(tmp_path)
  assert ('EXIF' in str(error.value)) == (size == (5, 4))  # exchanged


def test_what_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
  written(tmp_path, SQUARE, SQUARE)
  monkeypatch.setattr(label_images_module, 'MAX_MASKS', 39)
  with pytest.raises(InputError, match=r'a\.json has 2 regions, too many'):
    read(tmp_path)
  monkeypatch.setattr(labelme, 'MAX_BYTES', 100)
  with pytest.raises(InputError, match='has more than 100 bytes'):
    read(tmp_path)


json_trees = st.recursive(
  st.none()
  | st.booleans()
  | st.integers()
  | st.floats()
  | st.text()
  | st.sampled_from(['text', 'polygon', 'circle', 1e300]),
  lambda inner: (
    st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(['label', 'points', 'shape_type', 'group_id']), inner)
  ),
  max_leaves=12,
)


@settings(max_examples=200)
@given(st.lists(json_trees, max_size=3) | json_trees, st.data())
def test_any_json_is_read_or_refused(shapes, data):
  for name in ('points', 'group_id'):
    if data.draw(st.booleans()):
      shapes = [SQUARE | {name: shapes}]
  tree = {'shapes': shapes, 'imageHeight': 4, 'imageWidth': 5}
  annotation = regions.Labelme({'a': json.dumps(tree).encode()}, pathlib.Path('made'))
  try:
    found = annotation.regions('a', 4, 5)
  except InputError:
    return
  assert found.masks.shape == (len(found.ids), 4, 5)
  assert len(found.ids) <= len(shapes)


def test_folders_are_told_apart(tmp_path, tiny_osie):
  with pytest.raises(InputError, match='There is no folder of regions .*none'):
    regions.open_regions(tmp_path / 'none')
  with pytest.raises(InputError, match='holds no regions; give a folder with'):
    regions.open_regions(tmp_path)
  (tmp_path / 'SegmentationObject').mkdir()
  with pytest.raises(InputError, match=r'Object holds no \.png and no'):
    regions.open_regions(tmp_path)
  for folder in (tiny_osie, tiny_osie / 'labelme'):
    assert regions.open_regions(folder).image_ids == ('2001', '2002', '2003', '2004')


def test_label_images_win_over_polygons(osie_sr_dir):
  assert isinstance(regions.open_regions(osie_sr_dir), regions.LabelImages)


def test_the_package_equals_the_label_images(osie_sr_dir):
  drawn = regions.open_regions(osie_sr_dir)
  packaged = regions.open_packaged()
  assert packaged.image_ids == drawn.image_ids
  for image_id in drawn.image_ids[::7]:
    expected, found = (each.regions(image_id, 600, 800) for each in (drawn, packaged))
    assert np.array_equal(found.ids, expected.ids), image_id
    assert found.categories == expected.categories, image_id
    assert np.array_equal(found.masks, expected.masks), image_id


def test_simplified_polygons_are_the_label_images_but_for_their_rim(osie_sr_dir):
  drawn = regions.open_regions(osie_sr_dir)
  outlined = regions.open_regions(osie_sr_dir / 'labelme')
  different = total = 0
  for image_id in drawn.image_ids[::25]:
    expected, found = (each.regions(image_id, 600, 800) for each in (drawn, outlined))
    np.testing.assert_array_equal(found.ids, expected.ids)
    assert found.categories == expected.categories
    different += (found.masks != expected.masks).sum()
    total += expected.masks.sum()
  # The outlines were simplified by up to 0.6 px; half a pixel beside, 0.028.
  assert different / total < 0.005


def test_the_data_card_tells_the_counts_in_the_package():
  packaged = regions.open_packaged()
  assert packaged.image_ids == tuple(str(n) for n in range(1001, 1701))
  counts = collections.Counter(
    category for image_id in packaged.image_ids for category in packaged.regions(image_id, 600, 800).categories
  )
  assert counts.total() == 3174
  card = regions.PACKAGED.with_name('OSIE_SR.md').read_text()
  told = dict(re.findall(r'\| ([a-z ]+) \| (\d+) ', card))
  assert {name: str(count) for name, count in counts.items()} == told


def test_any_label_is_a_category(tmp_path):
  shapes = [SQUARE | {'label': label} for label in ('Logo', ' ma\u00dfe ', '#1')]
  assert read(written(tmp_path, *shapes)).categories == ('Logo', 'ma\u00dfe', '#1')


def test_the_papers_categories_come_first_in_its_order():
  names = ('zebra', 'text', 'ant', 'person head', 'text', 'fox', 'cat', 'bee', 'dog')
  assert ordered_categories(names) == ('person head', 'text', 'ant', 'bee', 'cat', 'dog', 'fox', 'zebra')
  assert ordered_categories(reversed(CATEGORIES)) == CATEGORIES


@pytest.mark.parametrize('points', [[[-9, -9], [12, 12]], [[-9, -9], [12, -9], [12, 12], [-9, 12]]])
def test_a_shape_around_the_image_covers_it(points, tmp_path):
  kind = 'rectangle' if len(points) == 2 else 'polygon'
  assert read(written(tmp_path, SQUARE | {'shape_type': kind, 'points': points})).masks.all()


def test_shapes_of_one_group_and_label_are_one_region(tmp_path):
  other = SQUARE | {'points': [[3, 0], [5, 0], [5, 2], [3, 2]]}
  apart = SQUARE | {'points': [[0, 2], [1, 2], [1, 4], [0, 4]]}
  found = read(
    written(
      tmp_path,
      *(
        shape | {'group_id': 4, 'label': label} for shape, label in ((SQUARE, 'text'), (apart, 'food'), (other, 'text'))
      ),
    )
  )
  assert found.categories == ('text', 'food')
  assert found.ids.tolist() == [1, 2]  # two regions have the group 4
  alone = [read(written(tmp_path, shape)).masks[0] for shape in (SQUARE, other, apart)]
  np.testing.assert_array_equal(found.masks, [alone[0] | alone[1], alone[2]])
  found = read(
    written(tmp_path, *(shape | {'group_id': group} for shape, group in ((SQUARE, 4), (apart, 9), (other, 4))))
  )
  assert found.ids.tolist() == [4, 9]
