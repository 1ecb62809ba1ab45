"""A vision transformer of three small blocks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from saliency_jax.errors import InputError
from saliency_jax.networks import architecture, trees, vit
from saliency_jax.networks import taps as tap_tools
from saliency_jax.networks.weights import port_table

_SMALL = vit.Variant(16, depth=3, heads=2)


@pytest.fixture(scope='module')
def small():
  """The module and its variables, drawn."""
  module = vit.ViT(_SMALL)
  variables = jax.jit(module.init)(jax.random.key(0), jnp.zeros((1, 32, 32, 3)))
  return module, variables


def test_the_table_has_every_tap_as_a_grid(small):
  module, variables = small
  table = architecture.inspected(module)[1]
  names = frozenset(tap.name for tap in table)
  assert len(names) == len(table)
  aliases = {tap.name: tap.aliases for tap in table}
  assert aliases['embed'] == ('encoder.dropout', 'pos_drop')
  assert aliases['blocks.2.attn'] == (
    'encoder.layers.encoder_layer_2.self_attention',
    'visual.transformer.resblocks.2.attn',
  )
  _, found = jax.eval_shape(lambda x: module.apply(variables, x, names), jnp.zeros((2, 48, 80, 3)))
  assert set(found) == names
  for tap in table:
    maps = jax.eval_shape(lambda x, tap=tap: tap_tools.as_maps(x, tap, (48, 80)), found[tap.name])
    assert maps.shape == (2, 3, 5, 16)


def test_stages_can_be_run_one_after_another(small):
  module, variables = small
  table, stages = architecture.inspected(module)[1], module.parts()
  x = jax.random.normal(jax.random.key(1), (1, 32, 48, 3))
  names = frozenset(tap.name for tap in table)
  whole, wanted = module.apply(variables, x, names)
  np.testing.assert_array_equal(whole, wanted['norm'])
  found = {}
  for stage in range(len(stages)):
    x, part = module.apply(variables, x, names, stage, stage + 1)
    assert set(part) == {tap.name for tap in table if tap.stage == stage}
    found |= part
  for name, value in wanted.items():
    np.testing.assert_allclose(found[name], value, atol=1e-5, err_msg=name)


def test_stages_have_every_parameter(small):
  module, variables = small
  stages = trees.match(variables['params'], [(stage.parameters, stage.name) for stage in module.parts()])
  assert stages['pos_embed'] == 'embed'
  assert stages['norm']['scale'] == 'blocks.2'


def test_other_sizes_end_in_a_sentence(small):
  module, variables = small
  with pytest.raises(InputError, match='multiples of 16 pixels.* 32 x 40;'):
    module.apply(variables, jnp.zeros((1, 32, 40, 3)))


def test_positions_of_the_trained_grid_are_left_alone():
  position = jax.random.normal(jax.random.key(0), (1, 10, 4))
  assert vit.resize_positions(position, (3, 3), offset=True) is position
  other = vit.resize_positions(position, (6, 4), offset=False)
  assert other.shape == (1, 25, 4)
  np.testing.assert_array_equal(other[:, 0], position[:, 0])


def test_bfloat16_is_near_float32(small):
  module, variables = small
  x = jax.random.normal(jax.random.key(1), (1, 32, 32, 3))
  y, _ = module.apply(variables, x)
  less, _ = module.clone(dtype=jnp.bfloat16).apply(variables, x)
  assert less.dtype == jnp.bfloat16
  np.testing.assert_allclose(less.astype(jnp.float32), y, atol=0.1)


def test_what_distinguishes_the_variants():
  """As their repositories state it; DINOv2 with registers was made without the offset."""
  for name, of in vit.VARIANTS.items():
    second, registers, clip = name.startswith('dinov2'), name.endswith('_reg'), name.startswith('clip')
    assert of.patch == int(name.removesuffix('_reg').rpartition('_')[2][1:]), name
    assert of.patch * of.grid == (518 if second else 224), name
    assert (of.scaled, of.registers, of.clip) == (second, 4 * registers, clip), name
    assert of.offset == (name.startswith('dino') and not registers), name
    assert of.width == 64 * of.heads, name


def test_what_files_of_timm_have_besides_is_left_out():
  assert port_table._assign('vit', vit.TIMM, ['head.weight', 'mask_token'], []) == {}
  with pytest.raises(InputError, match='mask_token_2'):
    port_table._assign('vit', vit.TIMM, ['mask_token_2'], [])
