"""VGG-16: taps, shapes, stages, depth of computation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from saliency_jax import runtime
from saliency_jax.networks import vgg, zoo
from tests import tiny

IMAGES = np.random.default_rng(0).integers(0, 256, (2, 32, 48, 3), np.uint8)


@pytest.fixture(scope='module')
def network():
  return tiny.vgg()


def test_the_thirteen_convolutions_have_vgg16s_shapes():
  found = zoo.shapes(zoo.architecture('vgg16').shapes)
  # 14,714,688 parameters: Keras's count for VGG16(include_top=False).
  assert sum(np.prod(shape) for shape in found.values()) == 14_714_688
  assert sorted({name.split('/')[0] for name in found}) == [*vgg.CONVOLUTIONS]
  assert found['conv3_1/kernel'] == (3, 3, 128, 256)


def test_vgg19_has_torchvisions_numbers():
  assert list(vgg.features(vgg.WIDTHS_19).values()) == [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34]
  found = zoo.shapes(zoo.architecture('vgg19').shapes)
  assert sum(np.prod(shape) for shape in found.values()) == 20_024_384
  assert found['conv5_4/kernel'] == (3, 3, 512, 512)


def test_every_layer_is_a_tap_of_the_right_size(network):
  sizes = network.shapes(vgg.CONVOLUTIONS, 224)
  assert [sizes[f'conv{block}_1'][:2] for block in range(1, 6)] == [
    (224, 224),
    (112, 112),
    (56, 56),
    (28, 28),
    (14, 14),
  ]
  assert sizes['conv5_3'] == (14, 14, 7)
  for tap, (height, _, _) in sizes.items():
    assert network.taps[tap].stride == 224 // height
  maps = network.apply(network.variables, np.zeros((2, 50, 34, 3), np.uint8), ['conv5_3'])
  assert maps['conv5_3'].shape == (2, 3, 2, 7)


def test_lower_taps_equal_those_of_the_whole_network(network):
  whole = network.apply(network.variables, IMAGES, vgg.CONVOLUTIONS)
  for layer in vgg.CONVOLUTIONS:
    maps = network.apply(network.variables, IMAGES, [layer])
    assert list(maps) == [layer]
    np.testing.assert_array_equal(maps[layer], whole[layer])
    assert (np.asarray(maps[layer]) >= 0).all()


def test_images_take_turns_where_maps_are_large(network):
  images = np.random.default_rng(1).integers(0, 256, (2 * jax.device_count(), 16, 24, 3), np.uint8)
  taps = ['conv1_2', 'conv5_3']
  variables = runtime.replicate(network.variables, runtime.data_mesh())
  compiled = network.compiled(taps).lower(variables, runtime.split(images, runtime.data_mesh())).compile()
  assert 'while' in compiled.as_text()
  assert 'all-' not in compiled.as_text()  # each stays on its device
  found = compiled(variables, runtime.split(images, runtime.data_mesh()))
  for i, image in enumerate(images):
    alone = network.compiled(taps)(network.variables, image[None])
    for tap in taps:
      np.testing.assert_allclose(np.asarray(found[tap])[i], alone[tap][0], atol=1e-4)


def test_nothing_above_the_highest_tap_is_computed(network):
  lower = {name: x for name, x in network.variables['params'].items() if name < 'conv3_2'}
  maps = network.apply({'params': lower}, IMAGES, ['conv1_2', 'conv3_1'])
  assert list(maps) == ['conv1_2', 'conv3_1']


def test_the_mean_is_taken_from_the_images(network):
  images = np.full((1, 32, 32, 3), network.preprocess.mean)
  bias = np.maximum(network.variables['params']['conv1_1']['bias'], 0)
  maps = network.apply(network.variables, images, ['conv1_1'])
  np.testing.assert_allclose(maps['conv1_1'][0, 5, 5], bias, atol=1e-6)


def test_bfloat16_is_close_to_float32(network):
  half = zoo.assemble(
    'tiny', tiny.architecture(), zoo.Ported(dict(network.variables), network.preprocess), network.provenance, 'bfloat16'
  )
  rough, exact = (one.apply(one.variables, IMAGES, ['conv5_3'])['conv5_3'] for one in (half, network))
  assert rough.dtype == jnp.bfloat16
  error = np.linalg.norm(rough.astype(np.float32) - exact)
  assert 0 < error / np.linalg.norm(exact) < 3e-2


def test_stages_are_one_network_cut_anywhere(network):
  prepared = network.preprocess(jnp.asarray(IMAGES))
  whole, _ = network.run(network.variables, prepared, frozenset(), 0, 13)
  for cut in range(1, 13):
    below, _ = network.run(network.variables, prepared, frozenset(), 0, cut)
    above, _ = network.run(network.variables, below, frozenset(), cut, 13)
    np.testing.assert_array_equal(whole, above)


def test_random_weights_are_a_network_of_their_own():
  one, other = (zoo.load('vgg16', weights='random') for _ in range(2))
  assert one.provenance == other.provenance
  assert one.run is other.run
  jax.tree.map(np.testing.assert_array_equal, one.variables, other.variables)
