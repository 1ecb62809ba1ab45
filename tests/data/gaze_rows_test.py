"""Rows of a table that are no fixations, or are so twice."""

import numpy as np
import pytest

from saliency_jax.data import fixations, gaze_rows
from saliency_jax.data.source import open_source
from saliency_jax.errors import InputError
from tests.data.made_turned import photographs


def gaze(tmp_path, rows, header='image,subject,x,y,event', **options):
  """Opens a table of 60 fixations, each in the rows that `rows` gives."""
  rng = np.random.default_rng(0)
  lines = [header]
  for number in range(60):
    x, y = (rng.random(2) * (30, 20) + 5).round(1).tolist()
    lines += [','.join(map(str, ('ab'[number % 2], *row))) for row in rows(number % 3, x, y)]
  (tmp_path / 'f.csv').write_text('\n'.join(lines))
  return open_source('table', photographs(tmp_path / 'images'), fixations=tmp_path / 'f.csv', **options)


FIXATIONS = [lambda s, x, y: [(s, x, y, 'Fixation')]]
SAMPLES = [
  lambda s, x, y: [(s, x, y, 'Fixation')] * 9,
  lambda s, x, y: [(s, x + 0.01 * n, y, '') for n in range(9)],
  lambda s, x, y: [(s, x, y, 'L'), (s, x, y + 0.05, 'R')],
]
OTHERS = [
  lambda s, x, y: [(s, x, y, 'Fixation'), (s, x / 2, y, 'Saccade')],
  lambda s, x, y: [(s, x, y, 'Fixation')] * 3 + [(s, '', '', 'Unclassified')],
  *(
    lambda s, x, y, other=other: [(s, x, y, 'Fixation L'), (s, x, 2, other)]
    for other in ('Saccade L', 'SBLINK R', 'PSO', 'PURS')
  ),
]


@pytest.mark.parametrize('rows', SAMPLES)
def test_gaze_samples_are_no_fixations(rows, tmp_path):
  header = 'image,subject,x,y,eye'
  with pytest.raises(InputError, match='just before, as gaze samples do.*columns=event=COLUMN'):
    gaze(tmp_path, rows, header)
  gaze(tmp_path, rows, header, missing='none')
  with pytest.raises(InputError, match='just before, as gaze samples do'):  # half of a place is none
    gaze(tmp_path, lambda s, x, y: [*rows(s, x, y), (s, 'nan', y, '')], header, missing='nan')


def test_of_fewer_than_fifty_steps_nothing_is_said():
  points = np.random.default_rng(0).uniform(0, 99, (26, 2)).repeat(2, axis=0)
  for count, expected in ((51, '25 of 50 fixations'), (50, ''), (0, '')):
    unknown = np.full(count, np.nan)
    found = fixations.Fixations(points[:count], np.zeros(count, int), unknown, unknown)
    assert gaze_rows.fault([found]).partition(' lie ')[0] == expected


def test_lost_gaze_at_one_place_is_no_gaze_samples():
  points = np.random.default_rng(0).uniform(0, 99, (60, 2))
  for samples, expected in ((1, ''), (2, '119 of 179 fixations')):
    lost = np.concatenate([points.repeat(samples, axis=0), np.zeros((60, 2))])
    unknown = np.full(len(lost), np.nan)
    found = fixations.Fixations(lost, np.zeros(len(lost), int), unknown, unknown)
    assert gaze_rows.fault([found]).partition(' lie ')[0] == expected


@pytest.mark.parametrize(
  ('header', 'fixated', 'other'),
  [('event', 'F', 'S'), ('Eye movement type', 'Fixation', 'Sakkade'), ('FPOGV', '1', '0')],
)
def test_events_of_any_name_are_no_fixations(header, fixated, other, tmp_path):
  rows, header = lambda s, x, y: [(s, x, y, fixated), (s, x / 2, y, other)], f'image,subject,x,y,{header}'
  with pytest.raises(InputError, match='row [23] is not a fixation but.*missing=none if every one is'):
    gaze(tmp_path, rows, header)
  assert len(gaze(tmp_path, rows, header, missing='none')[0].fixations) == 60
  if fixated != 'F':
    assert len(gaze(tmp_path, rows, header, columns='event=' + header.split(',')[-1])[0].fixations) == 30
  with pytest.raises(InputError, match=r"has no fixation: the column FPOGID has '0', '1', '2'"):  # counted
    gaze(tmp_path, lambda s, x, y: [(s, x, y, int(s) % 3)], 'image,subject,x,y,FPOGID', columns='event=FPOGID')


def test_points_in_the_order_of_pixels_are_no_samples(tmp_path, caplog):
  (tmp_path / 'f.csv').write_text(
    'image,x,y\n'
    + ''.join(
      f'{name},{x / 4},{y / 4}\n'
      for name in 'ab'
      for y, x in np.argwhere(np.random.default_rng(0).random((99, 120)) < 0.5)
    )
  )
  open_source('table', photographs(tmp_path / 'images'), fixations=tmp_path / 'f.csv')
  assert 'gaze samples do' in caplog.text


@pytest.mark.parametrize('rows', OTHERS)
def test_other_events_are_no_fixations(rows, tmp_path):
  header = 'image,subject,x,y,Eye movement type'
  with pytest.raises(InputError, match=r"row [35] is not a fixation but '[SUP]"):
    gaze(tmp_path, rows, header)
  expected = gaze(tmp_path, FIXATIONS[0])
  found = gaze(tmp_path, rows, header, columns='event=Eye movement type')
  for index in range(2):
    for one, other in zip(found.scanpaths(index), expected.scanpaths(index), strict=True):
      np.testing.assert_array_equal(one, other)


def test_the_column_of_events_is_told_by_its_values(tmp_path):
  header = 'image,subject,x,y,Category,Type'
  with pytest.raises(InputError, match="row 3 is not a fixation but 'Saccade'"):
    gaze(
      tmp_path,
      lambda s, x, y: [(s, x, y, 'Fixtures', 'Fixation'), (s, x, 2, 'Fixtures', 'Saccade')],
      header.replace('Category', 'scene'),
    )
  with pytest.raises(InputError, match="row 3 is not a fixation but 'Saccade'"):
    gaze(tmp_path, lambda s, x, y: [(s, x, y, 'Indoor', 'Fixation'), (s, x, 2, 'Indoor', 'Saccade')], header)
  gaze(tmp_path, lambda s, x, y: [(s, x, y, 'Unclassified', 'purse')], header)
  with pytest.raises(InputError, match="the column Type has 'F', 'S', but fixations begin with fix, efix"):
    gaze(tmp_path, lambda s, x, y: [(s, x, y, 'a', 'F'), (s, x, 2, 'b', 'S')], header, columns='event=Type')


@pytest.mark.parametrize('count', [0, 1, 2, 3])
def test_fixations_that_are_given_twice(count, tmp_path):
  """The whole once more, one by one, at other times, and once."""
  text = [[(s, x, y) for x, y in points] for s, points in enumerate(np.random.default_rng(0).random((2, 5, 2)) * 20)]
  lines = [(*row, row[1] + 99 * (count == 3) * n) for rows in text for n in range(min(count or 2, 2)) for row in rows]
  lines = (lines if count != 2 else sorted(lines)) + [(9, 0, 0, n) for n in range(6)]  # lost gaze
  (tmp_path / 'f.csv').write_text(
    'image,subject,x,y,t\n' + ''.join(f'{name},{s},{x},{y},{t}\n' for name in 'ab' for s, x, y, t in lines)
  )
  given = {'fixations': tmp_path / 'f.csv', 'missing': '0,0'}
  folder = photographs(tmp_path / 'images')
  if count % 2:
    assert len(open_source('table', folder, **given)[0].fixations) == (10 if count == 1 else 20)
    return
  with pytest.raises(InputError, match='f.csv: 4 times all fixations of a per'):
    open_source('table', folder, **given)


def test_nobodys_fixations_are_not_twice():
  nobody = fixations.make(np.zeros((0, 2)))
  few, one = ([fixations.make(np.indices((n, 2))[0].repeat(2, axis=0))] for n in (3, 8))
  for found in ([], [nobody], [fixations.make(np.eye(2)), nobody], few * 2):
    assert not gaze_rows.repeated(found)
  assert gaze_rows.repeated(few * 3)
  assert gaze_rows.repeated([*one, nobody])


def test_names_of_one_person_are_told(tmp_path, caplog):
  names = ('1', '01', 'p2', 'P002', 'p20')
  gaze(tmp_path, lambda s, x, y: [(names[int(x) % 5], x, y, '')])
  assert ('2 of 5 subjects differ from others only in case or leading zeros (') in caplog.text


@pytest.mark.parametrize('rows', [*FIXATIONS, lambda s, x, y: [(s, x, y, 'Action')]])
def test_fixations_and_other_types_are_read(rows, tmp_path):
  assert len(gaze(tmp_path, rows, 'image,subject,x,y,Type')[0].fixations) == 30
