"""Checks for what torchax computes otherwise than PyTorch."""

import contextlib
import functools
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import jax
import numpy as np

from saliency_jax import runtime
from saliency_jax.errors import InputError
from saliency_jax.networks.network import Network

_TOLERANCE = 1e-3  # of the greatest value of a tap
_SLICES = ('aten::slice', 'aten::select')
_SET = ('aten::copy_', 'aten::fill_')  # x[1:] = y


@contextlib.contextmanager
def unchanged(parts: Iterable[Any]) -> Iterator[None]:
  """Restores modules' attributes: a cache would keep JAX's tracers."""
  kept = [(vars(part), vars(part).copy()) for part in parts]
  held = [(x, x.copy()) for _, values in kept for x in values.values() if isinstance(x, (dict, list))]
  try:
    yield
  finally:
    for now, values in (*kept, *held):
      now.clear()
      now.update(values) if isinstance(now, dict) else now.extend(values)


@contextlib.contextmanager
def no_random_numbers(env: Any) -> Iterator[None]:
  """Enters torchax's environment; random numbers raise an `InputError`."""
  seed = jax.random.key(0)
  with warnings.catch_warnings(), env.override_property(prng=seed), env:
    warnings.filterwarnings('ignore', 'Explicitly requested dtype int64')  # for indices, which fit 32 bits
    yield
    if env.prng_key is not seed:
      raise InputError('it draws random numbers in evaluation mode; let eval() switch them off.')


def writes_to_views(module: Any, side: int) -> bool:
  """Returns whether a module writes in place to a tensor that has views.

  torchax copies most views, so one side may miss the write. The module is on
  PyTorch's device 'meta', so that nothing is computed.
  """
  import torch
  from torch.utils import _python_dispatch, _pytree

  viewed, sliced, written = {}, {}, []  # slices are views in torchax too

  class Watch(_python_dispatch.TorchDispatchMode):
    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
      def places(tree):
        storages = [x.untyped_storage() for x in _pytree.tree_leaves(tree) if isinstance(x, torch.Tensor)]
        return {x._cdata: x for x in storages}

      result = func(*args, **(kwargs or {}))
      if func._schema.name == 'aten::_unsafe_view':  # a product's, which has no other owner
        return result
      if not func._schema.is_mutable:
        given, kind = places((args, kwargs)), sliced if func._schema.name in _SLICES else viewed
        kind.update({key: x for key, x in places(result).items() if key in given})
      elif places(result).keys() & (viewed | ({} if func._schema.name in _SET else sliced)).keys():
        written.append(func)
      return result

  try:
    with torch.no_grad(), Watch(), unchanged([*module.modules()]):
      module(torch.empty(1, 3, side, side, device='meta'))
  except Exception:  # it needs values, which JAX's tracers lack too
    return True
  return bool(written)


def compare(module: Any, made: Network, arrays: Mapping) -> None:
  """Compares every tap with what PyTorch computes, for one drawn image.

  Raises:
    InputError: a tap differs by more than a thousandth of its greatest value.
  """
  import torch

  found: dict[str, list[np.ndarray]] = {}
  side, taps = made.preprocess.image_size, frozenset(made.taps)
  x = np.random.default_rng(0).normal(size=(1, side, side, 3)).astype(np.float32)

  def hook(key, part, _, given):
    given = given[0] if isinstance(given, tuple) and given else given
    if isinstance(given, torch.Tensor):
      found.setdefault(key, []).append(given.numpy().copy())

  parts = module.named_modules()
  handles = [part.register_forward_hook(functools.partial(hook, key or 'output')) for key, part in parts]
  arrays = {key: torch.from_numpy(value) for key, value in arrays.items()}
  try:
    with torch.no_grad(), unchanged([*module.modules()]):
      torch.func.functional_call(module, arrays, (torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(),))
  finally:
    for handle in handles:
      handle.remove()
  run = jax.jit(lambda variables, x: made.run(variables, x, taps, 0, 0)[1], compiler_options=runtime.quick_options())
  ours = run(made.variables, x)
  order = {key: i for i, key in enumerate(found)}  # in which modules ran; JAX sorts the keys
  for tap in sorted(ours, key=lambda tap: order[tap.partition('#')[0]]):
    key, _, number = tap.partition('#')
    value = ours[tap]
    wanted = found[key][int(number or 0)]
    wanted = [y for y in (wanted, np.moveaxis(wanted, 1, -1)) if y.shape == value.shape]
    near = [np.allclose(value, y, 0, _TOLERANCE * np.abs(y).max(), equal_nan=True) for y in wanted]
    if near and not any(near):
      raise InputError(
        f'{type(module).__name__} gives other values at {tap} than in PyTorch, because it writes in place to '
        f'a view (x.view(...), x.chunk(...)), which torchax loses; rewrite it without such writes.'
      )
