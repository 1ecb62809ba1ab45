"""Networks. `saliency_jax.networks()` returns the names of the zoo."""

import sys
import types


class _Networks(types.ModuleType):
  """The package itself, which users can call like a function."""

  def __call__(self) -> tuple[str, ...]:
    """Returns the names of the networks that `saliency_jax.load` knows."""
    from saliency_jax.networks import zoo

    return tuple(zoo.NETWORKS)


sys.modules[__name__].__class__ = _Networks
