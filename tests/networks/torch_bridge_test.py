"""PyTorch networks: what needs no PyTorch here, and what does."""

import copy
import sys
import types

import jax
import numpy as np
import pytest
import safetensors.numpy

import saliency_jax as sj
from saliency_jax import files
from saliency_jax.networks import listing, torch_bridge, torch_checks, zoo
from tests.training import made

SMALL = 'torch:tests.networks.torch_modules:small'
IMAGES = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)


@pytest.mark.parametrize('name', ['timm:resnet18', SMALL])
def test_without_pytorch_the_extra_is_named(name, monkeypatch):
  monkeypatch.setitem(sys.modules, 'torch', None)
  torch_bridge._libraries.cache_clear()
  with pytest.raises(sj.InputError, match="install the extra 'torch'"):
    zoo.load(name)


def test_another_family_of_preprocessing_is_refused():
  with pytest.raises(sj.InputError, match='choose one of torchvision'):
    zoo.load('timm:resnet18', preprocessing='keras')


@pytest.mark.parametrize(
  ('shapes', 'says', 'wanted'),
  [
    ([(1, 64, 56, 56), (1, 56, 56, 64)], '', ['first', 'last']),
    # Windows, heads, one cell, and what has as many units as rows.
    ([(64, 49, 96), (1, 3, 197, 64), (1, 9, 1, 1), (1, 7, 7, 7)], '', [None, None, None, 'first']),
    ([(1, 7, 7, 7), (1, 9, 2, 4)], 'last', ['last', 'last']),
    # A mixer's tokens, with its units in their place, and a vector.
    ([(1, 512, 7, 7), (1, 49, 512), (1, 512, 49), (1, 1000)], '', ['first', 'last', None, 'last']),
    ([(1, 53, 8), (1, 60, 8)], '', ['last', 'last']),
    ([(1, 4, 64, 64), (2, 8, 7, 7)], '', [None, None]),  # what is 64 wide are its units, and another batch
  ],
)
def test_the_channels_are_told_from_the_shape(shapes, says, wanted):
  found = {str(i): jax.ShapeDtypeStruct(x, np.float32) for i, x in enumerate(shapes)}
  layouts = torch_bridge._layouts(found, says, lambda key: ('first', 64 if found[key].shape == (1, 4, 64, 64) else 0))
  assert [layouts.get(key) for key in found] == wanted


def test_the_blocks_of_hiera_alone_are_put_in_order():
  names = ('patch_embed', 'unroll', 'blocks.0', 'blocks.1', 'blocks.1.attn', 'norm', 'norm')
  found = [(name, f'x{i}') for i, name in enumerate(names)]
  assert torch_bridge._named(found, lambda x, block: f'{x} of {block}', True) == {
    'patch_embed': 'x0',
    'blocks.0': 'x2 of 0',
    'blocks.1': 'x3 of 1',
    'norm#0': 'x5',
    'norm#1': 'x6',
  }


@pytest.mark.parametrize(
  ('listed', 'wanted'), [(0, ['d', 'c']), (6, ['t5', 't4', 't3', 't2', 't1', 't0']), (7, ['t6', 't4', 't2', 't0'])]
)
def test_six_of_timms_features_or_every_strides_last_are_usual(listed, wanted):
  module = types.SimpleNamespace(feature_info=[{'module': f't{i}'} for i in range(listed)] + [{'module': 'gone'}])
  strides = {f't{i}': 4 for i in range(listed)} | {'a': 4, 'c': 4, 'd': 8}
  taps = {name: types.SimpleNamespace(stride=stride) for name, stride in strides.items()}
  made = types.SimpleNamespace(taps=taps, default_taps=('a', 'c', 'd'))
  assert torch_bridge._default_taps(module, made) == tuple(wanted)
  # Where a stride is not known, maps of as many cells are alike.
  for tap in ('a', 'c', 'd'):
    taps[tap].stride = None
  made.shapes = lambda taps: {tap: (17 if tap == 'd' else 35, 35, 4) for tap in taps}
  assert torch_bridge._default_taps(module, made) == tuple(wanted)


@pytest.fixture
def torch():
  """PyTorch with torchax, or the test is skipped."""
  pytest.importorskip('torchax')
  return pytest.importorskip('torch')


def _taps(torch, images: np.ndarray) -> dict[str, np.ndarray]:
  """Returns what PyTorch itself gives."""
  from tests.networks import torch_modules

  with torch.random.fork_rng():
    torch.manual_seed(0)
    module, found = torch_modules.small().eval(), {}
  for key, part in module.named_modules():

    def after(_, given, out, key=key):
      out = out[0] if isinstance(out, tuple) else out
      found.setdefault(key, []).append(out.clone())

    part.register_forward_hook(after)
  x = (images / 255 - [0.5, 0.4, 0.3]) / [0.2, 0.3, 0.4]
  with torch.no_grad():
    module(torch.from_numpy(x.astype(np.float32)).permute(0, 3, 1, 2))
  return {key: [np.asarray(x) for x in values] for key, values in found.items()}


def test_every_modules_output_is_a_tap(torch):
  network = zoo.load(SMALL)
  assert list(network.taps) == ['conv', 'bn', 'relu#0', 'up', 'relu#1', 'norm', 'tokens', 'head', 'output']
  assert network.preprocess == sj.Preprocess(32, (0.5, 0.4, 0.3), (0.2, 0.3, 0.4), resize='bicubic')
  assert network.default_taps == ('tokens', 'relu#0')
  theirs = _taps(torch, IMAGES)
  ours = network.maps(IMAGES, '.*')
  for tap, x in ours.items():
    key, _, number = tap.partition('#')
    y = theirs[key][int(number or 0)]
    if key == 'tokens':
      y = y[:, 1:].reshape(2, 8, 8, 8)
    elif key != 'norm':
      y = y.transpose(0, 2, 3, 1)
    assert x.shape == y.shape
    np.testing.assert_allclose(x, y, atol=1e-5 * np.abs(y).max(), err_msg=tap)


def test_weights_come_from_a_file_whole_or_not_at_all(torch, tmp_path):
  network = zoo.load(SMALL)
  arrays = {key: np.asarray(x + 1) for tree in network.variables.values() for key, x in tree.items()}
  safetensors.numpy.save_file(arrays, tmp_path / 'w.safetensors')
  other = zoo.load(SMALL, weights=str(tmp_path / 'w.safetensors'))
  assert other.provenance.name == 'w'
  assert other.provenance.file_sha256 == files.digest(tmp_path / 'w.safetensors')
  jax.tree.map(lambda x, y: np.testing.assert_array_equal(x + 1, y), network.variables, other.variables)
  torch.save({key: torch.from_numpy(x) for key, x in arrays.items() if key != 'bn.bias'}, tmp_path / 'w.pth')
  with pytest.raises(sj.InputError, match=r'not fit \S+: .*Missing key\S+ in state_dict: "bn.bias"'):
    zoo.load(SMALL, weights=str(tmp_path / 'w.pth'))
  old = {f'_orig_mod.{key}': torch.from_numpy(x) for key, x in arrays.items() if 'num_batches' not in key}
  torch.save(old, tmp_path / 'w.pth')  # torch.compile's names
  compiled = zoo.load(SMALL.replace('small', 'compiled'), weights=str(tmp_path / 'w.pth'))
  assert list(compiled.taps) == list(network.taps)
  for tap, wanted in zoo.load(SMALL, weights=str(tmp_path / 'w.pth')).maps(IMAGES, '.*').items():
    np.testing.assert_array_equal(compiled.maps(IMAGES, tap)[tap], wanted)


@pytest.mark.parametrize(
  ('name', 'says'),
  [
    ('timm:resnet0', 'has no model'),
    ('torch:tests.networks.made_zoo:size', 'takes nothing'),
    ('torch:tests.tiny:params', 'returns a dict'),
    ('torch:torchvision.models:resnet18', 'has no trained weights'),
  ],
)
def test_what_is_wrong_is_said(torch, name, says):
  with pytest.raises(sj.InputError, match=says):
    zoo.load(name)


def test_timms_weights_are_listed_with_their_licence(torch):
  assert 'timm/resnet18.a1_in1k  licence: apache-2.0' in listing.network('timm:resnet18', 64)


def test_bfloat16_is_near_float32(torch):
  network, half = zoo.load(SMALL), zoo.load(SMALL, dtype='bfloat16')
  exact, rough = (one.apply(one.variables, IMAGES, ['tokens'])['tokens'] for one in (network, half))
  assert rough.dtype == jax.numpy.bfloat16
  np.testing.assert_allclose(rough.astype(np.float32), exact, atol=0.1)


@pytest.mark.parametrize('depth', [0, 'all'])
def test_every_job_works_on_it(torch, depth, tiny_osie, tmp_path):
  network = zoo.load(SMALL, readout_tap='relu#1')
  sj.train(
    network,
    made.TRAIN,
    made.VALIDATION,
    tmp_path / 't',
    {'train.epochs': 1, 'train.depth': depth, 'data.batch_size': 5},
  )
  trained = sj.load(checkpoint=tmp_path / 't')
  moved = [
    not np.array_equal(x, trained.variables['params'][key])
    for key, x in network.variables['params'].items()
    if key.startswith(('conv', 'bn', 'up'))
  ]
  assert all(moved) if depth else not any(moved)
  for key, x in network.variables['buffers'].items():
    np.testing.assert_array_equal(x, trained.variables['buffers'][key])
  photographs = sj.open_source('osie', tiny_osie, regions=str(tiny_osie / 'labelme'))
  sj.dissect(trained, photographs, tmp_path / 'd', {'report.images': 0})
  scores = sj.read(tmp_path / 'd').scores('tokens')
  assert scores.shape[1] == 8  # a region without fixations has none
  assert np.isfinite(scores).all(axis=1).mean() > 0.5
  sj.popout(trained, None, tmp_path / 'p', options={'data.count': 2, 'data.size': 128, 'report.images': 0})
  sj.predict(trained, photographs, tmp_path / 'm')
  maps = list((tmp_path / 'm').glob('*.npy'))
  assert len(maps) == 5
  sj.evaluate(
    str(tmp_path / 't'),
    tmp_path / 'e',
    {'sets.mine.dir': str(tiny_osie), 'sets.mine.kind': 'osie', 'sets.mine.sigma': 8.0},
  )
  assert (tmp_path / 'e' / 'summary.json').is_file()


def test_what_modules_share_and_keep_is_as_in_pytorch(torch):
  from tests.networks import torch_modules

  def middle(x):  # a resizing's indices are int64: no warning
    return torch.nn.functional.interpolate(torch_modules.sliced(x), scale_factor=2, mode='bilinear')

  module = torch_modules.Odd(middle)
  network = sj.from_torch(copy.deepcopy(module), preprocess=sj.Preprocess(32, (0, 0, 0), (1, 1, 1)))
  assert 'again.weight' not in network.variables['params']
  x = torch.from_numpy(IMAGES / np.float32(255)).permute(0, 3, 1, 2)
  wanted = module(x).detach().permute(0, 2, 3, 1).numpy()
  for _ in range(2):
    np.testing.assert_allclose(network.maps(IMAGES, ['output'])['output'], wanted, atol=1e-5)


def test_hooks_of_a_module_run_on_it(torch):
  """They know the module itself, and not a copy of it."""
  from tests.networks import torch_modules

  module = torch_modules.Hooked().eval()
  x = torch.from_numpy(IMAGES / np.float32(255)).permute(0, 3, 1, 2)
  wanted = module(x).detach().permute(0, 2, 3, 1).numpy()
  network = sj.from_torch(module, preprocess=sj.Preprocess(32, (0, 0, 0), (1, 1, 1)))
  for _ in range(2):
    np.testing.assert_allclose(network.maps(IMAGES, ['output'])['output'], wanted, atol=1e-5 * np.abs(wanted).max())


def test_a_slice_is_a_tap(torch):
  from tests.networks import torch_modules

  network = sj.from_torch(
    torch.nn.Sequential(torch.nn.Conv2d(3, 4, 4, 4), torch_modules.Half()), preprocess=sj.Preprocess(32)
  )
  maps = network.maps(IMAGES, ['0', '1'])
  np.testing.assert_array_equal(maps['1'], maps['0'][..., :2])


def test_what_would_be_another_number_is_refused(torch):
  from tests.networks import torch_modules

  odd, small = torch_modules.Odd, sj.Preprocess(32)
  for writes in (torch_modules.viewed, torch_modules.filled):
    with pytest.raises(sj.InputError, match=r'other values at last than in PyTorch, because it writes in place'):
      sj.from_torch(odd(writes), preprocess=small)
  # What nothing else views may be overwritten; that is not compared.
  assert not torch_checks.writes_to_views(odd(torch.relu_), 32)
  with pytest.raises(sj.InputError, match='draws random numbers'):
    sj.from_torch(odd(torch.nn.functional.dropout), preprocess=small)
  with pytest.raises(sj.InputError, match='1 of Sequential has no running statistics'):
    sj.from_torch(torch.nn.Sequential(odd(None), torch.nn.BatchNorm2d(4, track_running_stats=False)), preprocess=small)
  with pytest.raises(sj.InputError, match='none that are as high as wide; state `channels`'):
    sj.from_torch(torch.nn.Sequential(torch.nn.Conv2d(3, 4, 4, (4, 8))), preprocess=small)
  with pytest.raises(sj.InputError, match='parameters without values'):
    sj.from_torch(torch.nn.Sequential(torch.nn.LazyConv2d(4, 3)), preprocess=small)


def test_hieras_tokens_are_put_in_their_places(torch):
  import timm

  with torch.random.fork_rng():
    module = timm.create_model('hiera_tiny_224', img_size=64, embed_dim=8, num_heads=1, stages=(1, 1, 1, 1))
  x = torch.from_numpy(IMAGES.repeat(2, 1).repeat(2, 2) / np.float32(255)).permute(0, 3, 1, 2)
  with torch.no_grad():
    wanted = copy.deepcopy(module).eval().forward_intermediates(x, intermediates_only=True)
  network = sj.from_torch(module, preprocess=sj.Preprocess(64, (0, 0, 0), (1, 1, 1)))
  taps = [f'blocks.{i}' for i in range(4)]
  assert [tap for tap in network.taps if tap.startswith(('unroll', 'blocks'))] == taps
  maps = network.maps(IMAGES.repeat(2, 1).repeat(2, 2), taps)
  for tap, y in zip(taps, wanted, strict=True):
    np.testing.assert_allclose(maps[tap], y.permute(0, 2, 3, 1), atol=1e-4)
