"""The network: taps, shapes, depth of computation, names."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from saliency_jax.errors import InputError
from saliency_jax.networks import registry, vgg
from tests.experiments import made


def test_the_thirteen_convolutions_have_vgg16s_shapes():
  params = jax.eval_shape(
      vgg.VGG16(('conv5_3',)).init, jax.random.key(0),
      jnp.zeros((1, 32, 32, 3)))['params']
  # 14,714,688 parameters: Keras's count for VGG16(include_top=False).
  assert sum(x.size for x in jax.tree.leaves(params)) == 14_714_688
  assert tuple(sorted(params)) == vgg.CONVOLUTIONS
  assert params['conv3_1']['kernel'].shape == (3, 3, 128, 256)


def test_every_layer_is_a_tap_of_the_right_size():
  network, params = _every_layer()
  sizes = registry.map_sizes(network, params, 224)
  assert [sizes[f'conv{block}_1'][:2] for block in range(1, 6)] == [
      (224, 224), (112, 112), (56, 56), (28, 28), (14, 14)]
  assert sizes['conv5_3'] == (14, 14, 7)
  maps = network.apply(params, np.zeros((2, 50, 34, 3), np.uint8))
  assert {name: x.shape for name, x in maps.items()}['conv5_3'] == (2, 3, 2, 7)


def test_lower_taps_equal_those_of_the_whole_network():
  network, params = _every_layer()
  images = np.random.default_rng(0).integers(0, 256, (2, 32, 48, 3), np.uint8)
  whole = network.apply(params, images)
  for layer in vgg.CONVOLUTIONS:
    alone = registry.build(
        'vgg16', layers=(layer,), mean=made.MEAN, widths=made.WIDTHS)
    maps = alone.apply(params, images)
    assert list(maps) == [layer]
    np.testing.assert_array_equal(maps[layer], whole[layer])
    assert (np.asarray(maps[layer]) >= 0).all()


def test_the_mean_is_taken_from_the_images():
  network, params = _every_layer()
  images = np.full((1, 32, 32, 3), made.MEAN)
  bias = np.maximum(params['conv1_1']['bias'], 0)
  np.testing.assert_allclose(
      network.apply(params, images)['conv1_1'][0, 5, 5], bias, atol=1e-6)


def test_bfloat16_is_close_to_float32():
  network, params = _every_layer()
  half = registry.build(
      'vgg16', layers=('conv5_3',), mean=made.MEAN, widths=made.WIDTHS,
      dtype='bfloat16')
  images = np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3), np.uint8)
  rough = half.apply(params, images)['conv5_3']
  assert rough.dtype == jnp.bfloat16
  exact = np.asarray(network.apply(params, images)['conv5_3'])
  error = np.linalg.norm(rough.astype(np.float32) - exact)
  assert 0 < error / np.linalg.norm(exact) < 3e-2


@pytest.mark.parametrize(('changed', 'said'), [
    ({'layers': ('conv6_1',)}, 'conv1_1, conv1_2, .*, conv5_3'),
    ({'layers': ()}, 'at least one layer'),
    ({'layers': ('conv5_3', 'conv5_3')}, 'twice'),
    ({'name': 'vgg17'}, 'one of vgg16'),
    ({'dtype': 'float8'}, 'float32, bfloat16')])
def test_unknown_names_list_the_valid_ones(changed, said):
  arguments = {
      'name': 'vgg16', 'layers': ('conv5_3',), 'mean': made.MEAN} | changed
  with pytest.raises(InputError, match=said):
    registry.build(**arguments)


def _every_layer():
  network = registry.build(
      'vgg16', layers=vgg.CONVOLUTIONS, mean=made.MEAN, widths=made.WIDTHS)
  return network, made.network()[1]
