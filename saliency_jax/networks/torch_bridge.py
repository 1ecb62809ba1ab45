"""PyTorch networks as JAX functions: all of timm's, and your own.

torchax runs a module on JAX arrays, so one compiled program holds the network
and the scoring of its maps. Every module's output is a tap with PyTorch's name.
"""

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from saliency_jax import outside
from saliency_jax.errors import InputError
from saliency_jax.networks import adapters, torch_checks, user_networks
from saliency_jax.networks.network import Network
from saliency_jax.networks.preprocess import Preprocess
from saliency_jax.networks.taps import Tap
from saliency_jax.networks.weights import port_table, timm_models

KINDS = ('timm', 'torch')  # 'timm:NAME', 'torch:package.module:function'


def load(name: str, weights: str, preprocessing: str = '', dtype: str = 'float32') -> Network:
  """Returns the network 'timm:NAME', or the `torch.nn.Module` of 'torch:package.module:function'; see `zoo.load`.

  Weights are a state_dict's path, 'random' (seed 0), or '' for timm's file (from
  the Hugging Face cache or server) or for the module's own. Preprocessing '' is
  what timm states.

  Raises:
    InputError: PyTorch, the network or its weights cannot be obtained or used.
  """
  seen = port_table.stated(preprocessing, name) if preprocessing else None
  kind, _, rest = name.partition(':')
  torch, *_ = _libraries()
  with torch.random.fork_rng(devices=[]):
    torch.manual_seed(0)
    module = timm_models.create(rest) if kind == 'timm' else user_networks.call(rest, 'torch.nn.Module')
  if not isinstance(module, torch.nn.Module):
    raise InputError(f'{rest} returns a {type(module).__name__}, not a torch.nn.Module.')
  module = timm_models.eager(module)
  if kind == 'timm':
    weights = weights or timm_models.published(name, module)
  elif not weights and rest.startswith('torchvision.'):
    raise InputError(f"{name} has no trained weights; give the path of a file as config.network.weights, or 'random'.")
  if weights not in ('', 'random'):
    timm_models.fill(module, weights, name)
  made = from_torch(module, preprocess=seen, name=name)
  return user_networks.finished(made, name, dtype, weights)


def from_torch(
  module: Any,
  *,
  preprocess: Preprocess | None = None,
  channels: str = '',
  taps: Sequence[Tap] | None = None,
  stages: Sequence[tuple[str, str]] | None = None,
  name: str = '',
) -> Network:
  """Returns a `torch.nn.Module` as a network; every module's output is a tap.

  Args:
    module: takes prepared images `[B, 3, H, W]` and runs in evaluation mode. Its
      arrays are copied and freed, so it cannot be used for anything else after.
    preprocess: None takes timm's `module.pretrained_cfg` or torchvision's.
    channels: position of the channels in outputs with four axes, 'first' or
      'last'; '' infers it from the shape for square images, where height and
      width are equal.
    taps: as in `adapters.from_linen`.
    stages: likewise, with PyTorch's parameter names.
    name: likewise.

  Raises:
    InputError: torchax cannot run the module, or an argument is invalid.
  """
  torch, torchax, view, tensor = _libraries()
  if channels not in ('', 'first', 'last'):
    raise InputError(f"channels is {channels!r}; it is 'first' or 'last'.")
  module = timm_models.eager(module)
  variables, tied = timm_models.taken(module)
  layout: dict[str, str] = {}  # 'first' or 'last' by tap, set when taps are found
  parts = dict(module.named_modules())
  arrays = functools.partial(timm_models.arrays, tied=tied)
  # Their outputs with four axes are attention, or repeat their input.
  idle = (torch.nn.Softmax, torch.nn.Identity, torch.nn.Dropout)

  def capture(variables: Mapping, x: jax.Array, wanted: frozenset | None):
    found: list[tuple[str, jax.Array]] = []

    def hook(key, part, _, given):
      result = given[0] if isinstance(given, tuple) and given else given
      result = result.torch() if isinstance(result, torchax.view.View) else result  # a slice
      if not isinstance(result, torchax.tensor.Tensor):
        return None
      value = view(result)  # a copy, since later code may write to it
      if value.dtype == jnp.float32 != x.dtype:  # because of batch statistics
        value = value.astype(x.dtype)
      if (wanted is None or key in wanted) and not (value.ndim == 4 and isinstance(part, idle)):
        found.append((key, value))
      return None if isinstance(given, tuple) else tensor(value)

    handles = [part.register_forward_hook(functools.partial(hook, key or 'output')) for key, part in parts.items()]
    try:
      with (
        torch_checks.unchanged(parts.values()),
        torch_checks.no_random_numbers(torchax.default_env()),
        jax.numpy_rank_promotion('allow'),
      ):
        torch.func.functional_call(
          module, tensor(jax.tree.map(jnp.asarray, arrays(variables))), (tensor(jnp.transpose(x, (0, 3, 1, 2))),)
        )
        named = _named(found, lambda y, block: view(module.reroll.forward(tensor(y), block)), hasattr(module, 'reroll'))
    finally:
      for handle in handles:
        handle.remove()
    if wanted is None:
      layout.update(_layouts(named, channels, lambda key: _units(module, parts.get(key.partition('#')[0])), len(x)))
    named = {
      key: jnp.transpose(x, (0, 2, 3, 1)) if layout[key] == 'first' else x for key, x in named.items() if key in layout
    }
    return named.get('output'), named

  made = adapters.build(
    name or type(module).__name__,
    capture,
    variables,
    preprocess or timm_models.preparation(module),
    taps,
    stages,
    prefix=getattr(module, 'num_prefix_tokens', None),
  )
  if torch_checks.writes_to_views(module, made.preprocess.image_size):
    torch_checks.compare(module, made, arrays(variables))
  return made.replace(default_taps=_default_taps(module, made))


def _named(found: Sequence[tuple[str, jax.Array]], reroll: Callable, hiera: bool) -> dict[str, jax.Array]:
  """Returns arrays by name; a module that is called again becomes 'name#1'.

  Hiera's tokens lie window by window. Those between blocks are put in raster
  order; those inside a block are left out.
  """
  if hiera:
    rows = [(key, re.fullmatch(r'(?!blocks|unroll).*|blocks\.(\d+)', key), x) for key, x in found]
    found = [(key, reroll(x, int(row[1])) if row[1] else x) for key, row, x in rows if row]
  keys = [key for key, _ in found]
  return {key if keys.count(key) == 1 else f'{key}#{keys[:i].count(key)}': x for i, (key, x) in enumerate(found)}


def _default_taps(module: Any, made: Network) -> tuple[str, ...]:
  """Returns timm's feature taps or each stride's last map, at most six."""
  listed = [row['module'] for row in getattr(module, 'feature_info', ())]
  unknown = [tap for tap in made.default_taps if not made.taps[tap].stride]  # cells do not divide the image's side
  grids = made.shapes(unknown) if unknown else {}
  top = [tap for tap in listed if tap in made.taps] or list(
    {made.taps[tap].stride or grids[tap][:2]: tap for tap in made.default_taps}.values()
  )
  return tuple(top[::-1][:: -(-len(top) // 6)])


@functools.cache
def _libraries() -> tuple[Any, Any, Callable, Callable]:
  """Returns torch, torchax and its two views; or raises an `InputError`."""
  try:
    import timm  # noqa: F401, for `timm_models`
    import torch
    import torchax.interop
  except Exception as error:  # torchax fails in many ways with other versions than its own
    raise InputError(
      f"PyTorch cannot be used ({outside.reason(error)}); install the extra 'torch' (tests/requirements-torch.txt)."
    ) from error
  view, tensor = torchax.interop.jax_view, torchax.interop.torch_view

  # What torchax 0.0.13 lacks: linear's keyword arguments, and bicubic resizing.
  def linear(input, weight, bias=None):  # noqa: A002
    x = jnp.matmul(view(input), view(weight).T)
    return tensor(x if bias is None else x + view(bias))

  def cubic(x, size, align_corners, *scales):
    if align_corners:
      raise NotImplementedError('cubic resizing with aligned corners')
    return tensor(jax.image.resize(view(x), (*x.shape[:2], *size), 'cubic', antialias=True))

  repaired = torchax.default_env().override_op_definition
  repaired(torch.nn.functional.linear, linear)
  repaired(torch.ops.aten._upsample_bicubic2d_aa.default, cubic)
  return torch, torchax, view, tensor


def _units(module: Any, part: Any) -> tuple[str, int]:
  """Returns where a part usually has its units, and how many (0: unknown)."""
  torch, *_ = _libraries()
  if '2d' in type(part).__name__ or not isinstance(part, (torch.nn.LayerNorm, torch.nn.Linear)):  # timm's LayerNorm2d
    return 'last' if 'NHWC' in str(getattr(module, 'output_fmt', '')) else 'first', 0
  return 'last', part.out_features if isinstance(part, torch.nn.Linear) else part.normalized_shape[-1]


def _layouts(found: Mapping, channels: str, usual: Callable, batch: int = 1) -> dict[str, str]:
  """Returns the channels' position, 'first' or 'last', of possible taps.

  The outputs are those for square images, in order. Left out are maps of one
  cell, windows, attention heads, and tokens that outnumber the first map's
  cells, whose axes must be swapped.
  """
  layout, cells = {}, None
  for key, x in found.items():
    where = 'last'
    if x.ndim == 4:
      a, b, c = x.shape[1:]
      where, width = usual(key)
      if channels:
        where = channels
      elif a != c == width:
        where = 'last' if a == b else ''
      elif not a == b == c:
        where = 'first' if b == c else 'last' if a == b else ''
    size = x.shape[2:] if where == 'first' else x.shape[1:-1]
    if x.shape[0] != batch or x.ndim > 4 or not where or min((2, *size)) < 2:
      continue
    cells = cells or (size and np.prod(size))
    if x.ndim != 3 or size[0] <= cells + 8:  # up to eight prefix tokens
      layout[key] = where
  return layout
