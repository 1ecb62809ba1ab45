"""ResNets of small width-to-depth: stages, taps and what they cost."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from saliency_jax.networks import architecture, resnet, trees, zoo

_BLOCKS = (1, 2, 1, 1)


def _run(module, variables, x, *rest):
  return jax.jit(lambda variables, x: module.apply(variables, x, *rest))(variables, x)


@pytest.fixture(scope='module', params=[False, True])
def small(request):
  """A ResNet of five blocks, its variables drawn, and its taps."""
  module = resnet.ResNet(_BLOCKS, request.param)
  shapes = jax.eval_shape(module.init, jax.random.key(0), jnp.zeros((1, 32, 32, 3)))
  rng = np.random.default_rng(0)
  variables = jax.tree.map(
    lambda x: (
      rng.uniform(0.5, 1.5, x.shape).astype(np.float32)
      if len(x.shape) == 1
      else rng.standard_normal(x.shape, np.float32) * np.float32(np.prod(x.shape[:3]) ** -0.5)
    ),
    shapes,
  )
  return module, variables, architecture.inspected(module)[1]


def test_the_table_has_every_tap_with_its_stride(small):
  module, variables, table = small
  names = frozenset(tap.name for tap in table)
  assert len(names) == len(table)
  _, found = jax.eval_shape(lambda x: module.apply(variables, x, names), jnp.zeros((1, 225, 193, 3)))
  assert set(found) == names
  for tap in table:
    assert tap.kind == 'map'
    assert found[tap.name].shape[1:3] == (-(-225 // tap.stride), -(-193 // tap.stride)), tap


def test_stages_can_be_run_one_after_another(small):
  module, variables, table = small
  x = jax.random.normal(jax.random.key(1), (1, 40, 56, 3))
  names = frozenset(tap.name for tap in table)
  whole, wanted = _run(module, variables, x, names)
  found = {}
  for stage in range(len(resnet.STAGES)):
    x, part = _run(module, variables, x, names, stage, stage + 1)
    assert set(part) == {tap.name for tap in table if tap.stage == stage}
    found |= part
  np.testing.assert_allclose(x, whole, rtol=1e-5, atol=1e-5)
  for name, value in wanted.items():
    np.testing.assert_allclose(found[name], value, rtol=1e-4, atol=1e-4, err_msg=name)


@pytest.mark.parametrize(
  ('name', 'count'),
  [('resnet34', 21_797_672 - 513_000), ('resnet101', 44_549_160 - 2_049_000), ('vgg19', 143_667_240 - 123_642_856)],
)
def test_networks_have_as_many_parameters_as_torchvisions_without_their_dense_layers(name, count):
  assert sum(x.size for x in jax.tree.leaves(zoo.outline(name).variables['params'])) == count


def test_stages_have_every_parameter(small):
  _, variables, _ = small
  stages = trees.match(variables['params'], [(stage.parameters, stage.name) for stage in resnet.STAGES])
  assert stages['conv1'] == {'kernel': 'stem'}
  assert set(jax.tree.leaves(stages['layer3'])) == {'layer3'}


def test_a_layers_tap_is_its_last_blocks(small):
  _, _, table = small
  (tap,) = (tap for tap in table if 'layer2.1' in tap.aliases)
  assert tap.name == 'layer2'
  # torchvision's downsample is a convolution and the batch norm that ends it.
  assert [tap.aliases for tap in table if tap.name == 'layer2.0.downsample'] == [('layer2.0.downsample.1',)]
  assert table[2].aliases == ('act1',)


def test_a_sum_is_read_before_it_is_rectified(small):
  module, variables, _ = small
  x = np.random.default_rng(1).standard_normal((1, 32, 32, 3), np.float32)
  _, found = module.apply(variables, x, ('layer2.0', 'layer2.0.add'))
  assert found['layer2.0.add'].min() < 0
  np.testing.assert_array_equal(found['layer2.0'], np.maximum(found['layer2.0.add'], 0))


def test_bfloat16_is_near_float32(small):
  module, variables, _ = small
  x = jax.random.normal(jax.random.key(1), (1, 32, 32, 3))
  y, _ = _run(module, variables, x)
  less, _ = _run(module.clone(dtype=jnp.bfloat16), variables, x)
  assert less.dtype == jnp.bfloat16
  np.testing.assert_allclose(less.astype(jnp.float32), y, atol=0.05 * float(jnp.abs(y).max()))
