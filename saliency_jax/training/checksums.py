"""What is stored beside a checkpoint's arrays to verify them: JSON values."""

import zlib
from collections.abc import Iterator, Mapping

import jax
import numpy as np

from saliency_jax import files, outside
from saliency_jax.networks import trees

_ABOUT = {
  'job': dict,
  'step': int,
  'scores': (None, {str: float}),
  'skipped': {str: str},
  'shapes': {str: {str: list}},
  'digest': str,
  'crc32': dict.fromkeys(('params', 'optimizer'), {str: int}),
}


def checksums(tree: Mapping[str, trees.Tree]) -> dict[str, int]:
  """Returns {name: CRC-32 of all its arrays, in the tree's order}."""
  sums = {}
  for name, part in tree.items():
    sums[name] = 0
    for leaf in jax.tree.leaves(part):
      sums[name] = zlib.crc32(np.ascontiguousarray(leaf), sums[name])
  return sums


def shapes(tree: Mapping[str, trees.Tree]) -> dict:
  """Returns {name: {leaf's path: [shape, dtype]}} as JSON values."""
  return {
    name: {
      leaf: [list(x.shape), np.dtype(x.dtype).name]
      for leaf, x in zip(trees.names(part), jax.tree.leaves(part), strict=True)
    }
    for name, part in tree.items()
  }


def of_json(about: dict) -> str:
  """Returns the hash of JSON values, without 'digest'."""
  rest = {key: value for key, value in about.items() if key != 'digest'}
  return files.digest_of(rest)


def is_whole(about: dict, step: int) -> bool:
  """Returns whether what is stored beside a step's arrays is intact."""
  outside.check(about, _ABOUT)
  for of in about['shapes'].values():
    structs(of)
  scores = about['scores']
  return (
    # A folder may have been renamed to another step.
    about['step'] == step
    and (scores is None or set(scores) == set(about['shapes']))
    and about['digest'] == of_json(about)
  )


def structs(of: dict) -> trees.Tree:
  """Returns the tree that has these `shapes`, on one device."""
  sharding = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
  return trees.nest(
    {
      name: jax.ShapeDtypeStruct(tuple(shape), np.dtype(dtype), sharding=sharding)
      for name, (shape, dtype) in of.items()
    }
  )


def differences(there, here, at: str = '') -> Iterator[tuple]:
  """Yields (name, value there, value here) where JSON values differ."""
  if isinstance(there, dict) and isinstance(here, dict):
    for key in there | here:
      name = f'{at}.{key}' if at else key
      yield from differences(there.get(key), here.get(key), name)
  elif there != here:
    yield at, there, here
