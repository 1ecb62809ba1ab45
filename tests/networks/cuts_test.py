"""Golden masks: what each depth trains, written out; and where it is cut."""

import re

import jax
import numpy as np
import pytest

from saliency_jax.errors import InputError
from saliency_jax.networks import cuts, trees, zoo
from saliency_jax.networks.network import Stage
from tests import tiny

GOLDEN = {
  0: [],
  1: ['conv5_3'],
  2: ['conv5_2', 'conv5_3'],
  3: ['conv5_1', 'conv5_2', 'conv5_3'],
  4: ['conv4_3', 'conv5_1', 'conv5_2', 'conv5_3'],
  6: ['conv4_1', 'conv4_2', 'conv4_3', 'conv5_1', 'conv5_2', 'conv5_3'],
  13: sorted(tiny.WIDTHS),
}
IMAGES = np.random.default_rng(0).integers(0, 256, (2, 48, 48, 3), np.uint8)


@pytest.mark.parametrize('depth', GOLDEN)
def test_a_depth_trains_the_top_stages(depth):
  network = tiny.vgg()
  chosen, frozen = trees.split(network.variables['params'], cuts.trained(network, depth))
  assert trees.names(chosen) == [f'{layer}/{leaf}' for layer in GOLDEN[depth] for leaf in ('bias', 'kernel')]
  assert len(jax.tree.leaves(frozen)) == 2 * (13 - depth)


@pytest.mark.parametrize('name', ['vgg19', 'resnet18', 'clip_b32', 'dinov2_s14_reg', 'deepgaze2', 'msi_net'])
def test_a_stage_needs_its_own_parameters_alone(name):
  """Structure alone: nothing is computed."""
  network, used = zoo.outline(name), set()
  size = network.preprocess.image_size or 96
  leaves = trees.flatten(network.variables['params'])
  x = jax.ShapeDtypeStruct((1, *((size, size) if isinstance(size, int) else size), 3), np.float32)
  for i, stage in enumerate(network.stages):
    own = {path: leaf for path, leaf in leaves.items() if re.fullmatch(stage.parameters, path)}
    variables = {**network.variables, 'params': trees.nest(own)}
    x, _ = jax.eval_shape(lambda v, x, i=i: network.run(v, x, frozenset(), i, i + 1), variables, x)
    used |= own.keys()
  assert used == leaves.keys()


def test_depths_count_from_the_readout():
  network = tiny.vgg().replace(readout_tap='conv4_2')
  assert cuts.stages_below(network) == 9
  assert cuts.as_number(network, 'all') == 9
  chosen, _ = trees.split(network.variables['params'], cuts.trained(network, 2))
  assert sorted(chosen) == ['conv4_1', 'conv4_2']
  with pytest.raises(InputError, match='9 stages below conv4_2; .* 0 to 9'):
    cuts.as_number(network, 10)
  whole = network.replace(stages=())
  assert cuts.as_number(whole, 'all') == cuts.as_number(whole, 1) == 1
  with pytest.raises(InputError, match='depth=all to train it whole, or 0'):
    cuts.as_number(whole, 3)


@pytest.mark.parametrize('make', [tiny.vgg, tiny.nested])
def test_prefix_and_suffix_are_the_network(make):
  network = make()
  tap, size = network.readout_tap, 48
  expected = network.apply(network.variables, IMAGES, [tap])[tap]
  depths = range(cuts.stages_below(network) + 1)
  features = cuts.make_prefix(network, depths)(network.variables, IMAGES)
  assert set(features) == set(depths)
  for depth in depths:
    trained, _ = trees.split(network.variables['params'], cuts.trained(network, depth))
    maps = cuts.make_suffix(network, depth, (size, size))(trained, network.variables, features[depth])
    np.testing.assert_allclose(maps, expected, rtol=1e-5, atol=1e-5)


def test_stages_without_cuts_train_under_a_mask():
  network = tiny.nested().replace(stages=(Stage('below', 'block0/.*'), Stage('above', '(block1|head)/.*')))
  chosen, _ = trees.split(network.variables['params'], cuts.trained(network, 1))
  assert sorted(chosen) == ['block1', 'head']
  features = cuts.make_prefix(network, (1, 2))(network.variables, IMAGES)
  assert features[1].shape == features[2].shape == IMAGES.shape


@pytest.mark.parametrize('stages', [(Stage('a', 'block0/.*'),), (Stage('a', '.*'), Stage('b', 'x/.*'))])
def test_stages_have_to_cover_the_parameters(stages):
  with pytest.raises(InputError, match='do not fit its parameters'):
    cuts.trained(tiny.nested().replace(stages=stages), 1)


def test_a_large_batch_ends_where_a_single_image_does():
  """Lower stages are computed in turns, of which none goes beyond the last."""
  network = tiny.vgg()
  x = np.random.default_rng(0).standard_normal((2 * jax.device_count(), 32, 32, 3), np.float32)
  one, many = (network.run(network.variables, x[:n], (), 0, 1)[0] for n in (1, len(x)))
  np.testing.assert_allclose(many[:1], one, atol=1e-6)
