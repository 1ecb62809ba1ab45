"""Networks of one's own: taps of any module, and of a function."""

import functools
import hashlib
import pathlib
import re

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from saliency_jax.errors import InputError
from saliency_jax.networks import adapters, cuts, heads, user_networks, zoo
from saliency_jax.networks.preprocess import Preprocess
from saliency_jax.networks.taps import Tap
from tests import tiny

IMAGES = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)
SMALL = Preprocess(image_size=32)


class Shared(nn.Module):
  """One module twice, two sums that are no modules, and tokens."""

  @nn.compact
  def __call__(self, x):
    twice = nn.Conv(3, (3, 3), name='twice')
    x = twice(twice(x))
    for number in (1, 2):
      self.sow('intermediates', 'sum', x + number)
    x = nn.Conv(5, (8, 8), strides=8, name='patches')(x)
    tokens = x.reshape(len(x), -1, 5)
    first = jnp.zeros((len(x), 1, 5))
    return nn.LayerNorm(name='tokens')(jnp.concatenate([first, tokens], 1))


def test_the_file_that_defines_a_network_is_known_by_its_hash():
  digest = hashlib.sha256(pathlib.Path(tiny.__file__).read_bytes()).hexdigest()
  assert user_networks.code('tests.tiny:vgg') == user_networks.code('torch:tests.tiny:vgg') == digest
  assert user_networks.code('vgg16') == user_networks.code('timm:resnet18') == ''


@pytest.fixture(scope='module')
def shared():
  module = Shared()
  variables = module.init(jax.random.key(0), jnp.zeros((1, 32, 32, 3)))
  return module, variables, adapters.from_linen(module, variables, preprocess=SMALL)


def test_every_modules_output_is_a_tap_in_the_order_of_the_computation():
  network = tiny.nested()
  assert list(network.taps) == [
    'block0.conv',
    'block0.norm',
    'block0',
    'block1.conv',
    'block1.norm',
    'block1',
    'head',
    'output',
  ]
  assert network.readout_tap == 'block1'
  assert network.taps['head'].kind == 'vector'
  assert network.shapes(['block1', 'head']) == {'block1': (8, 8, 5), 'head': (3,)}


@pytest.mark.parametrize('scale', [1.0, 5.0])
@pytest.mark.parametrize('std', [(1.0, 1.0, 1.0), (1.0, 2.0, 4.0)])
def test_images_are_prepared_as_stated(scale, std):
  image = np.array([[[[50, 100, 200]]]], np.uint8)
  seen = Preprocess(1, (2.0, 3.0, 4.0), std, scale, bgr=True)
  expected = (image / scale - np.array(seen.mean)) / np.array(std)
  np.testing.assert_allclose(seen(jnp.asarray(image)), expected[..., ::-1], rtol=1e-6)
  assert ('/ (1.0, 2.0, 4.0)' in seen.formula()) == (std[1] == 2)


def test_maps_are_what_the_module_computes():
  network = tiny.nested()
  maps = network.apply(network.variables, IMAGES, ['block0.norm', 'block1'])
  x = (IMAGES / 255 - np.array(SMALL.mean)) / np.array(SMALL.std)
  x = x.astype(np.float32)
  for number in range(2):
    params, stats = (network.variables[name][f'block{number}'] for name in ('params', 'batch_stats'))
    x = (
      jax.lax.conv_general_dilated(
        x, params['conv']['kernel'], (2, 2), 'SAME', dimension_numbers=('NHWC', 'HWIO', 'NHWC')
      )
      + params['conv']['bias'][None, None, None]
    )
    scale = params['norm']['scale'] / np.sqrt(stats['norm']['var'] + 1e-5)
    x = (x - stats['norm']['mean'][None, None, None]) * scale[None, None, None] + params['norm']['bias'][
      None, None, None
    ]
    if number == 0:
      np.testing.assert_allclose(maps['block0.norm'], x, atol=1e-4)
    x = np.maximum(x, 0)
  np.testing.assert_allclose(maps['block1'], x, atol=1e-4)


def test_shared_modules_and_what_is_sown_have_names(shared):
  module, variables, network = shared
  assert list(network.taps) == ['twice#0', 'twice#1', 'sum#0', 'sum#1', 'patches', 'tokens', 'output']
  maps = network.apply(network.variables, IMAGES, ['twice#0', 'twice#1', 'sum#0', 'sum#1'])
  for number in range(2):
    np.testing.assert_allclose(maps[f'sum#{number}'], maps['twice#1'] + number + 1, atol=1e-6)
  assert np.abs(maps['twice#0'] - maps['twice#1']).max() > 1e-3


class Helped(nn.Module):
  """Calls a method of its own and one module, each before others."""

  def setup(self):
    self.act, self.first, self.last = Act(), Three(), Three()

  def halve(self, x):
    return self.act(x[:, ::2, ::2])

  def __call__(self, x):
    return self.act(self.last(self.halve(self.first(x)))).mean((1, 2))


class Act(nn.Module):
  def __call__(self, x):
    return nn.relu(x)


class Three(nn.Module):
  @nn.compact
  def __call__(self, x):
    if x.shape[1] not in (32, 16):
      raise KeyError('another size')
    return nn.Conv(3, (3, 3), name='conv')(x)


@pytest.fixture(scope='module')
def helped():
  module = Helped()
  return adapters.from_linen(module, module.init(jax.random.key(0), jnp.zeros((1, 32, 32, 3))), preprocess=SMALL)


def test_helper_methods_and_calls_again_keep_the_order(helped):
  assert list(helped.taps) == ['first.conv', 'first', 'act#0', 'last.conv', 'last', 'act#1', 'output']
  assert helped.readout_tap == helped.top_tap == 'act#1'  # the last map, on it a head is trained


def test_a_size_that_a_users_code_refuses_is_said(helped):
  with pytest.raises(InputError, match='does not take images of 40 x 40 pix'):
    helped.shapes(['last'], 40)


def test_tokens_become_maps(shared, caplog):
  module, variables, network = shared
  with caplog.at_level('WARNING'):
    adapters.from_linen(module, variables, preprocess=SMALL)
  assert 'Shared: the first 1 of its tokens' in caplog.text
  tap = network.taps['tokens']
  assert (tap.kind, tap.prefix, tap.stride) == ('tokens', 1, 8)
  maps = network.apply(network.variables, IMAGES, ['tokens'])['tokens']
  tokens = module.apply(variables, network.preprocess(IMAGES))
  assert maps.shape == (2, 4, 4, 5)
  np.testing.assert_allclose(maps[1, 2, 3], tokens[1, 1 + 2 * 4 + 3], atol=1e-5)
  with pytest.raises(InputError, match='are no grid .* state its stride'):
    network.replace(taps=network.taps | {'tokens': tap._replace(prefix=2)}).shapes(['tokens'])


@pytest.mark.parametrize(
  ('returned', 'says'),
  [
    (lambda x: x, 'returns a DynamicJaxprTracer, not {tap: array}'),
    (lambda x: {'a': x.transpose(0, 3, 1, 2)}, r'a is \(3, 3, 32, 32\), with channels first'),
    (lambda x: {'a': x[0]}, r'no maps .* for 3 images it has a \(32, 32, 3\)'),
    (lambda x: {'a': x - x.mean(0, keepdims=True)}, 'other values at a for the same image in another batch'),
    (lambda x: {'a': x + jnp.arange(3.0).reshape(3, 1, 1, 1)}, 'cannot be applied to 2 images: add got incompatible'),
    (lambda x: {}, 'for 3 images it has none that are as high as wide'),
  ],
)
def test_what_a_function_returns_is_said(returned, says):
  with pytest.raises(InputError, match=says):
    adapters.from_function(lambda variables, x: returned(x), {'w': 1.0}, preprocess=SMALL)


def test_a_tap_is_of_the_highest_stage_that_it_depends_on(monkeypatch, caplog):
  def apply(variables, x):
    low = x @ variables['low']
    return {'high': low @ variables['high'], 'low': low, 'images': x, 'waves': jnp.fft.fft(low)}

  weights = {'low': jnp.ones((3, 4)), 'high': jnp.ones((4, 5))}
  network = adapters.from_function(apply, weights, preprocess=SMALL, stages=[('a', 'low'), ('b', 'high')])
  # Complex maps are none: their real part alone would be scored.
  assert {name: tap.stage for name, tap in network.taps.items()} == {'high': 1, 'low': 0, 'images': None}
  below = network.replace(readout_tap='low')
  assert cuts.stages_below(below) == 1
  assert cuts.trained(below, 1) == {'low': True, 'high': False}
  monkeypatch.delattr('jax.interpreters.partial_eval.dce_jaxpr')  # internal to JAX
  later = adapters.from_function(apply, weights, preprocess=SMALL, stages=network.stages)
  assert {tap.stage for tap in later.taps.values()} == {None}
  assert cuts.trained(later, 1) == {'low': False, 'high': True}
  assert 'cannot be found with this JAX' in caplog.text


def test_a_network_with_batch_statistics_may_have_stages():
  stages = [(name, f'{name}/.*') for name in ('block0', 'block1', 'head')]
  variables = tiny.nested().variables
  network = adapters.from_linen(tiny.Nested(), variables, preprocess=SMALL, call={'train': False}, stages=stages)
  assert [network.taps[name].stage for name in ('block0.norm', 'block0', 'block1.conv', 'output')] == [0, 0, 1, 2]


def test_no_image_is_said(helped):
  with pytest.raises(InputError, match='There is no image'):
    helped.maps([])
  for wrong in (IMAGES[0, ..., 0], IMAGES[0, :0]):
    with pytest.raises(InputError, match=re.escape(f'this is uint8 {[*wrong.shape]} (')):
      helped.maps(wrong)
  np.testing.assert_array_equal(helped.maps(Image.fromarray(IMAGES[0]))['act#1'], helped.maps(IMAGES[0])['act#1'])


def test_a_function_is_a_network():
  def apply(variables, images):
    maps = images @ variables['weights']
    return {'maps': maps, 'mean': maps.mean((1, 2)), 'squeezed': maps.mean((1, 2), keepdims=True)}

  weights = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
  network = adapters.from_function(apply, {'weights': weights}, preprocess=SMALL)
  assert [(tap.name, tap.kind) for tap in network.taps.values()] == [
    ('maps', 'map'),
    ('mean', 'vector'),
    ('squeezed', 'map'),
  ]
  # A single cell is a constant map: neither dissected nor read out unless it is named.
  assert (network.default_taps, network.readout_tap) == (('maps',), 'maps')
  np.testing.assert_allclose(network.maps(IMAGES[0])['maps'], network.preprocess(IMAGES[:1]) @ weights, atol=1e-5)


def test_no_product_rounds_float32(shared):
  """On GPUs and TPUs JAX would do so by default; a CPU shows no difference."""
  networks = [
    shared[-1],
    adapters.from_function(lambda p, x: {'maps': x @ p['kernel']}, {'kernel': jnp.ones((3, 4))}, preprocess=SMALL),
    zoo.outline('resnet18'),
  ]
  trained = heads.attach(networks[0], heads.READOUT, heads.READOUT.init(jax.random.key(0), (4, 4, 5)))

  def loss(variables, network):
    return sum(x.sum() for x in network.apply(variables, IMAGES, [network.readout_tap]).values())

  for network in (*networks, trained.replace(readout_tap='saliency')):
    program = str(jax.make_jaxpr(jax.grad(functools.partial(loss, network=network)))(network.variables))
    assert set(re.findall(r'\bprecision=(.*)', program)) == {'(Precision.HIGHEST, Precision.HIGHEST)'}
  dense = heads.dense((4,), 2)
  program = str(jax.make_jaxpr(dense.apply)(dense.init(jax.random.key(0), (4, 4, 3)), jnp.ones((1, 4, 4, 3))))
  assert set(re.findall(r'\bprecision=(.*)', program)) == {'(Precision.HIGHEST, Precision.HIGHEST)'}


def test_a_function_is_for_any_number_of_images():
  with pytest.raises(InputError, match='cannot be applied to 3 images of 32 x 32 pixels: .*reshape'):
    adapters.from_function(lambda _, x: {'maps': x.reshape(1, 16, 16, 12)}, {'w': 1.0}, preprocess=SMALL)


@pytest.mark.parametrize(
  ('change', 'says'),
  [
    ({'preprocess': SMALL._replace(std=(0.0, 1.0, 1.0))}, 'above 0'),
    ({'preprocess': SMALL._replace(resize='nearest')}, 'bilinear, bicubic'),
    ({'preprocess': SMALL._replace(image_size=0)}, 'image_size is 0; give'),
    ({'preprocess': SMALL._replace(image_size=32.0)}, 'image_size is 32.0'),
    ({'stages': [('top', 'patches/.*')]}, 'do not fit its parameters'),
    ({'taps': [Tap('x')]}, "no tap 'x'; it has twice#0"),
    ({'call': {'train': 1}}, 'cannot be applied to 3 images of 32 x 32'),
  ],
)
def test_what_is_wrong_is_said(shared, change, says):
  module, variables, _ = shared
  with pytest.raises(InputError, match=says):
    adapters.from_linen(module, variables, **{'preprocess': SMALL} | change)


def failing():
  np.testing.assert_array_equal(3, 3)
  raise ValueError('3 is not 4')


@pytest.mark.parametrize(
  ('name', 'says'),
  [
    ('tests.nothing:make', r"cannot be loaded \(ModuleNotFoundError: No module named 'tests.nothing'\)"),
    ('lacking:make', r'ModuleNotFoundError at \S+lacking.py:1: No module'),
    ('tests.tiny:none', 'cannot be'),
    ('tests.tiny:params', 'returns a dict'),
    ('json:dumps', "argument: 'obj'"),
    ('tests.networks.adapters_test:failing', r'ValueError at \S+adapters_test.py:\d+: 3 is not 4'),
  ],
)
def test_a_function_that_gives_no_network_is_named(name, says, tmp_path, monkeypatch):
  (tmp_path / 'lacking.py').write_text('import nowhere')
  monkeypatch.syspath_prepend(tmp_path)
  with pytest.raises(InputError, match=says):
    zoo.load(name)


@pytest.mark.parametrize('options', [{'weights': 'random'}, {'preprocessing': 'caffe'}])
def test_weights_of_a_network_that_has_its_own_are_refused(options):
  with pytest.raises(InputError, match='brings its own variables'):
    zoo.load('tests.tiny:nested', **options)


def test_a_network_of_ones_own_computes_in_bfloat16():
  network = zoo.load('tests.tiny:nested', dtype='bfloat16')
  exact = zoo.load('tests.tiny:nested')
  rough = network.apply(network.variables, IMAGES, ['block1'])['block1']
  assert rough.dtype == jnp.bfloat16
  np.testing.assert_allclose(
    rough.astype(np.float32), exact.apply(exact.variables, IMAGES, ['block1'])['block1'], rtol=0.1, atol=0.1
  )
  assert exact.provenance.sha256 == network.provenance.sha256 != ''
  # A variance is no parameter: rounded, this one would be .25.
  near = jax.tree.map(np.asarray, dict(network.variables))
  near['batch_stats']['block1']['norm']['var'][:] = 0.2504
  same = jax.tree.map(np.copy, near)
  same['batch_stats']['block1']['norm']['var'][:] = 0.25
  assert not np.array_equal(*(network.apply(one, IMAGES, ['block1.norm'])['block1.norm'] for one in (near, same)))


class Heads(nn.Module):
  """Mixes tokens, then attends with two heads."""

  @nn.compact
  def __call__(self, x):
    x = nn.Conv(4, (4, 4), 4, name='patches')(x).reshape(len(x), 64, 4)
    mixed = nn.Dense(64, name='mixed')(jnp.swapaxes(x, 1, 2))
    return nn.MultiHeadDotProductAttention(2, name='attention')(jnp.swapaxes(mixed, 1, 2))


def test_heads_and_mixed_tokens_are_no_maps():
  variables = Heads().init(jax.random.key(0), jnp.zeros((1, 32, 32, 3)))
  network = adapters.from_linen(Heads(), variables, preprocess=SMALL)
  assert list(network.taps) == ['patches', 'attention.out', 'attention', 'output']
