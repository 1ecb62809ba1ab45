"""Inputs that look right and mean something else: refused with the remedy."""

import numpy as np
import pytest
from PIL import Image

from saliency_jax.data.coordinates import Coordinates
from saliency_jax.data.source import open_source
from saliency_jax.errors import InputError
from tests.data.coordinates_test import said_of, true_points
from tests.data.made_turned import SIZE, photographs


@pytest.mark.parametrize(('recorded', 'message'), [
    (lambda p: (p + .5) * [100 / 150, 100 / 200],
     r'if they are percent of the size, give scale=2,1\.5 \(scale=1 if'),
    (lambda p: (p - [74.5, 99.5]) / 150,
     r"shares of the image's height, .*scale=150,150 \(150,-150 if y counts"),
    (lambda p: (p - [74.5, 99.5]) / [150, 200],
     "shares of the image's size, .*scale=200,150"),
    (lambda p: np.vstack([p, [[-32768, -32768]] * 5]),
     '5 of them at x = -32768, .*missing=-32768,-32768; or drop_outside')])
def test_coordinates(recorded, message):
  with pytest.raises(AssertionError, match=message):
    raise AssertionError(said_of(recorded(true_points(300)))[1])


def test_a_smaller_screen():
  points = true_points(300, (1080, 1920)) * [760 / 1080, 1015 / 1920]
  assert 'of a screen of 1024 x 768, give scale=1.875,1.40625' in said_of(
      points, size=(1080, 1920))[1]
  assert said_of(points, Coordinates(scale='1'), (1080, 1920)) is None


def test_pupil_labs_counts_from_the_bottom(tmp_path):
  folder = photographs(tmp_path / 'images')
  (tmp_path / 'f.csv').write_text('image,norm_pos_x,norm_pos_y\n' + ''.join(
      f'{name},{5 / SIZE[1]!r},{1 - 7 / SIZE[0]!r}\n' for name in 'ab'))
  source = open_source(
      'table', folder, fixations=tmp_path / 'f.csv', scale='size',
      columns='x=norm_pos_x,y=norm_pos_y')
  assert source[0].fixations.tolist() == [[7, 5]]


@pytest.mark.parametrize(('header', 'named'), [
    ('Media name\tFixation point X (MCSpx)\tFixation point Y (MCSpx)',
     'image=Media name,x=Fixation point X'),
    ('Stimulus,Fixation Position X [px],Fixation Position Y [px]',
     'x=Fixation Position X')])
def test_columns_of_eye_trackers_are_named(header, named, tmp_path):
  (tmp_path / 'f.csv').write_text(header + '\n')
  with pytest.raises(InputError, match=f'columns=image=.*{named[6:9]}'):
    open_source('table', photographs(tmp_path / 'images'),
                fixations=tmp_path / 'f.csv')


def test_black_items_on_white_are_no_masks(tmp_path):
  mask = np.full(SIZE, 255, np.uint8)
  mask[5:9, 5:9] = 0
  photographs(tmp_path / 'images')
  for name in 'ab':
    (tmp_path / 'targets').mkdir(exist_ok=True)
    Image.fromarray(mask).save(tmp_path / 'targets' / f'{name}.png')
  with pytest.raises(InputError, match='99% of its pixels; .*invert it'):
    open_source('popout', tmp_path)[0]
  with pytest.raises(InputError, match='as black points on white are'):
    open_source('maps', tmp_path / 'images', fixations=tmp_path / 'targets',
                maxima=True)[0]
