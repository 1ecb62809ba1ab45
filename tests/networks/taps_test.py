"""Names, aliases and patterns of taps."""

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
    (['('], 'no tap'),
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
