"""Taps: the outputs inside a network that can be read, and their maps.

Whatever the network computes at a tap, users see maps `[B, h, w, C]`. This is
the one place where tokens become maps.
"""

import contextlib
import difflib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

import jax

from saliency_jax.errors import InputError
from saliency_jax.ops.resize import TILING, Placement

Grid = tuple[int, int]  # (h, w) in cells
KINDS = {4: 'map', 3: 'tokens', 2: 'vector'}  # by the number of an array's axes


class Tap(NamedTuple):
  """One output inside a network."""

  name: str
  kind: Literal['map', 'tokens', 'vector'] = 'map'
  stage: int | None = None  # index of the stage that computes it
  aliases: tuple[str, ...] = ()  # torchvision's and timm's names
  stride: int | None = None  # pixels of the input to a cell; None: not known
  prefix: int = 0  # tokens before those of the grid, e.g. 1 for a class token
  labels: tuple[str, ...] = ()  # what each unit stands for, where that is known
  # Pixels of the input by which the centre of a cell's receptive field lies
  # below and to the right of the cell's own, (i + 1/2) * stride.
  offset: float = 0.0


def table(taps: Iterable[Tap]) -> dict[str, Tap]:
  """Returns {name: tap}, in the same order."""
  return {tap.name: tap for tap in taps}


def resolve(wanted: Sequence[str], taps: Mapping[str, Tap], network: str) -> tuple[str, ...]:
  """Returns the names of the taps that names, aliases and patterns refer to.

  Args:
    wanted: names, aliases, or regular expressions for whole names, such as
      'layer[34].*'; the result keeps their order. The matches of a pattern are
      listed bottom to top, without vectors, which have no map.
    taps: every tap of the network, see `table`.

  Raises:
    InputError: `wanted` is empty, or an entry is unknown, ambiguous, a vector
      or repeated.
  """
  if not wanted:
    raise InputError('config.network.taps is empty; name at least one tap.')
  aliases: dict[str, list[str]] = {}
  for tap in taps.values():
    for alias in tap.aliases:
      aliases.setdefault(alias, []).append(tap.name)
  named: list[str] = []
  found: dict[str, None] = {}
  for name in wanted:
    meant = [name] if name in taps else aliases.get(name, [])
    if not meant:
      with contextlib.suppress(re.error):
        meant = [tap.name for tap in taps.values() if tap.kind != 'vector' and re.fullmatch(name, tap.name)]
      if not meant:
        near = difflib.get_close_matches(name, [*taps, *aliases], 3, 0)
        raise InputError(
          f'{network} has no tap {name!r}; the nearest are {", ".join(near)} '
          '(.taps and python launch/networks.py NAME list all).'
        )
    elif len(meant) > 1:
      raise InputError(f'{name!r} could be {" or ".join(meant)} of {network}; name one of them in config.network.taps.')
    elif taps[meant[0]].kind == 'vector':
      raise InputError(f'{meant[0]} of {network} is a vector without cells; config.network.taps takes maps and tokens.')
    elif meant[0] in named:
      raise InputError(f'config.network.taps names {meant[0]} twice.')
    else:
      named += meant
    found |= dict.fromkeys(meant)
  return tuple(found)


def as_maps(x: jax.Array, tap: Tap, size: tuple[int, int]) -> jax.Array:
  """Returns the output of a tap as maps `[B, h, w, C]`.

  Args:
    x: `[B, h, w, C]` for a map; `[B, N, C]` for tokens, those of the prefix
      first, then the grid row by row.
    size: (H, W) of the images that entered the network, in pixels.

  Raises:
    ValueError: the number of tokens fits no grid.
  """
  if tap.kind != 'tokens':
    return x
  batch, tokens, units = x.shape
  height, width = (side // (tap.stride or side) for side in size)
  if height * width + tap.prefix != tokens:
    raise ValueError(
      f'{tokens} tokens of {tap.name} are no grid for images of {size[0]} x '
      f'{size[1]} pixels; state its stride and prefix'
    )
  return x[:, tap.prefix :].reshape(batch, height, width, units)


def placement(tap: Tap, grid: Grid, image_size: int) -> Placement:
  """Returns where cells lie on square images by their receptive fields."""
  if not tap.stride or grid[0] != grid[1]:
    return TILING
  found = Placement(tap.offset / tap.stride, image_size / tap.stride)
  if not tap.offset and abs(found.extent - grid[0]) >= 1:
    return TILING  # unpadded layers, whose offset is not known
  return TILING if found == (0, grid[0]) else found


def map_candidates(
  found: Mapping[str, jax.ShapeDtypeStruct], batch: int, side: int, stated: Iterable[str] = ()
) -> dict[str, jax.ShapeDtypeStruct]:
  """Returns the arrays whose shapes can be those of maps of square images.

  It leaves out arrays of another batch size (windows, position tables), complex
  ones, attention matrices, and tokens with their axes swapped. `found` has the
  order of the computation, `side` is the images' in pixels, and what is `stated`
  is kept if it has the batch size.
  """
  found = {tap: x for tap, x in found.items() if len(x.shape) in KINDS and x.shape[0] == batch and x.dtype.kind != 'c'}
  shapes = [x.shape for x in found.values()]
  cells = [(math.prod(x[1:-1]), x[-1]) for x in shapes if len(x) > 2]
  # A mixer swaps its tokens' axes and swaps them back; merging does not.
  turned = {a for i, (a, b) in enumerate(cells) if a != b and (b, a) in cells[:i] and (b, a) in cells[i:]}
  out = {tap for tap, x in found.items() if len(x.shape) == 3 and x.shape[1] in turned}
  tokens = 0  # of the last tokens: a map of another stage may have as many rows
  for tap, x in found.items():
    if len(x.shape) == 3:
      tokens = x.shape[1]
    elif len(x.shape) == 4 and x.shape[1] == x.shape[2] == tokens != side:
      out.add(tap)
  return {tap: x for tap, x in found.items() if tap not in out or tap in stated}


def described(tap: Tap, shape: tuple[int, ...], side: int, prefix: int | None) -> Tap:
  """Returns a tap with what its shape says: kind, stride and prefix.

  The shape, of 2 to 4 axes, is that for square images whose `side` is in pixels.
  `prefix` is the number of tokens before those of the grid; None infers it from
  the number of tokens.

  Raises:
    InputError: an offset is stated without a stride that cannot be inferred.
  """
  tap = tap._replace(kind=KINDS[len(shape)])
  if tap.stride or tap.kind == 'vector':
    return tap
  if tap.kind == 'map':
    if tap.offset and shape[1] and side % shape[1]:
      raise InputError(
        f'{tap.name} has {shape[1]} cells on {side} pixels, which do not say its stride; state it with the offset: '
        f'Tap({tap.name!r}, stride=..., offset={tap.offset:g}).'
      )
    return tap._replace(stride=side // shape[1] if shape[1] and not side % shape[1] else None)
  # A square grid after up to eight tokens. Where the prefix is known it may
  # still be absent: some transformers add it in a late block.
  counts = range(9) if prefix is None else (prefix, 0)
  for count in (tap.prefix,) if tap.prefix else counts:
    cells = round(max(shape[1] - count, 0) ** 0.5)
    if cells and cells**2 + count == shape[1] and side % cells == 0:
      return tap._replace(prefix=count, stride=side // cells)
  return tap._replace(kind='vector')
