"""Porting by a table is total, or it ends in a sentence."""

import re

import jax
import ml_dtypes
import numpy as np
import pytest
import safetensors.numpy

from saliency_jax import files
from saliency_jax.errors import InputError
from saliency_jax.networks import resnet, vit, zoo
from saliency_jax.networks.preprocess import Preprocess
from saliency_jax.networks.weights import known_weights, port_table, variable_files

_PORT = port_table.porter('a network', resnet.TABLE)
_WIDTHS = {'conv1': (7, 7, 3, 64), 'layer4/0/downsample/0': (1, 1, 4, 5)}
_EXPECTED = (
  {f'{name}/kernel': shape for name, shape in _WIDTHS.items()}
  | {f'{name}/{kind}': (3,) for name in ('bn1', 'layer4/0/downsample/1') for kind in ('scale', 'bias')}
  | {f'batch_stats:{name}/{kind}': (3,) for name in ('bn1', 'layer4/0/downsample/1') for kind in ('mean', 'var')}
)


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
  """A state_dict of two convolutions and two norms, all values different."""
  shapes = {'conv1.weight': (64, 3, 7, 7), 'layer4.0.downsample.0.weight': (5, 4, 1, 1)}
  for name in ('bn1', 'layer4.0.downsample.1'):
    shapes |= {f'{name}.{kind}': (3,) for kind in ('weight', 'bias', 'running_mean', 'running_var')}
  made, first = {}, 0
  for name, shape in shapes.items():
    count = np.prod(shape)
    made[name] = np.arange(first, first + count, dtype=np.float32).reshape(shape)
    first += count
  return made | {'bn1.num_batches_tracked': np.array(3), 'fc.1.weight': np.full((2, 2), np.nan, np.float32)}


@pytest.mark.parametrize('before', ['', 'model.', 'model.net.'])
def test_every_array_becomes_its_variable(arrays, before):
  ported = _PORT({before + name: x for name, x in arrays.items()}, _EXPECTED)
  assert ported.preprocess == Preprocess()
  params, statistics = (ported.variables['params'], ported.variables['batch_stats'])
  kernel = arrays['conv1.weight']
  assert params['conv1']['kernel'][2, 5, 1, 7] == kernel[7, 1, 2, 5]
  block = params['layer4']['0']['downsample']
  assert block['0']['kernel'][0, 0, 2, 3] == (arrays['layer4.0.downsample.0.weight'][3, 2, 0, 0])
  for ours, theirs in (
    (params['bn1']['scale'], 'bn1.weight'),
    (params['bn1']['bias'], 'bn1.bias'),
    (block['1']['scale'], 'layer4.0.downsample.1.weight'),
    (statistics['bn1']['mean'], 'bn1.running_mean'),
    (statistics['layer4']['0']['downsample']['1']['var'], 'layer4.0.downsample.1.running_var'),
  ):
    np.testing.assert_array_equal(ours, arrays[theirs])


def test_a_rule_s_order_is_the_same_in_files_of_theano():
  class Theano(dict):
    backend = 'theano'

  table = port_table.Table(
    'a file', (port_table.Rule('w', 'k/kernel', 'oihw reversed'),), ignored='(?!)', preprocessing='caffe'
  )
  kernel = np.random.default_rng(0).normal(size=(4, 2, 3, 3)).astype(np.float32)
  for arrays in ({'w': kernel}, Theano(w=kernel)):
    ported = port_table.porter('a network', table)(arrays, {'k/kernel': (3, 3, 2, 4)})
    np.testing.assert_array_equal(ported.variables['params']['k']['kernel'], kernel.transpose(2, 3, 1, 0)[::-1, ::-1])


def test_arrays_are_renamed_without_their_prefix(arrays):
  port = port_table.porter(
    'a network', resnet.TABLE, renamed=lambda found: {re.sub('^stem', 'bn1', name): x for name, x in found.items()}
  )
  ported = port({'model.' + name.replace('bn1', 'stem'): x for name, x in arrays.items()}, _EXPECTED)
  np.testing.assert_array_equal(ported.variables['params']['bn1']['scale'], arrays['bn1.weight'])


@pytest.mark.parametrize(
  ('change', 'sentence'),
  [
    (lambda a: a.pop('bn1.running_var'), "lack 'batch_stats:bn1/var' of a network"),
    (lambda a: a.update({'bn9.weight': a['bn1.weight']}), "have 'bn9.weight', which a network does not have"),
    (lambda a: a.update({'extra': a['bn1.weight']}), "have 'extra', which a network does not have"),
    (
      lambda a: a.update({'conv1.weight': a['conv1.weight'][:, :1]}),
      r"'conv1.weight' is float32 \(64, 1, 7, 7\), where a network has floats "
      r'\(64, 3, 7, 7\)',
    ),
    (lambda a: a.update({'bn1.bias': np.arange(3)}), "'bn1.bias' is int64"),
    (lambda a: a.update({'bn1.bias': np.array([1, np.inf, 2])}), "'bn1.bias' has values that are not finite"),
    (
      lambda a: [a.update({f'{x}.{key}': a[key] for x in ('student', 'teacher')}) or a.pop(key) for key in [*a]],
      "no weights of a network in the layout of torchvision: the arrays are called 'student.conv1.weight', .* more",
    ),
  ],
)
def test_what_does_not_fit_ends_in_a_sentence(arrays, change, sentence):
  change(arrays)
  with pytest.raises(InputError, match=sentence):
    _PORT(arrays, _EXPECTED)


def test_two_names_of_one_variable_are_refused():
  port = port_table.porter('a network', vit.TORCHVISION)
  name = 'encoder.layers.encoder_layer_3.mlp.'
  with pytest.raises(InputError, match='are both blocks_3/fc1/kernel'):
    port(
      {f'{name}0.weight': np.ones((2, 2)), f'{name}linear_1.weight': np.ones((2, 2))}, {'blocks_3/fc1/kernel': (2, 2)}
    )


def test_older_names_of_torchvision_are_read():
  port = port_table.porter('a network', vit.TORCHVISION)
  name = 'encoder.layers.encoder_layer_3.mlp.linear_2.'
  kernel, bias = np.arange(6.0).reshape(2, 3), np.arange(2.0)
  block = port(
    {f'{name}weight': kernel, f'{name}bias': bias, 'heads.head.bias': bias},
    {'blocks_3/fc2/kernel': (3, 2), 'blocks_3/fc2/bias': (2,)},
  ).variables['params']['blocks_3']['fc2']
  np.testing.assert_array_equal(block['kernel'], kernel.T)
  np.testing.assert_array_equal(block['bias'], bias)


def test_a_preprocessing_that_no_name_gives_away_has_to_be_stated():
  port = port_table.porter('a network', vit.TIMM)
  arrays, expected = {'norm.bias': np.ones(2)}, {'norm/bias': (2,)}
  with pytest.raises(InputError, match='set config.network.preprocessing'):
    port(arrays, expected)
  with pytest.raises(InputError, match="no family of preprocessing 'keras'"):
    port(arrays, expected, 'keras')
  assert port(arrays, expected, 'augreg').preprocess == Preprocess(
    224, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), 255.0, False, 'bicubic'
  )


@pytest.fixture
def tiny_zoo(monkeypatch):
  """A zoo of a ResNet and a transformer that are small, each by its name."""

  def tiny(name, module):
    monkeypatch.setitem(zoo.NETWORKS, name, zoo.NETWORKS[name]._replace(module=module))

  for name in zoo.NETWORKS.copy():
    if name not in ('vgg16', 'resnet18', 'vit_b16'):
      monkeypatch.delitem(zoo.NETWORKS, name)
  blocks, small = (1, 1, 1, 1), vit.Variant(16, 2, 2)
  tiny('resnet18', resnet.ResNet(blocks))
  tiny('vit_b16', vit.ViT(small))


def _timm_arrays() -> dict[str, np.ndarray]:
  """timm's arrays of the tiny transformer."""
  shapes = {
    'cls_token': (1, 1, 16),
    'pos_embed': (1, 197, 16),
    'patch_embed.proj.weight': (16, 3, 16, 16),
    'patch_embed.proj.bias': (16,),
    'norm.weight': (16,),
    'norm.bias': (16,),
    'head.weight': (10, 16),
    'head.bias': (10,),
  }
  for block in range(2):
    for name, shape in {
      'norm1': (16,),
      'norm2': (16,),
      'attn.qkv': (48, 16),
      'attn.proj': (16, 16),
      'mlp.fc1': (64, 16),
      'mlp.fc2': (16, 64),
    }.items():
      shapes |= {f'blocks.{block}.{name}.weight': shape, f'blocks.{block}.{name}.bias': shape[:1]}
  rng = np.random.default_rng(0)
  return {name: rng.standard_normal(shape, np.float32) for name, shape in shapes.items()}


def test_a_file_of_trained_variables_is_weights(tiny_zoo, tmp_path):
  rng, path = np.random.default_rng(0), tmp_path / 'a.safetensors'
  drawn = jax.tree.map(lambda x: rng.standard_normal(x.shape, np.float32), zoo.NETWORKS['resnet18'].shapes)
  seen = Preprocess(mean=(0.125, 0.25, 0.5), resize='bicubic')
  variable_files.save(path, variable_files.Ported(drawn, seen), 'trained', 'here')
  network = zoo.load('resnet18', weights=str(path), cache_dir=str(tmp_path))
  assert network.preprocess == seen
  jax.tree.map(np.testing.assert_array_equal, network.variables, drawn)
  with pytest.raises(InputError, match=r'a\.safetensors: It was written by this package'):
    zoo.load('resnet18', weights=str(path), preprocessing='timm', cache_dir=str(tmp_path))
  with pytest.raises(InputError, match='which vit_b16 does not have'):
    zoo.load('vit_b16', weights=str(path), cache_dir=str(tmp_path))


@pytest.mark.parametrize(
  ('suffix', 'dtype', 'precision'),
  [
    ('.npz', np.float32, 0),
    ('.safetensors', np.float32, 0),
    ('.safetensors', np.float16, 2**-11),
    ('.safetensors', ml_dtypes.bfloat16, 2**-8),
  ],
)
def test_weights_come_from_a_file(suffix, dtype, precision, tiny_zoo, tmp_path):
  path, exact = tmp_path / f'timm{suffix}', _timm_arrays()
  arrays = {name: array.astype(dtype) for name, array in exact.items()}
  if suffix == '.npz':
    np.savez(path, **arrays)
  else:
    safetensors.numpy.save_file(arrays, path)
  network = zoo.load('vit_b16', weights=str(path), preprocessing='augreg', cache_dir=str(tmp_path))
  kernel = network.variables['params']['blocks_1']['attn']['qkv']['kernel']
  assert kernel.dtype == np.float32
  name = 'blocks.1.attn.qkv.weight'
  np.testing.assert_array_equal(kernel, arrays[name].T.astype(np.float32))
  np.testing.assert_allclose(kernel, exact[name].T, rtol=precision, atol=1e-7)
  assert network.preprocess.mean == (0.5, 0.5, 0.5)
  assert network.maps(np.zeros((32, 32, 3), np.uint8), 'blocks.1')['blocks.1'].shape == (1, 14, 14, 16)


def test_weights_of_another_network_are_refused(tiny_zoo, tmp_path):
  path = tmp_path / 'timm.npz'
  np.savez(path, **_timm_arrays())
  with pytest.raises(InputError, match='no weights of resnet18 in the layout of torchvision: the arrays are called'):
    zoo.load('resnet18', weights=str(path), cache_dir=str(tmp_path))


def test_known_files_have_a_hash_a_licence_and_a_family():
  for name, versions in known_weights.FILES.items():
    network = zoo.NETWORKS[name]
    assert network.known is versions
    assert network.decodes or set(versions) & {'imagenet', 'authors'}
    for sources in versions.values():
      for source in sources:
        assert source.licence
        assert network.decodes or source.preprocessing in port_table.FAMILIES
        # torch.hub's rule: the digits in the name begin the hash.
        digits = re.search(r'-([0-9a-f]{8})\.pth$', source.address)
        assert source.digest.startswith(digits[1] if digits else '')
        assert len(source.digest) in ((6, 8, 32, 40, 64) if source.fetched != 'hand' else (0,))


def test_a_known_file_of_another_content_is_refused(monkeypatch, tmp_path):
  (source,) = known_weights.FILES['resnet18']['imagenet']
  (tmp_path / 'file.pth').write_bytes(b'something else')
  other = source._replace(address=(tmp_path / 'file.pth').as_uri(), kept='')
  monkeypatch.setitem(known_weights.FILES, 'resnet18', {'imagenet': [other]})
  with pytest.raises(InputError, match='its sha256 is .* and not f37072fd'):
    known_weights.load('imagenet', zoo.NETWORKS['resnet18'].port, 'resnet18', cache_dir=str(tmp_path))


def test_a_known_file_is_known_by_the_first_digits(monkeypatch, tmp_path):
  path = tmp_path / 'kept.npz'
  np.savez(path, **{'conv1.weight': np.ones((1, 1, 1, 1), np.float32)})
  source = known_weights.Source(
    'n', 'imagenet', 'torchvision', '', '', 'hand', 'sha256', files.digest(path)[:8], str(path), ''
  )
  monkeypatch.setitem(known_weights.FILES, 'n', {'imagenet': [source]})
  ported, _ = known_weights.load(
    'imagenet', lambda arrays, family: _PORT(arrays, {'conv1/kernel': (1, 1, 1, 1)}, family), 'n'
  )
  assert ported.variables['params']['conv1']['kernel'] == 1
