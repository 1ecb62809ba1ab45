"""A config that remembers which of its values were read."""

import ml_collections


class Recorder:
  """A config that remembers which of its values were read."""

  def __init__(self, config: ml_collections.ConfigDict, read=None, at=''):
    self._config, self._at = config, at
    self.read = set() if read is None else read

  def __getattr__(self, name: str):
    value = getattr(self._config, name)
    if isinstance(value, ml_collections.ConfigDict):
      return Recorder(value, self.read, f'{self._at}{name}.')
    if not callable(value):
      self.read.add(self._at + name)
    return value

  __getitem__ = __getattr__

  def __contains__(self, name: str) -> bool:
    return name in self._config


def keys(config: ml_collections.ConfigDict, at: str = '') -> set[str]:
  """Returns the names of all values, 'network.name' and so on."""
  return set().union(
    *(
      keys(value, f'{at}{name}.') if isinstance(value, ml_collections.ConfigDict) else {at + name}
      for name, value in config.items()
    )
  )
