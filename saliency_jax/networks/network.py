"""A network as a value: a pure function, its variables, and its taps.

Code outside this folder uses `apply(variables, images, taps) -> {tap: maps}`.
Networks come from the zoo by name (`zoo`), from a user's own code (`adapters`),
or from a training run (`training.trained_models`).
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from saliency_jax import runtime
from saliency_jax.errors import InputError
from saliency_jax.networks import taps as tap_tools
from saliency_jax.networks.preprocess import Preprocess
from saliency_jax.networks.taps import Grid, Tap
from saliency_jax.ops import resize

Variables = Mapping[str, Any]  # {'params': tree, 'batch_stats': tree, ...}
DTYPES = {'float32': jnp.float32, 'bfloat16': jnp.bfloat16}


class Stage(NamedTuple):
  """A part that can be frozen; stages are in order, bottom to top."""

  name: str
  parameters: str  # matches the whole path of each of its parameters


class Provenance(NamedTuple):
  """Which variables these are, for `summary.json`."""

  name: str  # of the weights: 'imagenet', or the file's stem
  sha256: str  # of the tensors, see `weights.variable_files.digest`
  source: str  # what they were read from
  # Of a trained network: how many stages were trained, and for which task.
  depth: int | None = None
  task: str = ''
  file_sha256: str = ''  # of the file from which the variables come, if any


class Head(NamedTuple):
  """A head, as two pure functions.

  `apply` is made once, not anew for each network: networks with the same head
  then share compiled programs.
  """

  name: str  # of its parameters in the network's
  output: Tap  # its output, a tap of a trained network
  init: Callable[[jax.Array, tuple[int, int, int]], dict]  # key, (h, w, C)
  apply: Callable[[Mapping, jax.Array], jax.Array]  # params, [B, h, w, C]


class Frame(NamedTuple):
  """How a model's authors fit an image to it, and its map to the image."""

  # uint8 `[H, W, 3]` -> float32 `[h, w, 3]`, RGB in 0-255
  prepare: Callable[[np.ndarray], np.ndarray]
  # float `[h', w']`, the model's map, and (H, W) -> float32 `[H, W]`
  restore: Callable[[np.ndarray, tuple[int, int]], np.ndarray]


@dataclasses.dataclass(frozen=True, eq=False)
class Network:
  """A network with readable taps.

  Attributes:
    name: the name of the architecture.
    run: a pure function, `run(variables, x, taps, first, last) -> (y, {tap:
      array})`. x are prepared images, or the input of the stage `first`; the
      stages `first` to `last` - 1 are computed, and y is the output of the last.
    variables: the parameters under 'params', and any other collections.
    preprocess: how images are prepared.
    taps: every tap by its name, bottom to top.
    stages: the parts that can be frozen; () if the network is a single one.
    cuts: whether `run` can begin and end between stages; if not, `first` is 0
      and `last` the number of stages.
    default_taps: the taps that are dissected by default.
    readout_tap: the tap that a saliency readout takes.
    provenance: which variables these are.
    dtype: the type of the arithmetic, a key of `DTYPES`; parameters keep theirs.
    decoder: for a network that ends in a map 'saliency', its last stage, which
      makes this map and is trained at every depth instead of a readout.
    frame: how a prediction prepares images, if not by `preprocess` alone.
  """

  name: str
  run: Callable[..., tuple[jax.Array, dict[str, jax.Array]]]
  variables: Variables
  preprocess: Preprocess
  taps: Mapping[str, Tap]
  stages: tuple[Stage, ...] = ()
  cuts: bool = False
  default_taps: tuple[str, ...] = ()
  readout_tap: str = ''
  provenance: Provenance = Provenance('', '', '')
  dtype: str = 'float32'
  decoder: Head | None = None
  frame: Frame | None = None

  def __repr__(self) -> str:
    return f'Network({self.name!r}, {len(self.taps)} taps, weights {self.provenance.name!r})'

  def replace(self, **changes) -> 'Network':
    """Returns a copy with some attributes changed."""
    return dataclasses.replace(self, **changes)

  def without_decoder(self) -> 'Network':
    """Returns the trunk: a network without its own decoder, and without its map."""
    if not self.decoder:
      return self
    own = self.decoder.output.name
    return self.replace(decoder=None, taps={name: tap for name, tap in self.taps.items() if name != own})

  @property
  def top_tap(self) -> str:
    """The trunk's highest tap: the readout's, or the one below a decoder."""
    return self.default_taps[0] if self.decodes else self.readout_tap

  @property
  def decodes(self) -> bool:
    """Whether its own decoder takes the place of a readout."""
    return bool(self.decoder) and self.readout_tap == self.decoder.output.name

  def facts(self) -> dict[str, str | int]:
    """Returns what `summary.json` says of the network, without its weights."""
    return {
      'name': self.name,
      'dtype': self.dtype,
      'image_size': self.preprocess.image_size,
      'readout_tap': self.top_tap,
    }

  def resolve(self, wanted: Sequence[str] = ()) -> tuple[str, ...]:
    """Returns tap names for names, aliases and patterns; see `taps.resolve`.

    Args:
      wanted: names, aliases or patterns; () stands for `default_taps`.

    Raises:
      InputError: one is unknown, ambiguous, or a vector.
    """
    return tap_tools.resolve(tuple(wanted) or self.default_taps, self.taps, self.name)

  def apply(self, variables: Variables, images: jax.Array, taps: Sequence[str]) -> dict[str, jax.Array]:
    """Returns maps `[B, h, w, C]` of some taps; pure, for `jax.jit`.

    Args:
      variables: as `self.variables`.
      images: uint8 or float `[B, H, W, 3]`, RGB in 0-255, of the size that
        enters the network.
      taps: names, see `resolve`.
    """
    return _forward(*self._program(taps))(variables, images)

  def compiled(self, taps: Sequence[str]) -> Callable:
    """Returns `apply` of some taps, compiled: (variables, images) -> maps.

    Networks that differ only in their variables share the program.
    """
    return _compiled(*self._program(taps))

  def _program(self, taps: Sequence[str]) -> tuple:
    return (self.run, self.preprocess, tuple(self.taps[name] for name in taps), self.last_stage(taps))

  def last_stage(self, taps: Sequence[str]) -> int:
    """Returns how many stages must be computed for some taps."""
    if not self.cuts:
      return len(self.stages)
    return max(self.taps[name].stage for name in taps) + 1

  def shapes(self, taps: Sequence[str], size: int | tuple[int, int] | None = None) -> dict[str, tuple[int, int, int]]:
    """Returns the (h, w, C) of some taps' maps, without computing them.

    Args:
      taps: names, see `resolve`.
      size: of the images, S or (H, W); `preprocess.image_size` by default.

    Raises:
      InputError: the network does not take images of this size.
    """
    size = size or self.preprocess.image_size
    height, width = (size, size) if isinstance(size, int) else size
    image = jax.ShapeDtypeStruct((1, height, width, 3), jnp.uint8)
    try:
      # Tracing a large network takes a second; a compiled function keeps what it traced.
      found = self.compiled(taps).eval_shape(self.variables, image)
    except InputError:
      raise
    except Exception as error:  # whatever a user's code raises
      raise InputError(
        f'{self.name} does not take images of {height} x {width} pixels '
        f'({" ".join(str(error).split())[:200]}); give another '
        f'config.network.image_size.'
      ) from error
    return {name: found[name].shape[1:] for name in taps}

  def grids(self, taps: Sequence[str], image_size: int) -> dict[str, Grid]:
    """Returns the (h, w) of some taps' maps.

    Raises:
      InputError: a map has fewer than two rows or columns of cells.
    """
    found = {}
    for name, (height, width, _) in self.shapes(taps, image_size).items():
      if min(height, width) < 2:  # a single cell is a constant map
        raise InputError(
          f'config.network.image_size={image_size} leaves {name} a map of '
          f'{height} x {width} cells; give a larger size, or other '
          f'config.network.taps.'
        )
      found[name] = (height, width)
    return found

  def maps(self, images: np.ndarray | Sequence[np.ndarray], taps: Sequence[str] = ()) -> dict[str, np.ndarray]:
    """Returns maps of images of any size, for interactive use.

    Args:
      images: uint8 `[H, W, 3]`, RGB, or a Pillow image, or several of any
        sizes; each is resized to `preprocess.image_size` squared.
      taps: names, aliases or patterns; () stands for `default_taps`.

    Returns:
      {tap: float32 `[B, h, w, C]`}, B = 1 for a single image.

    Raises:
      InputError: a tap is unknown, or an image is not uint8 `[H, W, 3]`.
    """
    taps = self.resolve((taps,) if isinstance(taps, str) else taps)
    if not isinstance(images, Sequence):
      images = np.asarray(images)
      images = images if images.ndim == 4 else [images]
    if not len(images):
      raise InputError('There is no image; give one or more.')
    batch = np.stack([resized(image, self.preprocess) for image in images])
    found = self.compiled(taps)(self.variables, batch)
    return {name: np.asarray(found[name], np.float32) for name in taps}


def resized(image: np.ndarray, preprocess: Preprocess) -> np.ndarray:
  """Returns an image in the size that a network takes: uint8 `[S, S, 3]`.

  Raises:
    InputError: the image has another shape or type.
  """
  image = np.asarray(image)
  if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
    raise InputError(
      f'An image is uint8 [H, W, 3] in RGB; this is {image.dtype} {list(image.shape)} '
      '(PIL.Image.open(...).convert("RGB") makes one of any file).'
    )
  return resize.square(image, preprocess.image_size, preprocess.resize)


def _forward(run: Callable, preprocess: Preprocess, taps: tuple[Tap, ...], last: int) -> Callable:
  names = frozenset(tap.name for tap in taps)

  def forward(variables: Variables, images: jax.Array):
    _, found = run(variables, preprocess(images), names, 0, last)
    return {tap.name: tap_tools.as_maps(found[tap.name], tap, images.shape[1:3]) for tap in taps}

  return forward


@functools.lru_cache(maxsize=64)
def _compiled(run: Callable, preprocess: Preprocess, taps: tuple[Tap, ...], last: int) -> Callable:
  return jax.jit(_forward(run, preprocess, taps, last), compiler_options=runtime.compiler_options())


def arithmetic(dtype: str) -> jnp.dtype:
  """Returns a type of arithmetic, 'float32' or 'bfloat16', by its name.

  Raises:
    InputError: there is no such type.
  """
  if dtype not in DTYPES:
    raise InputError(f'config.network.dtype is {dtype!r}; it is one of {", ".join(DTYPES)}.')
  return DTYPES[dtype]
