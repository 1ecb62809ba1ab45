"""Networks from users' own code: any Flax Linen module, or any function."""

from collections.abc import Callable, Mapping, Sequence

import flax
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from absl import logging

from saliency_jax import runtime
from saliency_jax.errors import InputError
from saliency_jax.networks import cuts
from saliency_jax.networks import taps as tap_tools
from saliency_jax.networks.network import Network, Stage, Variables
from saliency_jax.networks.preprocess import Preprocess
from saliency_jax.networks.taps import Tap

OUTPUT = 'output'  # the tap of what the whole module returns
_BATCH = 3  # batch size for finding taps; an array of another batch size is none
_DEFAULT = Preprocess()


def from_linen(
  module: nn.Module,
  variables: Variables,
  *,
  preprocess: Preprocess = _DEFAULT,
  call: Mapping | None = None,
  taps: Sequence[Tap] | None = None,
  stages: Sequence[tuple[str, str]] | None = None,
  name: str = '',
) -> Network:
  """Returns a Flax Linen module as a network; every module's output is a tap.

  A tap's name is the module's path, e.g. 'block1.conv2'. A module that is called
  several times gives 'block1.act#0', 'block1.act#1', ... What the module sows
  under 'intermediates' is a tap too, and 'output' is what it returns.

  Args:
    module: called as `module.apply(variables, images, **call)` with prepared
      images, float32 `[B, H, W, 3]`.
    variables: nested dicts, {'params': ..., 'batch_stats': ...}.
    preprocess: how images are prepared.
    call: keyword arguments of every call, e.g. `{'train': False}`.
    taps: properties of some taps that do not follow from their shapes: the
      stride and prefix of tokens, aliases.
    stages: (name, regular expression for whole parameter paths) of the parts
      that can be frozen, bottom to top; by default the network is a single
      part. A tap belongs to the highest stage whose parameters it depends on.
    name: the network's name; the module's class by default. After training it
      is reloaded by 'package.module:function', a function that returns it.

  Raises:
    InputError: the module cannot be applied to images of
      `preprocess.image_size`, or an argument is invalid.
  """
  call = dict(call or {})

  def capture(variables: Variables, x: jax.Array, wanted: frozenset | None):
    finished = []

    def follow(method, arguments, keywords, context):
      result = method(*arguments, **keywords)
      if context.method_name == '__call__':  # other methods end before their module does
        finished.append('.'.join(context.module.path) or OUTPUT)
      return result

    with nn.intercept_methods(follow):
      output, state = module.apply(
        variables,
        x,
        **call,
        mutable=['intermediates'],
        capture_intermediates=lambda one, method: (
          method == '__call__' and (wanted is None or ('.'.join(one.path) or OUTPUT) in wanted)
        ),
      )
    found = _by_name(state, finished)
    if wanted is None:  # on square images, where the weights of attention heads are not square
      square = {key for key, x in found.items() if x.ndim != 4 or x.shape[1] == x.shape[2]}
      found = {key: x for key, x in found.items() if key in square | {tap.name for tap in taps or ()}}
    return output, found

  return build(name or type(module).__name__, capture, variables, preprocess, taps, stages)


def from_function(
  apply: Callable,
  variables: Variables,
  *,
  preprocess: Preprocess = _DEFAULT,
  taps: Sequence[Tap] | None = None,
  stages: Sequence[tuple[str, str]] | None = None,
  name: str = '',
) -> Network:
  """Returns a function as a network.

  Args:
    apply: a pure function `apply(variables, images) -> {tap: array}` of prepared
      images, float32 `[B, H, W, 3]`. Arrays are maps `[B, h, w, C]`, tokens
      `[B, N, C]` or vectors `[B, C]`.
    variables: nested dicts; without a key 'params' all are parameters.
    preprocess: how images are prepared.
    taps: see `from_linen`.
    stages: see `from_linen`.
    name: the network's name; the function's by default.

  Raises:
    InputError: see `from_linen`; or the maps of an image depend on its batch, or
      have the shape `[B, C, h, w]`.
  """
  bare = 'params' not in variables
  if bare:
    variables = {'params': variables}

  def capture(variables: Variables, x: jax.Array, wanted: frozenset | None):
    found = apply(variables['params'] if bare else variables, x)
    if not isinstance(found, Mapping):
      raise TypeError(f'it returns a {type(found).__name__}, not {{tap: array}}')
    for tap, array in found.items():  # of square images
      if wanted is None and len(shape := np.shape(array)) == 4 and shape[1] != shape[2] == shape[3]:
        raise TypeError(f'{tap} is {shape}, with channels first, as in PyTorch; return [B, h, w, C]')
    return next(reversed(found.values()), None), found

  made = build(name or getattr(apply, '__name__', 'function'), capture, variables, preprocess, taps, stages)
  _check_alone(made)
  return made


def _check_alone(network: Network) -> None:
  """Raises an `InputError` if an image's maps depend on others of its batch."""
  side = network.preprocess.image_size
  x = np.random.default_rng(0).normal(size=(3, side, side, 3)).astype(np.float32)
  run = jax.jit(
    lambda variables, x: network.run(variables, x, network.taps, 0, 0)[1], compiler_options=runtime.quick_options()
  )
  try:
    maps, others = (run(network.variables, x[[0, i]]) for i in (1, 2))
  except Exception as error:  # whatever a user's code raises
    raise InputError(
      f'{network.name} cannot be applied to 2 images: {" ".join(str(error).split())[:300]}; batches are of any size.'
    ) from error
  for tap, y in maps.items():
    if not np.allclose(y[0], others[tap][0], 0, 1e-3 * np.nanmax(np.abs(y[0]), initial=0), equal_nan=True):
      raise InputError(
        f'{network.name} gives other values at {tap} for the same image in another batch, as batch '
        'normalisation does in training; let the maps of an image depend on that image only.'
      )


def _by_name(state: Mapping, finished: Sequence[str]) -> dict[str, jax.Array]:
  """Returns the arrays that Flax captured, in the order of the computation."""
  found, before = {}, [-1]  # when the preceding capture ended
  for path, values in flax.traverse_util.flatten_dict(flax.core.unfreeze(dict(state)).get('intermediates', {})).items():
    sown = path[-1] != '__call__'
    module = '.'.join(path[:-1]) or OUTPUT
    at = '.'.join(path) if sown else module
    ends = [i for i, name in enumerate(finished) if name == module] or [-1]
    if sown:  # before its module ends, after the capture that Flax lists before it
      ends = before if len(ends) == len(values) == len(before) else before[-1:]
    before = ends
    for number, value in enumerate(values):
      if isinstance(value, jax.Array):
        name = at if len(values) == 1 else f'{at}#{number}'
        found[name] = (ends[min(number, len(ends) - 1)], value)
  return {name: value for name, (_, value) in sorted(found.items(), key=lambda item: item[1][0])}


def build(
  name: str,
  capture: Callable,
  variables: Variables,
  preprocess: Preprocess,
  taps: Sequence[Tap] | None,
  stages: Sequence[tuple[str, str]] | None,
  *,
  prefix: int | None = None,
) -> Network:
  """Returns a network around a function that captures intermediate arrays.

  `capture(variables, images, wanted) -> (output, {tap: array})` has the order of
  the computation; `wanted` None captures all taps. `prefix` is the number of
  tokens before those of the grid; None infers it from the number of tokens. For
  the rest see `from_linen`.

  Raises:
    InputError: see `from_linen`.
  """
  variables = flax.core.unfreeze(dict(variables))
  preprocess = preprocess.check()
  side = preprocess.image_size
  order: list[str] = []

  def discover(variables: Variables, x: jax.Array):
    _, found = capture(variables, x, None)
    order.extend(found)  # pytrees would sort the keys
    return found

  images = jax.ShapeDtypeStruct((_BATCH, side, side, 3), jnp.float32)
  try:
    shapes = jax.eval_shape(discover, variables, images)
  except Exception as error:  # whatever a user's code raises
    raise InputError(
      f'{name} cannot be applied to {_BATCH} images of {side} x {side} pixels: {" ".join(str(error).split())[:300]}'
    ) from error
  described = {tap.name: tap for tap in taps or ()}
  found = tap_tools.map_candidates({tap: shapes[tap] for tap in order}, _BATCH, side, described)
  stages = tuple(Stage(*stage) for stage in stages or ())
  for stated in described:
    if stated not in found:
      raise InputError(f'{name} has no tap {stated!r}; it has {", ".join(found)}.')
  every = tap_tools.table(
    tap_tools.described(described.get(tap, Tap(tap)), x.shape, side, prefix) for tap, x in found.items()
  )
  maps = tuple(tap.name for tap in every.values() if tap.kind != 'vector')
  # Means over the image, as in squeeze and excitation, have nothing to score.
  cells = tuple(tap for tap in maps if every[tap].stride != side) or maps
  stated = {tap.prefix for tap in described.values()} | {0, prefix}
  for guess in {every[tap].prefix for tap in maps} - stated:
    logging.warning(
      '%s: the first %d of its tokens are assumed to lie outside the grid, judging '
      'by their number alone; state this with Tap(prefix=...) in `taps`.',
      name,
      guess,
    )
  if not maps:
    has = ', '.join(f'{tap} {shapes[tap].shape}' for tap in order[-5:]) or (
      "none that are as high as wide; state `channels` of PyTorch's, or `taps`"
    )
    raise InputError(f'{name} has no maps [B, h, w, C] or tokens [B, N, C]; for {_BATCH} images it has {has}.')

  @runtime.full_precision
  def run(variables, x, taps, first, last):
    del first, last
    y, computed = capture(variables, x, frozenset(tap.partition('#')[0] for tap in taps))
    return y, {tap: computed[tap] for tap in taps}

  made = Network(name, run, variables, preprocess, every, stages, default_taps=cells, readout_tap=cells[-1])
  numbers = jax.tree.leaves(cuts.stage_numbers(made))
  return _with_stages(made, capture, images, numbers) if stages else made


def _with_stages(made: Network, capture: Callable, x: jax.ShapeDtypeStruct, numbers: Sequence[int]) -> Network:
  """Returns a network whose taps have the highest of the stages, by parameter, that they depend on, or None."""

  def listed(params, x):
    _, found = capture({**made.variables, 'params': params}, x, None)
    return [found[tap] for tap in made.taps]

  program = jax.make_jaxpr(listed)(made.variables['params'], x).jaxpr
  try:
    from jax.interpreters import partial_eval

    used = [partial_eval.dce_jaxpr(program, [tap == name for tap in made.taps])[1] for name in made.taps]
  except Exception as error:  # the function is internal to JAX
    logging.warning("Taps' stages cannot be found with this JAX (%s); depths count from the top stage.", error)
    return made
  highest = (max((n for n, needed in zip(numbers, of, strict=False) if needed), default=None) for of in used)
  return made.replace(
    taps={name: tap._replace(stage=stage) for (name, tap), stage in zip(made.taps.items(), highest, strict=True)}
  )
