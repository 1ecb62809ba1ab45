"""Regions in one stated convention or another are the same regions."""

import numpy as np
import pytest
from PIL import Image

from saliency_jax.data import value_images
from saliency_jax.data.regions import open_regions
from tests.data import made
from tests.data.made_turned import SIZE, turned


def test_regions_of_another_convention(tmp_path):
  """Labels by palette, colours and arrays; corners; names and numbers."""
  objects = np.kron(np.arange(12).reshape(3, 4) % 4, np.ones((10, 10), int))
  classes = np.array([0, 37, 63, 37])[objects]
  voc = value_images._voc_palette()

  def save(folder, of, write, ending='.png'):
    for name, labels in zip(('SegmentationObject', 'SegmentationClass'), of, strict=True):
      (tmp_path / folder / name).mkdir(parents=True)
      write(tmp_path / folder / name / f'a{ending}', labels.astype(np.uint8))
    return open_regions(tmp_path / folder).regions('a', *SIZE)

  expected = save('grey', (objects, classes), lambda path, x: Image.fromarray(x).save(path))
  for number, (write, ending) in enumerate(
    (
      (lambda path, x: Image.fromarray(voc[x]).save(path), '.PNG'),
      (lambda path, x: np.save(path, x.astype(float)), '.npy'),
      (lambda path, x: turned(path, x, 6), '.png'),
    )
  ):
    found = save(f'{number}', (objects, classes), write, ending)
    assert found.categories == expected.categories
    np.testing.assert_array_equal(found.masks, expected.masks)
  (tmp_path / 'named').mkdir()
  (tmp_path / 'named' / 'class_names.txt').write_text('_background_\ntext\nplant\n')
  found = save('named', (objects, np.array([0, 1, 2, 1])[objects]), lambda path, x: Image.fromarray(x).save(path))
  assert found.categories == expected.categories


@pytest.mark.parametrize(
  'shapes',
  [
    [{'shape_type': 'rectangle', 'points': [[5, 5], [20, 15]]}],
    [{'shape_type': 'rectangle', 'points': [[20, 15], [5, 5]]}],
    [{'shape_type': 'rectangle', 'points': [[5, 5], [20, 5], [20, 15], [5, 15]]}],
    [{'shape_type': 'rotation', 'points': [[5, 5], [20, 5], [20, 15], [5, 15]]}],
    [{'points': [[5, 5], [20, 5], [20, 15], [5, 15]]}],
    *(
      [
        {'group_id': group, 'points': [[5, 5], [12, 5], [12, 15], [5, 15]]},
        {'group_id': group, 'points': [[12, 5], [20, 5], [20, 15], [12, 15]]},
      ]
      for group in (3, 0, 3.5, 'left')
    ),
  ],
)
def test_one_region_in_any_shapes(shapes, tmp_path):
  made.labelme(tmp_path / 'a.JSON', *SIZE, [{'label': 'cup', **shape} for shape in shapes])
  found = open_regions(tmp_path).regions('a', *SIZE)
  expected = np.zeros((1, *SIZE), bool)
  expected[0, 5:15, 5:20] = True
  np.testing.assert_array_equal(found.masks, expected)
