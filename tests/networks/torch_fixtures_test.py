"""What torchvision and timm compute on drawn weights, at every tap.

`torch_parity.py --write` wrote the fixtures.
"""

import json
import pathlib

import jax
import numpy as np
import pytest

from saliency_jax.networks import vit
from tests.networks import made_zoo

_FIXTURES = pathlib.Path(__file__).with_name('fixtures')
_NETWORKS = {
  'resnet18': 'resnet18',
  'resnet50': 'resnet50',
  'vit_b16': 'vit_b16',
  'vit_b16_timm': 'vit_b16',
  **{name: name for name in made_zoo.VARIANTS},
}


@pytest.fixture(scope='module', params=_NETWORKS)
def case(request):
  """Yields torch's values and our network with the same weights."""
  name = _NETWORKS[request.param]
  with np.load(_FIXTURES / f'{request.param}.npz') as file:
    stored = dict(file)
  return stored, made_zoo.network(name, made_zoo.weights(json.loads(str(stored['shapes']))))


def test_every_tap_is_torchs(case):
  stored, network = case
  names = {name: network.resolve([name])[0] for name in stored['taps'].tolist()}
  assert set(names.values()) == set(network.taps)
  run = jax.jit(
    lambda variables, images: network.run(variables, images, frozenset(network.taps), 0, len(network.stages))
  )
  sizes = [key.removesuffix(' size') for key in stored if key.endswith(' size')]
  assert sizes
  for size in sizes:
    images = made_zoo.images(*map(int, size.split('x')))
    _, ours = run(network.variables, images)
    ours = {name: np.asarray(ours[tap]) for name, tap in names.items()}
    theirs = stored[f'{size} size']
    np.testing.assert_allclose([made_zoo.size(x) for x in ours.values()], theirs, rtol=1e-4)
    position = 0
    for (name, x), (_, greatest) in zip(ours.items(), theirs, strict=True):
      mine = made_zoo.sample(name, x)
      values = stored[f'{size} values'][position : position + len(mine)]
      np.testing.assert_allclose(mine, values, rtol=0, atol=1e-4 * greatest, err_msg=name)
      position += len(mine)
    assert position == len(stored[f'{size} values'])


def test_dinos_positions_are_torchs():
  with np.load(_FIXTURES / 'positions.npz') as file:
    position, wanted = made_zoo.positions(), dict(file)
  for grid, theirs in wanted.items():
    ours = vit.resize_positions(position, tuple(map(int, grid.split('x'))), offset=True)
    np.testing.assert_array_equal(ours[:, :1], position[:, :1])
    np.testing.assert_allclose(ours[0, 1:], theirs, atol=2e-6)
