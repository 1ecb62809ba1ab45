"""Names, aliases and patterns of taps."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from saliency_jax.errors import InputError
from saliency_jax.networks import architecture, resnet, taps, vgg, zoo
from saliency_jax.networks.saliency import dilated_resnet, unisal
from saliency_jax.networks.taps import Tap
from saliency_jax.ops.resize import Placement
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


# Fewer blocks and units than the zoo's.
_PLANS = {
  resnet: {'_conv': lambda units, *rest, made=resnet._conv: made(min(units, 2), *rest)},
  dilated_resnet: {'_PLAN': {n: ('ab', 2, *rest) for n, (_, _, *rest) in dilated_resnet._PLAN.items()}},
  unisal: {
    '_BLOCKS': tuple((2, 2, *rest) for _, _, *rest in unisal._BLOCKS if rest != [1, True]),
    '_SKIPS': {'skip_4x': 4, 'skip_2x': 6},
    '_LAST': 8,
  },
}
_VGGS = ('vgg16', 'msi_net', 'deepfix', 'sam_vgg', 'dva', 'salicon')


def _trunk(name: str):
  layers = zoo.NETWORKS[name].module.layers
  return vgg.VGG(tuple(layer._replace(units=1, linear=False) for layer in layers))


def _decoder(dtype, name):
  del dtype, name
  return lambda maps, record: maps['trunk'][..., :1]


@pytest.mark.parametrize(
  ('make', 'rows', 'columns'),
  [
    (lambda: resnet.ResNet((1, 1, 1, 1)), 256, 1),
    (lambda: resnet.ResNet((1, 1, 1, 1), bottleneck=True), 128, 1),
    (lambda: dilated_resnet.DilatedResNet(_decoder), 560, 1),
    (unisal.Unisal, 256, 32),
    *((lambda name=name: _trunk(name), 320, 20) for name in _VGGS),
  ],
  ids=['resnet', 'bottlenecks', 'sam_resnet', 'unisal', *_VGGS],
)
def test_a_tap_s_offset_is_that_of_its_receptive_fields_centre(make, rows, columns, monkeypatch):
  """With positive kernels, a cell responds where its receptive field is lit."""
  for module, constants in _PLANS.items():
    for name, value in constants.items():
      monkeypatch.setattr(module, name, value)
  module = make()
  shapes, listed = architecture.inspected.__wrapped__(module)  # uncached, because of the constants
  last = len(module.parts()) - (module.parts()[-1].name == 'decoder')
  listed = [tap for tap in listed if tap.stage < last]
  names = frozenset(tap.name for tap in listed)
  # Biases and means are 0, the sums of kernels over units and all others 1.
  variables = jax.tree.map_with_path(
    lambda path, x: np.full(
      x.shape, 0 if path[-1].key in ('bias', 'mean') else 1 / x.shape[2] if len(x.shape) == 4 else 1, np.float32
    ),
    shapes,
  )
  sizes = {}

  @jax.jit
  def responses(row):
    image = jnp.zeros((1, rows, columns, 3)).at[:, row].set(1.0)
    _, found = module.apply(variables, image, names, 0, last)
    sizes.update({name: x.shape[1] for name, x in found.items()})
    return {name: x[0, x.shape[1] // 2].max() > 0.5 for name, x in found.items()}

  lit = jax.lax.map(responses, jnp.arange(rows), batch_size=64)
  for tap in listed:
    inside = np.flatnonzero(lit[tap.name])
    assert min(inside[0], rows - 1 - inside[-1]) > 0, tap
    centre = (inside[0] + inside[-1] + 1) / 2
    assert centre == (sizes[tap.name] // 2 + 0.5) * tap.stride + tap.offset, tap


def test_cells_are_placed_by_stride_and_offset():
  layer4, conv5 = Tap('layer4', stride=32, offset=-15.5), Tap('conv5_3', stride=16)
  assert taps.placement(layer4, (7, 7), 224) == Placement(-15.5 / 32, 7)
  stated = taps.described(Tap('stem', offset=-0.5), (3, 16, 16, 4), 32, None)
  assert taps.placement(stated, (16, 16), 32) == Placement(-0.25, 16)
  # Ten cells of 32 pixels reach beyond 300 pixels, 18 of 16 do not fill them.
  assert taps.placement(layer4, (10, 10), 300) == Placement(-15.5 / 32, 300 / 32)
  assert taps.placement(conv5, (18, 18), 300) == Placement(0, 18.75)
  assert taps.placement(conv5, (14, 14), 224) == taps.placement(Tap('saliency'), (14, 14), 224) == Placement()
  # Unpadded layers of Inception: 35 cells, 8 pixels apart, do not fill 299.
  mixed = taps.described(Tap('mixed'), (3, 35, 35, 4), 299, None)
  assert taps.placement(mixed, (35, 35), 299) == Placement()
  # 18 cells of a stride of 16, which is not 300 / 18: only a stated stride places them.
  conv5 = taps.described(Tap('conv5'), (3, 18, 18, 4), 300, None)
  assert conv5.stride is None
  assert taps.placement(conv5, (18, 18), 300) == Placement()
  assert taps.placement(Tap('mixed', stride=8, offset=9.5), (35, 35), 299) == Placement(9.5 / 8, 299 / 8)
  with pytest.raises(InputError, match=r"mixed has 35 cells on 299 pixels.*Tap\('mixed', stride=..., offset=9.5\)"):
    taps.described(Tap('mixed', offset=9.5), (3, 35, 35, 4), 299, None)
