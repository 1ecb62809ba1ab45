"""The published models against definitions that are written separately."""

import zlib

import jax
import numpy as np
import pytest

from saliency_jax.networks import conv_layers, trees, zoo
from saliency_jax.networks.network import Provenance
from tests.networks.saliency import deepgaze_definition, definitions, recurrent_definitions

# Odd and never square, as far as a model takes them.
_CASES = {
  'msi_net': (definitions.MSI_NET, definitions.msi_net, (37, 50)),
  'dva': (definitions.DVA, definitions.dva, (28, 36)),
  'salicon': (definitions.SALICON, definitions.salicon, (75, 49)),
  'sam_vgg': (recurrent_definitions.SAM_VGG, recurrent_definitions.sam_vgg, (43, 58)),
  'sam_resnet': (recurrent_definitions.SAM_RESNET, recurrent_definitions.sam_resnet, (33, 42)),
  'deepfix': (definitions.DEEPFIX, definitions.deepfix, (43, 58)),
  'pdp': (definitions.PDP, definitions.pdp, (43, 58)),
  'unisal': (recurrent_definitions.UNISAL, recurrent_definitions.unisal, (64, 32)),
  'deepgaze2': (deepgaze_definition.DEEPGAZE, deepgaze_definition.deepgaze, (48, 80)),
}


def drawn(name, shape):
  """Returns an array of a file: nothing in it is 0 or 1 by default."""
  rng = np.random.default_rng(zlib.crc32(name.encode()))
  if not shape:
    return np.array(6, np.float32 if name.endswith('sigma') else np.int64)
  if name.endswith('gamma'):  # residual sums stay in one size
    return rng.uniform(0.2, 0.5, shape).astype(np.float32)
  if name.endswith(('running_var', 'running_std')) or (name.endswith('weight') and len(shape) == 1):
    return rng.uniform(0.5, 1.5, shape).astype(np.float32)
  if 'learningprior' in name:
    return rng.uniform(0, 1, shape).astype(np.float32)
  normal = rng.standard_normal(shape, np.float32)
  if len(shape) == 4 and shape[0] > 1 or shape[-1] in (3, 5, 41):
    fan = np.prod(shape[:3] if shape[0] == shape[1] <= 3 else shape[1:])
    return normal * np.float32((2 / fan) ** 0.5)
  return normal * np.float32(0.1)


@pytest.mark.parametrize('name', _CASES)
def test_every_tap_is_as_defined(name, monkeypatch):
  # Winograd's transforms have tests of their own, and take long to compile.
  monkeypatch.setattr(conv_layers, 'on_cpu', lambda: False)
  shapes, define, size = _CASES[name]
  arrays = {key: drawn(key, shape) for key, shape in shapes.items()}
  found = zoo.architecture(name)
  stages = len(found.stages)
  ported = found.port(arrays, zoo.shapes(found.shapes), None)
  image = np.random.default_rng(0).standard_normal((*size, 3), np.float32)
  network = zoo.assemble(name, found, ported, Provenance('', '', ''))
  trees.match(ported.variables['params'], [(stage.parameters, stage.name) for stage in network.stages])
  run = jax.jit(lambda variables, x: network.run(variables, x, frozenset(network.taps), 0, stages)[1])
  ours = run(ported.variables, image[None])
  theirs = define(arrays, image.transpose(2, 0, 1))
  assert set(theirs) == set(network.taps)
  for tap, wanted in theirs.items():
    got = np.moveaxis(np.asarray(ours[tap][0]), -1, 0)
    assert got.shape == wanted.shape, tap
    assert np.ptp(wanted) > 1e-3 * np.abs(wanted).max(), tap  # not constant
    np.testing.assert_allclose(got, wanted, atol=1e-4 * np.abs(wanted).max(), rtol=0, err_msg=tap)
