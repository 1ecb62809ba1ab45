"""Inputs that look right and mean something else: refused with the remedy."""

import types

import numpy as np
import pytest
from PIL import Image

import saliency_jax as sj
from configs import tasks as tasks_config
from saliency_jax.data import builders
from saliency_jax.data.coordinate_faults import Survey
from saliency_jax.data.coordinates import Coordinates
from saliency_jax.data.parts import Data
from saliency_jax.data.pipeline import Reading
from saliency_jax.data.source import open_source
from saliency_jax.data.subset import Subset, subset
from saliency_jax.data.types import Source
from saliency_jax.data.value_images import read_grey
from saliency_jax.errors import InputError
from saliency_jax.experiments import evaluation, predictors, task_comparison
from tests import tiny
from tests.data.coordinates_test import said_of, true_points
from tests.data.made_turned import SIZE, photographs


@pytest.mark.parametrize(
  ('recorded', 'message'),
  [
    (lambda p: (p + 0.5) * [100 / 150, 100 / 200], r'if they are percent of the size, give scale=2,1\.5 \(scale=1 if'),
    (lambda p: (p - [74.5, 99.5]) / 150, r"shares of the image's height, .*scale=150,150 \(150,-150 if y counts"),
    (lambda p: (p - [74.5, 99.5]) / [150, 200], "shares of the image's size, .*scale=200,150"),
    (
      lambda p: np.vstack([p, [[-32768, -32768]] * 5]),
      '5 of them at x = -32768, .*missing=-32768,-32768; or drop_outside',
    ),
  ],
)
def test_coordinates(recorded, message):
  with pytest.raises(AssertionError, match=message):
    raise AssertionError(said_of(recorded(true_points(300)))[1])


def test_a_smaller_screen():
  points = true_points(300, (1080, 1920)) * [760 / 1080, 1015 / 1920]
  assert 'of a screen of 1024 x 768, give scale=1.875,1.40625' in said_of(points, size=(1080, 1920))[1]
  assert said_of(points, Coordinates(scale='1'), (1080, 1920)) is None


def test_pupil_labs_counts_from_the_bottom(tmp_path):
  folder = photographs(tmp_path / 'images')
  (tmp_path / 'f.csv').write_text(
    'image,norm_pos_x,norm_pos_y\n' + ''.join(f'{name},{5 / SIZE[1]!r},{1 - 7 / SIZE[0]!r}\n' for name in 'ab')
  )
  source = open_source('table', folder, fixations=tmp_path / 'f.csv', scale='size', columns='x=norm_pos_x,y=norm_pos_y')
  assert source[0].fixations.tolist() == [[7, 5]]


@pytest.mark.parametrize(
  ('header', 'named'),
  [
    ('Media name\tFixation point X (MCSpx)\tFixation point Y (MCSpx)', 'image=Media name,x=Fixation point X'),
    ('Stimulus,Fixation Position X [px],Fixation Position Y [px]', 'x=Fixation Position X'),
  ],
)
def test_columns_of_eye_trackers_are_named(header, named, tmp_path):
  (tmp_path / 'f.csv').write_text(header + '\n')
  with pytest.raises(InputError, match=f'columns=image=.*{named[6:9]}'):
    open_source('table', photographs(tmp_path / 'images'), fixations=tmp_path / 'f.csv')


@pytest.mark.parametrize(
  ('more', 'message'),
  [
    ([[0, 0]] * 2, r'2 of 302 .* x = 0, y = 0 .*missing=0,0'),
    ([[75, 100.5]] * 30, r'30 of 330 .* exactly at x = 100\.5, y = 75.*cross'),
    ([[0, n] for n in range(9, 39)], '30 of 330 fixations .* on the top edge'),
  ],
)
def test_fixations_at_one_place_are_told(more, message):
  points = np.vstack([true_points(300), more])
  sizes = np.tile([150.0, 200.0], (len(points), 1))
  for order in (points, points[::-1]):
    with pytest.raises(AssertionError, match=message):
      raise AssertionError(Survey(Coordinates(), order, sizes).doubt())
  assert Survey(Coordinates(), points[:300], sizes[:300]).doubt() == ''
  assert not Survey(Coordinates(missing='none'), points, sizes).doubt()
  said = Survey(Coordinates(origin=1, slack=0.5), np.rint(points), sizes).doubt()
  assert ('where the first pixel is 1' in said) == (0 in more[0])


def test_fixations_on_a_line_are_of_other_units():
  with pytest.raises(AssertionError, match='of the height.*give scale'):
    raise AssertionError(said_of(true_points(300) / [150, 1])[1])


def test_maps_with_transparency_are_what_shows(tmp_path):
  grey = np.full((9, 12), 99, np.uint8)
  grey[2:5] = 9
  alpha = np.full_like(grey, 255)
  for shown, right in ((alpha, True), (grey, False)):
    Image.fromarray(np.dstack([grey, shown])).save(tmp_path / 'a.png')
    if right:
      np.testing.assert_array_equal(read_grey(tmp_path / 'a.png'), grey)
      continue
    with pytest.raises(InputError, match='transparent where it is not black'):
      read_grey(tmp_path / 'a.png')
  for clear in (0, 7, 9):  # 9 is there
    Image.fromarray(grey).save(tmp_path / 'b.png', transparency=clear)
    if clear < 9:
      np.testing.assert_array_equal(read_grey(tmp_path / 'b.png'), grey)
      continue
    with pytest.raises(InputError, match='transparent where it is not black'):
      read_grey(tmp_path / 'b.png')
  Image.fromarray(grey > 9).save(tmp_path / 'c.png', transparency=1)
  with pytest.raises(InputError, match='transparent where it is not black'):
    read_grey(tmp_path / 'c.png')


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
    open_source('maps', tmp_path / 'images', fixations=tmp_path / 'targets', maxima=True)[0]


class Wrong(Subset):
  """Photographs of which the last has regions of another size."""

  squared = Source.squared

  def __init__(self, source):
    super().__init__(source, tuple(range(len(source))))
    self.source, self.read = source, []

  def __getitem__(self, index):
    self.read.append(index)
    return self.source[index]

  def check_size(self, index):
    if index == len(self) - 1:
      raise InputError('of another size')


def tasks(_, wrong, right, out):
  """Where the photographs with regions are at fault, not the training's."""
  ids = wrong.source.image_ids + right.image_ids
  config = tasks_config.get_config()
  config.data.min_images = 1
  config.task.dense = (5,)
  task_comparison.compare(
    config,
    Data(wrong.source, right, scenes=dict(zip(ids, ('sea', 'wood', 'sea', 'wood', 'sea'), strict=True))),
    wrong,
    tiny.vgg(),
    str(out),
  )


def popout(net, wrong, right, out):
  arrays = photographs(out.parent / 'arrays' / 'images').parent
  (arrays / 'targets').mkdir()
  for name in 'ab':
    Image.new('L', SIZE[::-1]).save(arrays / 'targets' / f'{name}.png')
  wrong.source = open_source('popout', arrays)
  sj.popout(net, wrong, out)


@pytest.mark.parametrize(
  'job',
  [
    lambda net, wrong, right, out: sj.dissect(net, wrong, out),
    lambda net, wrong, right, out: sj.train(net, wrong, right, out),
    lambda net, wrong, right, out: sj.train(net, right, wrong, out),
    lambda net, wrong, right, out: sj.sweep(net, wrong, right, out),
    lambda net, wrong, right, out: sj.predict(net, wrong, out),
    lambda net, wrong, right, out: builders.build(wrong, 'osie', out),
    tasks,
    popout,
  ],
)
def test_sizes_are_compared_before_any_job_reads(job, tiny_osie, tmp_path):
  source = open_source('osie', tiny_osie, regions=tiny_osie / 'labelme')
  wrong = Wrong(subset(source, source.image_ids[:3]))
  right = subset(source, source.image_ids[3:])
  with pytest.raises(InputError, match='of another size'):
    job(tiny.decoding(), wrong, right, tmp_path / 'out')
  assert wrong.read in ([], [0])  # the first, for its regions
  assert not (tmp_path / 'out').exists()


def test_small_images_and_exchanged_maps_are_left_out_if_asked(tmp_path):
  for name in ('images', 'maps'):
    (tmp_path / name).mkdir()
  for name, (height, width) in {'a': (90, 120), 'b': (54, 64), 'c': (90, 120)}.items():
    Image.new('RGB', (width, height)).save(tmp_path / 'images' / f'{name}.png')
    turned = (width, height)[:: -1 if name == 'c' else 1]
    Image.new('L', turned).save(tmp_path / 'maps' / f'{name}.png')
  dataset = types.SimpleNamespace(name='mine', source=open_source('images', tmp_path / 'images'), reading=Reading(4))
  itti = predictors.of_classical('itti', 'itti')
  maps = predictors.of_folder('maps', tmp_path / 'maps')
  for model, message in (
    (itti, 'b is 64 x 54 pixels, less than the 64 x 64 that itti can take'),
    (maps, 'c.png is 90 x 120 and its image 120 x 90; exchange'),
  ):
    with pytest.raises(InputError, match=message):
      evaluation._check_sizes(dataset, [model])
  dataset.reading = Reading(4, 'skip')
  evaluation._check_sizes(dataset, [itti, maps])
  assert list(dataset.reading.skipped) == ['b', 'c']
