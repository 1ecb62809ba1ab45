"""Golden masks: what each depth trains, written out."""

import jax
import pytest

from saliency_jax.networks import trees, vgg
from saliency_jax.training import masks

PARAMS = {name: {'kernel': 0, 'bias': 0} for name in vgg.CONVOLUTIONS} | {
    'readout': {'kernel': 0}}
GOLDEN = {
    0: [],
    1: ['conv5_3'],
    2: ['conv5_2', 'conv5_3'],
    3: ['conv5_1', 'conv5_2', 'conv5_3'],
    4: ['conv4_3', 'conv5_1', 'conv5_2', 'conv5_3'],
    5: ['conv4_2', 'conv4_3', 'conv5_1', 'conv5_2', 'conv5_3'],
    6: ['conv4_1', 'conv4_2', 'conv4_3', 'conv5_1', 'conv5_2', 'conv5_3'],
    13: list(vgg.CONVOLUTIONS)}


@pytest.mark.parametrize('depth', GOLDEN)
def test_a_depth_trains_the_top_convolutions_and_the_readout(depth):
  chosen, frozen = trees.split(PARAMS, masks.trained(PARAMS, depth))
  expected = [
      f'{layer}/{leaf}' for layer in GOLDEN[depth]
      for leaf in ('bias', 'kernel')] + ['readout/kernel']
  assert trees.names(chosen) == expected
  assert len(jax.tree.leaves(frozen)) == 2 * (13 - depth)


@pytest.mark.parametrize('depth', [-1, 14])
def test_other_depths_are_errors(depth):
  with pytest.raises(ValueError, match='0 to 13'):
    masks.trained(PARAMS, depth)
