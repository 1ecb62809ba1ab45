"""What a network of the zoo records while it runs."""

from collections.abc import Collection

import jax


class Recorder:
  """The values of the taps that are wanted.

  Attributes:
    values: tap name to array, filled while a module runs.
  """

  def __init__(self, wanted: Collection[str], prefix: str = ''):
    self.values: dict[str, jax.Array] = {}
    self._wanted = frozenset(wanted)
    self._prefix = prefix

  def __call__(self, name: str, value: jax.Array) -> jax.Array:
    """Returns `value`, recorded if its tap is wanted."""
    name = self._prefix + name
    if name in self._wanted:
      self.values[name] = value
    return value

  def within(self, prefix: str) -> 'Recorder':
    """Returns a recorder for a part, whose names get the prefix."""
    part = Recorder(self._wanted, self._prefix + prefix)
    part.values = self.values
    return part
