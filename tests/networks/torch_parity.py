"""Compares the zoo's networks with torchvision's and timm's, at every tap.

    python -m tests.networks.torch_parity [NAME]    compares all, or some
    python -m tests.networks.torch_parity --write   writes the tests' fixtures

Needs torch beside the package: tests/requirements-torch.txt.
"""

import functools
import json
import pathlib
import re
import sys
import tempfile
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import timm
import torch
import torchvision

import saliency_jax as sj
from saliency_jax.networks.weights import weight_files
from tests.data import made
from tests.networks import made_zoo

FIXTURES = pathlib.Path(__file__).with_name('fixtures')
TOLERANCE = 1e-4  # of the greatest magnitude of a tap
# The modules whose outputs are taps: of ResNets, of torchvision's transformers
# and of timm's.
_MODULES = re.compile(
  r'conv1|bn1|relu|maxpool'
  r'|layer\d\.\d+(\.(conv\d|bn\d|relu|downsample\.[01]))?'
  r'|encoder\.(dropout|ln|layers\.encoder_layer_\d+(\.(self_attention|mlp))?)'
  r'|pos_drop|norm(_pre)?|blocks\.\d+(\.(attn|mlp))?'
)
_ODD = ((97, 65), (96, 128))


class Reference(NamedTuple):
  """One network of torch's."""

  ours: str  # its name in the zoo
  make: Callable[[], torch.nn.Module]
  sizes: tuple[tuple[int, int], ...]  # (H, W) of the images
  fixture: str = ''  # its file, if it has one


def _torchvision(name: str) -> Callable[[], torch.nn.Module]:
  return lambda: torchvision.models.get_model(name, weights=None)


def _timm(name: str) -> Callable[[], torch.nn.Module]:
  return lambda: timm.create_model(name, dynamic_img_size=True)


def _small(name: str) -> Callable[[], torch.nn.Module]:
  """Returns what makes timm's model of one of `made_zoo.VARIANTS`."""
  variant = made_zoo.VARIANTS[name]
  options = {'reg_tokens': variant.registers, 'no_embed_class': bool(variant.registers)}
  if variant.scaled:
    options['init_values'] = 1e-5
  if variant.clip:
    options |= {
      'pre_norm': True,
      'act_layer': 'quick_gelu',
      'norm_layer': functools.partial(torch.nn.LayerNorm, eps=1e-5),
    }
  return lambda: timm.models.vision_transformer.VisionTransformer(
    variant.patch * variant.grid,
    variant.patch,
    num_classes=3,
    embed_dim=variant.width,
    depth=variant.depth,
    num_heads=variant.heads,
    dynamic_img_size=True,
    **options,
  )


REFERENCES = (
  Reference('resnet18', _torchvision('resnet18'), _ODD, 'resnet18'),
  Reference('resnet34', _torchvision('resnet34'), _ODD),
  Reference('resnet50', _torchvision('resnet50'), _ODD, 'resnet50'),
  Reference('resnet101', _torchvision('resnet101'), _ODD),
  # torchvision takes no other size.
  Reference('vit_b16', _torchvision('vit_b_16'), ((224, 224),), 'vit_b16'),
  Reference('vit_b16', _timm('vit_base_patch16_224'), ((96, 160), (272, 224)), 'vit_b16_timm'),
  Reference('vit_s16', _timm('vit_small_patch16_224'), ((96, 160),)),
  Reference('vit_l16', _torchvision('vit_l_16'), ((224, 224),)),
  Reference('vgg19', _torchvision('vgg19'), ((65, 48),)),
  Reference('clip_b16', _timm('vit_base_patch16_clip_quickgelu_224'), ((96, 160),)),
  Reference('dinov2_s14_reg', _timm('vit_small_patch14_reg4_dinov2'), ((98, 140),)),
  # timm resamples positions otherwise: the grid is that of the weights.
  Reference('dinov2_small', _small('dinov2_small'), ((35, 35),), 'dinov2_small'),
  Reference('dinov2_reg_small', _small('dinov2_reg_small'), ((35, 49),), 'dinov2_reg_small'),
  Reference('clip_small', _small('clip_small'), ((32, 32), (40, 64)), 'clip_small'),
)


def shapes(model: torch.nn.Module) -> dict[str, tuple[int, ...]]:
  """Returns the shape of every array of a model's state_dict."""
  return {name: tuple(x.shape) for name, x in model.state_dict().items()}


def load_drawn(model: torch.nn.Module) -> None:
  """Gives a model the weights that the tests draw."""
  drawn = made_zoo.weights(shapes(model))
  model.load_state_dict({name: torch.from_numpy(x) for name, x in drawn.items()})
  model.eval()


def taps(model: torch.nn.Module, images: np.ndarray) -> dict[str, np.ndarray]:
  """Returns what the modules of a model give, by torchvision's graph names.

  Args:
    model: in evaluation mode.
    images: float32 `[B, H, W, 3]`.

  Returns:
    Maps `[B, h, w, C]` and tokens `[B, N, C]`. A module that is called again is
    'relu_1' the second time, and so on; what enters the last ReLU of a residual
    block is its 'add'.
  """
  found: dict[str, torch.Tensor] = {}

  def after(name):
    def hook(module, given, result):
      result = result[0] if isinstance(result, tuple) else result
      calls = sum(re.sub(r'_\d+$', '', key) == name for key in found)
      found[f'{name}_{calls}' if calls else name] = result.clone()
      del module, given

    return hook

  def before(name):
    # The next call overwrites it: the last one is left.
    return lambda module, given: found.update({name: given[0].clone()})

  handles = []
  for name, module in model.named_modules():
    if isinstance(module, torch.nn.Identity) or not (
      _MODULES.fullmatch(name) or name.startswith('features.') and isinstance(module, torch.nn.ReLU)
    ):
      continue
    if name.endswith('.relu'):
      handles.append(module.register_forward_pre_hook(before(f'{name.removesuffix("relu")}add')))
    handles.append(module.register_forward_hook(after(name)))
  with torch.inference_mode():
    model(torch.from_numpy(images).permute(0, 3, 1, 2).contiguous())
  for handle in handles:
    handle.remove()
  return {name: _channels_last(x).numpy() for name, x in found.items()}


def _channels_last(x: torch.Tensor) -> torch.Tensor:
  return x.permute(0, 2, 3, 1).contiguous() if x.ndim == 4 else x


def write(reference: Reference) -> None:
  """Writes what a network gives on drawn weights."""
  model = reference.make()
  load_drawn(model)
  arrays = {'shapes': np.array(json.dumps(shapes(model)))}
  for height, width in reference.sizes:
    found = taps(model, made_zoo.images(height, width))
    case = f'{height}x{width}'
    arrays['taps'] = np.array(list(found))
    arrays[f'{case} size'] = np.stack([made_zoo.size(x) for x in found.values()])
    arrays[f'{case} values'] = np.concatenate([made_zoo.sample(name, x) for name, x in found.items()])
  path = FIXTURES / f'{reference.fixture}.npz'
  np.savez_compressed(path, **arrays)
  print(f'{path.name}: {path.stat().st_size} bytes, {len(arrays["taps"])} taps')


def write_positions() -> None:
  """Writes what PyTorch makes of positions by the factor that DINO takes."""
  cells = torch.from_numpy(made_zoo.positions()[:, 1:].reshape(1, 5, 5, 3)).permute(0, 3, 1, 2)
  np.savez_compressed(
    FIXTURES / 'positions.npz',
    **{
      f'{h}x{w}': torch.nn.functional.interpolate(cells, scale_factor=((h + 0.1) / 5, (w + 0.1) / 5), mode='bicubic')
      .permute(0, 2, 3, 1)
      .reshape(-1, 3)
      .numpy()
      for h, w in ((7, 4), (3, 12))
    },
  )


def compare(reference: Reference, folder: pathlib.Path) -> float:
  """Returns the greatest error of any tap, a share of its largest magnitude.

  The weights go through a file that torch writes.

  Args:
    reference: the network.
    folder: an empty folder for the file and what is ported.
  """
  model = reference.make()
  load_drawn(model)
  path = folder / 'weights.pth'
  torch.save(model.state_dict(), path)
  # VGG's first kernel takes in what 'caffe' says: channels turned round.
  turned = reference.ours.startswith('vgg')
  network = made_zoo.network(reference.ours, weight_files.read_arrays(path), 'caffe' if turned else 'torchvision')
  worst = 0.0
  for height, width in reference.sizes:
    images = made_zoo.images(height, width)
    theirs = taps(model, images)
    _, ours = network.run(
      network.variables, images[..., ::-1] if turned else images, frozenset(network.taps), 0, len(network.stages)
    )
    compared = set()
    for name, values in theirs.items():
      (tap,) = network.resolve([name])
      compared.add(tap)
      mine = np.asarray(ours[tap])
      assert mine.shape == values.shape, (name, mine.shape, values.shape)
      worst = max(worst, np.abs(mine - values).max() / np.abs(values).max())
    assert compared == set(network.taps), set(network.taps) - compared
  return worst


def dissected(name: str, folder: pathlib.Path) -> float:
  """Returns how far scores of timm's model are from those of the zoo's.

  Both have the weights of one file, and are dissected on made photographs.

  Args:
    name: in the zoo, and timm's.
    folder: an empty folder.
  """
  model = timm.create_model(name)
  load_drawn(model)
  path, osie = folder / 'weights.pth', made.osie(folder / 'osie')
  torch.save(model.state_dict(), path)
  source = sj.open_source('osie', osie, regions=str(osie / 'labelme'))
  scores = []
  for title in (name, f'timm:{name}'):
    workdir = folder / title.replace(':', '_')
    network = sj.load(title, weights=str(path), preprocessing='timm', cache_dir=str(folder / 'cache'))
    sj.dissect(network, source, workdir, {'report.images': 0})
    results = sj.read(workdir)
    scores.append({tap: results.scores(tap) for tap in network.default_taps})
  ours, theirs = scores
  for tap in ours:
    np.testing.assert_array_equal(np.isnan(ours[tap]), np.isnan(theirs[tap]))
  return max(np.nanmax(np.abs(ours[tap] - theirs[tap])) for tap in ours)


def main() -> int:
  """Writes or compares; returns 1 if a network differs."""
  if '--write' in sys.argv[1:]:
    write_positions()
    for reference in REFERENCES:
      if reference.fixture:
        write(reference)
    return 0
  failed, names = False, sys.argv[1:]
  for reference in REFERENCES:
    if names and reference.ours not in names:
      continue
    with tempfile.TemporaryDirectory() as folder:
      error = compare(reference, pathlib.Path(folder))
    failed |= not error < TOLERANCE
    print(f'{reference.ours} {reference.sizes}: {error:.1e}', flush=True)
  for name in ('resnet18', 'resnet50'):
    if not names or f'timm:{name}' in names:
      with tempfile.TemporaryDirectory() as folder:
        error = dissected(name, pathlib.Path(folder))
      failed |= not error < 1e-3
      print(f'timm:{name} dissected: {error:.1e} in NSS', flush=True)
  return int(failed)


if __name__ == '__main__':
  sys.exit(main())
