"""Networks that are computed in stages, and a recorder for their taps."""

import dataclasses
from collections.abc import Collection
from typing import Any

import flax.linen as nn
import jax

from saliency_jax.errors import InputError
from saliency_jax.networks.network import Stage

SALIENCY = 'saliency'  # the tap of a saliency model's map
DECODER = 'decoder'  # its last stage


@dataclasses.dataclass
class Recorder:
  """Collects the values of the wanted taps."""

  wanted: Collection[str] | None  # names; None records all
  prefix: str = ''  # of the names in this part of the network
  values: dict[str, jax.Array] = dataclasses.field(default_factory=dict)  # by tap, filled while a module runs

  def __call__(self, name: str, value: jax.Array) -> jax.Array:
    """Returns `value`, recorded if its tap is wanted."""
    name = self.prefix + name
    if self.wanted is None or name in self.wanted:
      self.values[name] = value
    return value

  def within(self, prefix: str) -> 'Recorder':
    """Returns a recorder for a submodule, whose names get the prefix."""
    return dataclasses.replace(self, prefix=self.prefix + prefix)


def check_sides(size: tuple[int, int], multiple: int) -> None:
  """Raises an `InputError` unless both sides, in pixels, are such multiples."""
  if any(side % multiple for side in size):
    raise InputError(
      f'This network takes images whose sides are multiples of {multiple} '
      f'pixels, and these have {size[0]} x {size[1]}; set '
      'config.network.image_size.'
    )


def centred(stride: int) -> float:
  """Returns the offset of a tap whose cell i lies on pixel i * stride.

  So it does if all kernels have an odd side, and their padding its half.
  """
  return -(stride - 1) / 2


class Staged(nn.Module):
  """A network in stages, bottom to top.

  What it records are its taps, see `architecture.inspected`. Subclasses have a
  field `dtype`, the type of the arithmetic; parameters keep their own.
  """

  @nn.compact
  def __call__(
    self, x: Any, taps: Collection[str] | None = (), first: int = 0, last: int | None = None
  ) -> tuple[Any, dict[str, jax.Array]]:
    """Computes some stages; see `network.Network.run`.

    `taps` None are all taps, `last` None is the number of stages. The input and
    output of a stage are an array or a dict of arrays.

    Raises:
      InputError: the network does not take images with these sides.
    """
    record = Recorder(taps)
    x = jax.tree.map(lambda x: x.astype(self.dtype), x)
    for number in range(first, len(self.parts()) if last is None else last):
      x = self.stage(number, x, record)
    return x, record.values

  def parts(self) -> tuple[Stage, ...]:
    """Returns the stages as units of freezing."""
    raise NotImplementedError

  def stage(self, number: int, x: Any, record: Recorder) -> Any:
    """Returns a stage's output for its input."""
    raise NotImplementedError

  def large_stages(self) -> int:
    """Returns how many of the lowest stages have maps with many cells."""
    return 0

  def aliases(self, tap: str) -> tuple[str, ...]:
    """Returns other programs' names for a tap."""
    del tap
    return ()

  def offset(self, tap: str, stride: int) -> float:
    """Returns a tap's offset in pixels, see `taps.Tap`; 0 where it is not known.

    It is not where a decoder joins maps that lie differently.
    """
    del tap, stride
    return 0.0

  def prefix(self) -> int:
    """Returns how many tokens come before those of the grid."""
    return 0
