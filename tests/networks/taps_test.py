"""Names, aliases and patterns of taps."""

import jax
import pytest

from saliency_jax.errors import InputError
from saliency_jax.networks import taps
from saliency_jax.networks.taps import Tap
from tests import tiny

TAPS = taps.table(
  [
    Tap('stem', aliases=('act1',)),
    Tap('layer1.0', aliases=('one', 'first')),
    Tap('layer1', aliases=('one',)),
    Tap('layer2'),
    Tap('logits', 'vector'),
  ]
)


@pytest.mark.parametrize(
  ('wanted', 'expected'),
  [
    (['layer2', 'stem'], ('layer2', 'stem')),
    (['act1'], ('stem',)),
    ([r'layer\d'], ('layer1', 'layer2')),
    (['.*'], ('stem', 'layer1.0', 'layer1', 'layer2')),
    (['layer2', 'layer.*'], ('layer2', 'layer1.0', 'layer1')),
    # A name is a name, whatever it matches as a pattern.
    (['layer1.0'], ('layer1.0',)),
  ],
)
def test_names_aliases_and_patterns(wanted, expected):
  assert taps.resolve(wanted, TAPS, 'net') == expected


@pytest.mark.parametrize(
  ('wanted', 'says'),
  [
    ([], 'is empty'),
    (['layer3'], "no tap 'layer3'; the nearest are layer"),
    (['one'], 'could be layer1.0 or layer1'),
    (['stem', 'act1'], 'stem twice'),
    (['logits'], 'is a vector'),
    (['('], r'no tap.*\(\.taps and python launch/networks.py NAME list all\)'),
  ],
)
def test_what_is_wrong_is_said(wanted, says):
  with pytest.raises(InputError, match=says):
    taps.resolve(wanted, TAPS, 'net')


def test_the_networks_own_taps_are_the_default():
  assert tiny.vgg().resolve() == ('conv5_3', 'conv5_2', 'conv5_1', 'conv4_3', 'conv4_2', 'conv4_1')
  assert tiny.vgg().resolve(['features.29']) == ('conv5_3',)


def test_a_map_of_one_cell_is_refused():
  with pytest.raises(InputError, match='conv5_3 a map of 1 x 1 cells'):
    tiny.vgg().grids(['conv1_1', 'conv5_3'], 31)


@pytest.mark.parametrize(
  ('shapes', 'left_out'),
  [
    # Windows, positions, what has five axes; of another batch than three images.
    ([(3, 8, 8, 4), (12, 16, 4), (1, 8, 8, 4), (3, 1, 8, 8, 4)], [1, 2, 3]),
    # Attention of each token to each, but not a map as large as the image.
    ([(3, 17, 9), (3, 17, 17, 2), (3, 16, 16, 2)], [1]),
    ([(3, 32, 9), (3, 32, 32, 2)], []),
    # A map with as many rows as another stage has tokens.
    ([(3, 16, 16, 4), (3, 16, 8), (3, 256, 8), (3, 16, 16, 8)], []),
    # A mixer's hidden layer and what comes back; merged tokens come back too.
    ([(3, 6, 6, 16), (3, 16, 5), (3, 16, 36), (3, 36, 16), (3, 16)], [1, 2]),
    ([(3, 64, 16), (3, 16, 64), (3, 16, 32)], []),
  ],
)
def test_what_cannot_be_maps_is_told_from_the_shapes(shapes, left_out):
  found = {i: jax.ShapeDtypeStruct(shape, 'float32') for i, shape in enumerate(shapes)}
  assert [i for i in found if i not in taps.map_candidates(found, 3, 32)] == left_out


def test_a_map_that_is_stated_is_one():
  found = {'tokens': jax.ShapeDtypeStruct((3, 16, 2), 'f'), 'fine': jax.ShapeDtypeStruct((3, 16, 16, 2), 'f')}
  assert [list(taps.map_candidates(found, 3, 64, stated)) for stated in ((), ['fine'])] == [
    ['tokens'],
    ['tokens', 'fine'],
  ]


def test_a_prefix_that_is_stated_may_come_late():
  tokens = [taps.described(Tap('x'), (3, n, 8), 224, 1) for n in (196, 197, 198)]
  assert [(tap.kind, tap.prefix) for tap in tokens] == [('tokens', 0), ('tokens', 1), ('vector', 0)]


def test_a_prefix_that_is_not_stated_is_told_by_the_number_of_tokens():
  tokens = [taps.described(Tap('x'), (3, n, 8), 32, None) for n in (16, 17, 4 + 5, 4 + 7, 4 + 8, 3)]
  assert [(tap.prefix, tap.stride) for tap in tokens] == [(0, 8), (1, 8), (5, 16), (7, 16), (8, 16), (2, 32)]
