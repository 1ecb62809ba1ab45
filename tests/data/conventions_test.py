"""A file changed in one stated convention, its data with it, reads the same.

The same records have the same scores.
"""

import json

import numpy as np
import pytest
import scipy.io
from PIL import Image

from saliency_jax.data import fixations, value_images
from saliency_jax.data import pysaliency_export as export
from saliency_jax.data.source import check_sizes, open_source
from tests.data import made
from tests.data.made_turned import IMAGES, POINTS, SIZE, photographs, turned


def osie(folder, points):
  photographs(folder / 'stimuli')
  made.fixations_mat(
    folder / 'eye' / 'fixations.mat',
    {f'{name}.png': [np.column_stack([xy + 1, np.full(len(xy), 99)])] for name, xy in points.items()},
  )
  return {'dir': folder}


def table(folder, points):
  path = folder / 'f.csv'
  photographs(folder)
  path.write_text(
    'image,x,y\n' + ''.join(f'{name},{x!r},{y!r}\n' for name, xy in points.items() for x, y in xy.tolist())
  )
  return {'dir': folder, 'fixations': path}


def salicon(folder, points):
  photographs(folder)
  (folder / 'f.json').write_text(
    json.dumps(
      {
        'images': [
          {'id': i, 'file_name': f'{name}.png', 'height': SIZE[0], 'width': SIZE[1]} for i, name in enumerate(points)
        ],
        'annotations': [
          {'image_id': i, 'worker_id': 1, 'fixations': (xy[:, ::-1] + 1).tolist()}
          for i, xy in enumerate(points.values())
        ],
      }
    )
  )
  return {'dir': folder, 'fixations': folder / 'f.json'}


def salicon_mat(folder, points):
  photographs(folder / 'images')
  for name, xy in points.items():
    gaze = np.empty((1, 1), [('fixations', object)])
    gaze[0, 0]['fixations'] = xy + 1.0
    scipy.io.savemat(folder / f'{name}.mat', {'gaze': gaze})
  return {'dir': folder / 'images', 'fixations': folder}


def pysaliency(folder, points):
  photographs(folder)
  source = open_source('images', folder)
  export.write_stimuli(source, folder / 's.hdf5')
  raw = open_source('images', folder)
  raw.scanpaths = lambda i: fixations.make(list(points.values())[i][:, ::-1])
  export.write_trains(raw, folder / 'f.hdf5')
  return {'dir': folder / 's.hdf5', 'fixations': folder / 'f.hdf5'}


WRITERS = {'osie': osie, 'table': table, 'salicon': salicon, 'salicon mat': salicon_mat, 'pysaliency': pysaliency}
H, W = SIZE
# options -> what the recorded (x, y) of pixels are.
CHANGES = {
  'scale=0.5': lambda xy: (xy + 0.5) * 2 - 0.5,
  'scale=4,2': lambda xy: xy / [4, 2],
  'offset=-7,3': lambda xy: xy - [-7, 3],
  'scale=1,-1 offset=centre': lambda xy: (xy - [(W - 1) / 2, (H - 1) / 2]) * [1, -1],
  'missing=-1,-1': lambda xy: np.vstack([xy, [[-1, -1]] * 9]),
}


def assert_equal(found, expected):
  assert found.image_ids == expected.image_ids
  for one, other in zip(found, expected, strict=True):
    np.testing.assert_array_equal(one.image, other.image)
    np.testing.assert_array_equal(np.unique(one.fixations, axis=0), np.unique(other.fixations, axis=0))


@pytest.mark.parametrize('change', CHANGES)
@pytest.mark.parametrize('kind', WRITERS)
def test_coordinates_of_another_convention(kind, change, tmp_path):
  options = dict(each.split('=') for each in change.split())
  name, write = kind.split()[0], WRITERS[kind]
  expected = open_source(name, **write(tmp_path / 'true', POINTS))
  origin = 1 if name in ('osie', 'salicon') else 0
  add = 0.5 if name == 'pysaliency' else 0  # fractions are cut off
  raw = {image: CHANGES[change](xy + add) for image, xy in POINTS.items()}
  # `write` adds the origin, which what is lost or centred does not have.
  for xy in raw.values():
    xy[(xy == -1).all(axis=1) | (options.get('offset') == 'centre')] -= origin
  found = open_source(name, **write(tmp_path / 'changed', raw), **options)
  assert_equal(found, expected)


def maps(folder, points):
  photographs(folder / 'images')
  (folder / 'maps').mkdir()
  for number, (name, xy) in enumerate(points.items()):
    grey = np.zeros(SIZE, np.uint8)
    grey[tuple(xy.T[::-1])] = 255
    turned(folder / 'maps' / f'{name}.png', grey, 3 + number)
  return {'dir': folder / 'images', 'fixations': folder / 'maps'}


@pytest.mark.parametrize(
  ('kind', 'orientation'),
  [
    *((kind, n) for kind in ('osie', 'table') for n in range(2, 9)),
    *((kind, n) for kind in (*WRITERS, 'maps') for n in (4, 6)),
  ],
)
def test_photographs_that_are_stored_turned(kind, orientation, tmp_path):
  name, write = kind.split()[0], (WRITERS | {'maps': maps})[kind]
  given = write(tmp_path, POINTS)
  expected = list(open_source(name, **given))
  place = {'osie': 'stimuli', 'table': '', 'salicon': '', 'pysaliency': ''}.get(kind, 'images')
  photographs(tmp_path / place, orientation)
  source = open_source(name, **given)
  check_sizes(source)
  for one, other in zip(source, expected, strict=True):
    np.testing.assert_array_equal(one.image, other.image)
    np.testing.assert_array_equal(one.fixations, other.fixations)


def test_built_photographs_that_are_stored_turned(tmp_path):
  from saliency_jax.data import builders  # imports TFDS

  given = osie(tmp_path, POINTS)
  expected = open_source('osie', **given)
  records = list(expected)
  photographs(tmp_path / 'stimuli', 6)
  built = open_source('built', builders.build(open_source('osie', **given), 'osie', tmp_path / 'b'))
  for one, other in zip(built, records, strict=True):
    np.testing.assert_array_equal(one.image, other.image)
    np.testing.assert_array_equal(one.fixations, other.fixations)


def _indexed(path, mask):
  image = Image.fromarray((~mask).astype(np.uint8), 'P')
  image.putpalette([255] * 3 + [0] * 3)  # 0 is white, as what is the target
  image.save(path)


@pytest.mark.parametrize(
  'write',
  [
    lambda path, mask: Image.fromarray(mask).save(path),
    lambda path, mask: Image.fromarray(mask).convert('RGB').save(path),
    lambda path, mask: Image.fromarray(mask).convert('RGBA').save(path),
    lambda path, mask: Image.fromarray(mask * np.uint8(7)).save(path),
    lambda path, mask: turned(path, mask * np.uint8(255), 6),
    lambda path, mask: _indexed(path, mask),
  ],
)
def test_search_arrays_of_another_convention(write, tmp_path):
  mask = np.zeros(SIZE, bool)
  mask[5:9, 20:30] = True
  photographs(tmp_path / 'images')
  (tmp_path / 'images' / 'b.png').unlink()
  (tmp_path / 'targets').mkdir()
  write(tmp_path / 'targets' / 'a.png', mask)
  source = open_source('popout', tmp_path)
  check_sizes(source)
  np.testing.assert_array_equal(source[0].regions.masks, [mask])


@pytest.mark.parametrize('orientation', range(2, 9))
def test_masks_labels_and_maps_that_are_stored_turned(orientation, tmp_path):
  grey = IMAGES['a'][..., 0]
  for read, pixels, expected in (
    (value_images.read_grey, grey, grey),
    (value_images.read_labels, grey, grey),
    (value_images.read_mask, (grey > 99) * np.uint8(255), grey > 99),
  ):
    turned(tmp_path / 'x.png', pixels, orientation)
    np.testing.assert_array_equal(read(tmp_path / 'x.png'), expected)
    assert value_images.map_size(tmp_path / 'x.png') == SIZE


@pytest.mark.parametrize(
  'write',
  [
    lambda path, grey: Image.fromarray(grey).save(path),
    lambda path, grey: Image.fromarray(grey).convert('RGB').save(path),
    lambda path, grey: Image.fromarray(grey).convert('RGBA').save(path),
    lambda path, grey: Image.fromarray(grey).convert('P').save(path),
    lambda path, grey: np.save(path.with_suffix('.npy'), grey),
    lambda path, grey: scipy.io.savemat(path.with_suffix('.mat'), {'fixLocs': grey > 0}),
    lambda path, grey: Image.fromarray(grey).save(path.with_suffix('.TIF')),
    lambda path, grey: Image.fromarray(grey).save(path.with_name('a_fixPts.gif')),
  ],
)
def test_points_in_any_file(write, tmp_path):
  grey = np.zeros(SIZE, np.uint8)
  grey[tuple(POINTS['a'].T[::-1])] = 255
  folder = photographs(tmp_path / 'images')
  (folder / 'b.png').unlink()
  (tmp_path / 'maps').mkdir()
  write(tmp_path / 'maps' / 'a.png', grey)
  source = open_source('maps', folder, fixations=tmp_path / 'maps')
  check_sizes(source)
  np.testing.assert_array_equal(source[0].fixations, np.argwhere(grey))
