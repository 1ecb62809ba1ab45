"""A table of fixations: pixels by hand, and every row that is refused."""

import pathlib
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from saliency_jax.data.coordinates import Coordinates
from saliency_jax.data.sources.table import Table
from saliency_jax.errors import InputError

SIZES = {'a.jpg': (4, 6), 'b.c.png': (5, 3)}  # (height, width)


@pytest.fixture
def images(tmp_path) -> pathlib.Path:
  folder = tmp_path / 'images'
  folder.mkdir()
  for name, (height, width) in SIZES.items():
    Image.new('RGB', (width, height), (9, 99, 199)).save(folder / name)
  (folder / 'notes.txt').write_text('no image')
  return folder


def table(folder: pathlib.Path, *lines: str) -> pathlib.Path:
  path = folder.parent / 'looks.csv'
  path.write_text('\n'.join(lines), encoding='utf-8')
  return path


WHOLE = (
  'image,subject,x,y,t,comment',
  'a.jpg,Zoë,0,0,300,"one, two"',
  'a,Ann,5.4,3.49,10,',
  'a.jpg,Zoë,-0.5,2.5,100,',
  'b.c,Ann,2,4,,',
  'b.c.png,Zoë,0.5,1.4,7,',
)


def test_rows_become_pixels_by_subject_and_time(images):
  source = Table(images, table(images, *WHOLE))
  assert source.image_ids == ('a', 'b.c')
  points, subjects, durations, times, *_ = source.scanpaths(0)
  # Zoë comes first in the file; 2.5 is halfway, and up.
  assert points.tolist() == [[3, 0], [0, 0], [3, 5]]
  assert subjects.tolist() == [0, 0, 1]
  assert times.tolist() == [100, 300, 10]
  assert np.isnan(durations).all()
  assert points.dtype == subjects.dtype == np.int32
  record = source[1]
  assert record.image_id == 'b.c'
  assert record.image.shape == (5, 3, 3)
  assert record.fixations.tolist() == [[1, 1], [4, 2]]
  np.testing.assert_equal(source.scanpaths(1).times, [7, np.nan])
  assert record.regions.categories == ()


def test_three_columns_are_enough(images):
  source = Table(images, table(images, 'y,x,image', '3,5,a', '', '0,1,a', '2,2,b.c', ''))
  points, subjects, _, times, *_ = source.scanpaths(0)
  assert points.tolist() == [[3, 5], [0, 1]]
  assert subjects.tolist() == [0, 0]
  assert np.isnan(times).all()


def test_pixels_may_count_from_one(images):
  path = table(images, 'image,x,y', 'a,1,1', 'a,6,4', 'b.c,3.4,5.4')
  source = Table(images, path, recorded=Coordinates(origin=1))
  assert source[0].fixations.tolist() == [[0, 0], [3, 5]]
  assert source[1].fixations.tolist() == [[4, 2]]
  with pytest.raises(InputError, match=r'cannot count from 2; give 0 or 1'):
    Table(images, path, recorded=Coordinates(origin=2))


def test_people_may_have_had_an_image_in_folders_of_their_own(images):
  rows = 'image,subject,x,y', 'c/a.jpg,1,1,1', r'D:\d\a.jpg,2,2,2', 'b.c,1,1,1'
  assert len(Table(images, table(images, *rows))[0].fixations) == 2
  with pytest.raises(InputError, match='write both alike if they are one image'):
    Table(images, table(images, *rows, 'd/a.jpg,1,1,1'))


def test_a_table_from_a_spreadsheet_is_read(images):
  path = images.parent / 'looks.csv'
  path.write_bytes('\ufeffimage, x ,y\r\na, 1 ,2\r\nb.c,0,0\r\n'.encode())
  assert Table(images, path)[0].fixations.tolist() == [[2, 1]]


@settings(max_examples=50)
@given(st.floats(-0.5, 5.4999), st.floats(-0.5, 3.4999))
def test_every_place_in_the_image_is_its_nearest_pixel(tmp_path_factory, x, y):
  folder = tmp_path_factory.mktemp('one')
  Image.new('L', (6, 4)).save(folder / 'a.png')
  path = folder / 'a.csv'
  path.write_text(f'image,x,y\na,{x!r},{y!r}')
  ((row, column),) = Table(folder, path)[0].fixations.tolist()
  assert abs(column - x) <= 0.5
  assert abs(row - y) <= 0.5


@pytest.mark.parametrize(
  ('rows', 'message'),
  [
    (['image,subject,u,y', 'a,s,1,2'], r'has no column x \(it has image, subject, u, y\); name image, x, y'),
    (['picture,subject'], r'no column image, x, y \(it has picture, subject\)'),
    ([''], r'no column image, x, y \(it has none\)'),
    (['image,x,y,x', 'a,1,2,3'], 'has the column x twice'),
    (['image,x,y', 'a,1,2', 'a,1'], 'row 3 has 2 fields; give it 3'),
    (['image,x,y', 'a,1,2', 'b.c,1,nan'], "row 3: y is 'nan'"),
    (['image,x,y', 'a,inf,2'], "row 2: x is 'inf'"),
    (['image,x,y', 'a,1_0,2'], "row 2: x is '1_0'"),
    (['image,x,y', 'a,,2'], "row 2: x is ''"),
    (['image,x,y,t', 'a,1,2,soon'], "row 2: t is 'soon'"),
    (
      ['image,x,y', 'a,1,2', 'b.c,1,1', 'a,5.5,2', 'b.c,0,9'],
      r'row 4: the fixation at x = 5\.5, y = 2 lies outside the 6 x 4 image a, '
      r'whose pixels count from 0',
    ),
    (
      ['image,subject,x,y', 'a,s,1,2', 'b.c,s,2,4.5', 'b.c,r,-1,0'],
      r'row 3: the fixation at x = 2, y = 4\.5 lies outside the 3 x 5 image b',
    ),
    (
      ['image,x,y', 'b,1,1', 'A.jpg,1,1', 'a,1,1', 'b.c,1,1', 'b,1,1'],
      r'names A\.jpg, but the photograph is a\.jpg; use the same name',
    ),
    (
      ['image,x,y', 'c/a.jpg,1,1', 'd/a.jpg,2,2', 'b.c,1,1'],
      r'names c/a\.jpg and d/a\.jpg, but there is only one a\.jpg',
    ),
    (['image,x,y', 'A,1,1', 'B,1,1'], r'names 2 of 2 images that are not in .*images, the first is A; add'),
    (['image,x,y', 'a,1,1'], r'has no fixations for 1 of 2 photographs in .*, the first is b\.c\.png'),
  ],
)
def test_what_is_wrong_is_named(rows, message, images):
  with pytest.raises(InputError, match=rf'looks\.csv.*{message}'):
    Table(images, table(images, *rows))


def test_what_lies_outside_can_be_left_out_and_is_counted(images):
  rows = table(images, 'image,subject,x,y', 'a,s,1e30,2', 'a,r,1,2', 'b.c,s,-1,0')
  source = Table(images, rows, recorded=Coordinates(drop_outside=True))
  found = source.scanpaths(0)
  assert found.points.tolist() == [[2, 1]]
  assert (found.outside, found.idle) == (1, 1)
  assert source[1].fixations.shape == (0, 2)


def test_unreadable_tables_are_refused(images):
  with pytest.raises(InputError, match=r'There is no file .*gone\.csv'):
    Table(images, images / 'gone.csv')
  path = images.parent / 'looks.csv'
  path.write_bytes(b'image,x,y\na,\xff\xfe,1\n')
  with pytest.raises(InputError, match=r'looks\.csv is no usable table'):
    Table(images, path)


def test_images_with_one_stem_are_refused(images):
  Image.new('L', (2, 2)).save(images / 'a.png')
  with pytest.raises(InputError, match=r'a\.png and a\.jpg share one name'):
    Table(images, table(images, 'image,x,y', 'a,1,2', 'b.c,0,0'))
  for name in ('a.jpg', 'photos/a.jpg'):  # not a.png
    source = Table(images, table(images, 'image,x,y', f'{name},1,2', 'b.c,0,0'))
    assert source[0].image.shape == (4, 6, 3)


def test_regions_can_be_given(images, tmp_path):
  folder = tmp_path / 'regions'
  for name in ('SegmentationObject', 'SegmentationClass'):
    (folder / name).mkdir(parents=True)
    Image.new('L', (6, 4), 37).save(folder / name / 'a.png')
  source = Table(images, table(images, *WHOLE), regions=folder)
  assert source[0].regions.categories == ('text',)
  assert source[1].regions.categories == ()


def test_sources_travel_to_other_processes(images):
  source = Table(images, table(images, *WHOLE))
  copy = pickle.loads(pickle.dumps(source))
  np.testing.assert_array_equal(copy[1].fixations, source[1].fixations)


def test_the_row_named_is_the_first_of_the_file(images):
  """Not the first by subject: ann comes first, and her row last."""
  rows = table(images, 'image,subject,x,y', 'a,ann,1,1', 'a,bob,9,1', 'a,ann,8,1', 'b.c,ann,0,0')
  with pytest.raises(InputError, match=r'row 3: the fixation at x = 9, y = 1'):
    Table(images, rows)


@pytest.mark.parametrize('separator', [',', ';', '\t'])
def test_columns_are_found_whatever_their_case_and_separator(separator, images):
  lines = [['IMAGE', 'Subject', 'X', 'Y', 'Duration'], ['a', 'ann', '1', '2.6', '200'], ['b.c', 'bob', '0', '0', '']]
  source = Table(images, table(images, *map(separator.join, lines)))
  found = source.scanpaths(0)
  assert found.points.tolist() == [[3, 1]]
  assert found.durations.tolist() == [200]
  assert source.scanpaths(1).subjects.tolist() == [1]


def test_commas_may_be_decimal_and_the_separator_stated(images):
  rows = ['image;x;y', 'a;1,4;2,6', 'b.c;0;0']
  assert Table(images, table(images, *rows))[0].fixations.tolist() == [[3, 1]]
  assert Table(images, table(images, 'sep=;', *rows))[0].fixations.tolist() == [[3, 1]]  # Excel's
  with pytest.raises(InputError, match='row 3 has 2 fields'):
    Table(images, table(images, 'sep=;', 'image;x;y', 'a;1,4'))


def test_columns_may_be_named(images):
  path = table(images, 'stimulus,FPOGX,FPOGY,x,who', 'a,1,2,9,ann', 'b.c,2,1,9,bob')
  named = 'image=stimulus, x=FPOGX,y=fpogy,subject=who'
  source = Table(images, path, columns=named)
  assert source[0].fixations.tolist() == [[2, 1]]
  assert source.scanpaths(1).subjects.tolist() == [1]
  with pytest.raises(InputError, match=(r'no column image, y \(it has .*columns=image=stimulus,y=FPOGY')):
    Table(images, path)
  for wrong in ('image', 'image=', 'picture=stimulus', 'x=a,x=b'):
    with pytest.raises(InputError, match='columns is .*name columns'):
      Table(images, path, columns=wrong)
  with pytest.raises(InputError, match='has no column regard'):
    Table(images, path, columns=named + ',t=regard')


@pytest.mark.parametrize(
  ('column', 'asked'),
  [
    ('Participant', 'subject=Participant'),
    ('subjct', 'subject=subjct'),
    ('timestamp', 't=timestamp'),
    ('t [ms]', 't=t [ms]'),
  ],
)
def test_a_column_that_may_be_meant_is_named(column, asked, images, caplog):
  path = table(images, f'image,x,y,{column}', 'a,1,2,3', 'b.c,0,0,4')
  Table(images, path)
  assert f'give columns={asked}' in caplog.text


def test_the_columns_asked_for_can_be_pasted(images, caplog):
  """One hint names every column, those that were named already included."""
  path = table(images, 'stimulus,FPOGX,FPOGY,observer', 'a,1,2,3', 'b.c,0,0,4')
  whole = 'image=stimulus,x=FPOGX,y=FPOGY,subject=observer'
  for named in ('', 'image=stimulus'):
    with pytest.raises(InputError) as raised:
      Table(images, path, columns=named)
    assert f'columns={whole},' in str(raised.value)
  assert not caplog.text
  Table(images, path, columns=whole.removesuffix(',subject=observer'))
  assert f'columns={whole}.' in caplog.text


@pytest.mark.parametrize(('file', 'named'), [('d.JPG', 'd.jpg'), ('d.jpg', 'photos/d.JPG')])
def test_an_ending_may_be_in_capitals(file, named, images):
  Image.new('RGB', (6, 4)).save(images / file)
  source = Table(images, table(images, 'image,x,y', 'a,1,2', 'b.c,0,1', f'{named},5,3'))
  assert source[2].fixations.tolist() == [[3, 5]]


def test_no_column_is_taken_for_two(images):
  path = table(images, 'image,FPOGX', 'a,1', 'b.c,0')
  for y in ('', ',y=FPOGY'):
    with pytest.raises(InputError) as raised:
      Table(images, path, columns='x=FPOGX' + y)
    assert 'y=FPOGX' not in str(raised.value)
  assert 'no column FPOGY (it has image, FPOGX); name' in str(raised.value)


@pytest.mark.parametrize(('x', 'missing'), [('-9', '-9'), ('NA', 'NA'), ('-9', '-9,1')])
def test_lost_gaze_is_left_out(x, missing, images):
  path = table(images, 'image,x,y', f'a,{x},1', 'a,3,2', 'b.c,0,0')
  source = Table(images, path, recorded=Coordinates(missing=missing))
  assert source[0].fixations.tolist() == [[2, 3]]
  assert source.scanpaths(0).outside == 0


def test_names_are_compared_whatever_their_unicode_form(images):
  composed, decomposed = 'Z\u00fcrich', 'Zu\u0308rich'
  for on_disk, named in ((composed, decomposed), (decomposed, composed)):
    folder = images.parent / named
    folder.mkdir()
    Image.new('RGB', (6, 4)).save(folder / f'{on_disk}.png')
    for name in (named, f'{named}.png', f'photos/{named}.png'):
      source = Table(folder, table(images, 'image,x,y', f'{name},1,2'))
      assert source.image_ids == (composed,)
      assert source[0].fixations.tolist() == [[2, 1]]
