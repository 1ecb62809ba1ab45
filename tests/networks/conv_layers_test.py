"""Layers of a CPU beside the library's, in whole networks and alone."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from saliency_jax import runtime
from saliency_jax.networks import conv_layers


def _library(params, x, dtype):
  return nn.relu(nn.Conv(params['kernel'].shape[-1], (3, 3), padding='SAME', dtype=dtype).apply({'params': params}, x))


@pytest.fixture
def winograd(monkeypatch) -> list:
  """The kernels that are convolved in Winograd's way."""
  kernels, convolve = [], conv_layers.cpu_layers.convolve
  monkeypatch.setattr(
    conv_layers.cpu_layers, 'convolve', lambda x, kernel: kernels.append(kernel) or convolve(x, kernel)
  )
  return kernels


# Below and above the number of units from which Winograd's way is taken.
@pytest.mark.parametrize(('below', 'units'), [(3, 8), (64, 8), (64, 64)])
def test_a_convolution_is_the_librarys(below, units, winograd):
  rng = np.random.default_rng(units)
  x = rng.standard_normal((2, 5, 4, below), np.float32)
  layer = conv_layers.Convolution(units)
  params = layer.init(jax.random.key(0), x)['params']
  params['bias'] = rng.standard_normal(units).astype(np.float32)
  cotangent = rng.standard_normal((2, 5, 4, units), np.float32)
  winograd.clear()
  y, gradient = jax.vjp(lambda params, x: layer.apply({'params': params}, x), params, x)
  wanted, other = jax.vjp(lambda params, x: _library(params, x, jnp.float32), params, x)
  np.testing.assert_allclose(y, wanted, atol=2e-5)
  for mine, theirs in zip(jax.tree.leaves(gradient(cotangent)), jax.tree.leaves(other(cotangent)), strict=True):
    np.testing.assert_allclose(mine, theirs, atol=1e-4)
  assert bool(winograd) == (min(below, units) == 64)


def test_the_parameters_are_the_librarys():
  x = jnp.zeros((1, 4, 4, 3))
  mine, theirs = (
    module.init(jax.random.key(0), x)['params'] for module in (conv_layers.Convolution(7), nn.Conv(7, (3, 3)))
  )
  jax.tree.map(np.testing.assert_array_equal, mine, theirs)


def test_float32_is_float32_on_every_device(monkeypatch):
  """Unasked, a GPU would round products to TF32 and a TPU to bfloat16."""
  monkeypatch.setattr(jax, 'default_backend', lambda: 'gpu')
  layer = conv_layers.Convolution(8)
  x = jnp.zeros((1, 4, 4, 3))
  params = layer.init(jax.random.key(0), x)
  precise = runtime.full_precision(layer.apply)
  gradient = jax.jit(jax.grad(lambda *args: precise(*args).sum(), (0, 1)))
  text = gradient.trace(params, x).lower(lowering_platforms=('cuda',)).as_text()
  lines = [line for line in text.splitlines() if 'convolution(' in line or 'dot_general' in line]
  assert len(lines) == 4  # and the bias
  for line in lines:
    assert line.count('HIGHEST') == 2


def test_a_bias_loses_nothing_of_its_gradient_in_bfloat16():
  cotangent = np.ones((2, 64, 64, 4), np.float32)
  layer = conv_layers.Convolution(4, jnp.bfloat16)
  params = layer.init(jax.random.key(0), cotangent)
  params['params']['bias'] += 1e3  # so that the ReLU lets everything through
  _, gradient = jax.vjp(lambda params: layer.apply(params, cotangent), params)
  bias = gradient(jnp.asarray(cotangent, jnp.bfloat16))[0]['params']['bias']
  np.testing.assert_allclose(bias, 2 * 64 * 64, rtol=0.004)


def test_less_precise_arithmetic_is_left_to_the_library():
  rng = np.random.default_rng(0)
  x = rng.standard_normal((1, 4, 4, 256), np.float32)
  layer = conv_layers.Convolution(256, jnp.bfloat16)
  params = layer.init(jax.random.key(0), x)['params']
  y = layer.apply({'params': params}, x)
  assert y.dtype == jnp.bfloat16
  np.testing.assert_array_equal(y, _library(params, x, jnp.bfloat16))


@pytest.mark.parametrize('backend', ['cpu', 'gpu'])
def test_pooling_is_the_same_on_every_backend(backend, monkeypatch):
  monkeypatch.setattr(jax, 'default_backend', lambda: backend)
  x = np.arange(60, dtype=np.float32).reshape(1, 5, 4, 3)
  np.testing.assert_array_equal(conv_layers.max_pool(x), x[:, :4].reshape(1, 2, 2, 2, 2, 3).max((2, 4)))


@pytest.mark.parametrize(
  ('batch', 'side', 'units', 'transformed'),
  [(2, 129, 64, False), (2, 128, 64, True), (2, 129, 256, True), (2, 129, 255, False), (1, 129, 64, True)],
)
def test_large_maps_of_several_images_take_more_units(batch, side, units, transformed, winograd):
  x = jax.ShapeDtypeStruct((batch, side, side, units), jnp.float32)
  layer = conv_layers.Convolution(units, rectify=False, bias=False)
  jax.eval_shape(layer.init, jax.random.key(0), x)
  assert bool(winograd) == transformed


@pytest.mark.parametrize(('size', 'stride'), [(1, 1), (1, 2), (3, 1), (3, 2), (7, 2)])
@pytest.mark.parametrize('shape', [(6, 8), (7, 5)])
def test_zeros_lie_on_both_sides(size, stride, shape):
  """Also of even maps, where 'SAME' would put them on one side alone."""
  rng = np.random.default_rng(size)
  x = rng.standard_normal((1, *shape, 2), np.float32)
  layer = conv_layers.Convolution(3, size=size, stride=stride, rectify=False, bias=False)
  params = layer.init(jax.random.key(0), x)
  around = size // 2
  windows = np.lib.stride_tricks.sliding_window_view(
    np.pad(x, ((0, 0), (around,) * 2, (around,) * 2, (0, 0))), (size, size), (1, 2)
  )[:, ::stride, ::stride]
  wanted = np.einsum('bhwcij,ijck->bhwk', windows, params['params']['kernel'])
  np.testing.assert_allclose(layer.apply(params, x), wanted, atol=1e-5)


@pytest.mark.parametrize('backend', ['cpu', 'gpu'])
@pytest.mark.parametrize('shape', [(6, 8), (7, 5)])
def test_windows_of_three_reach_over_the_border(backend, shape, monkeypatch):
  monkeypatch.setattr(jax, 'default_backend', lambda: backend)
  x = np.random.default_rng(0).standard_normal((2, *shape, 3), np.float32) - 9
  padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=-np.inf)
  windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
  np.testing.assert_array_equal(conv_layers.max_pool_3x3(x), windows[:, ::2, ::2].max((-2, -1)))
