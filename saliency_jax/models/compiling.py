"""Compiler settings that are worth measuring, kept in one place."""

import functools

import jax

# jaxlib 0.10's default hands single convolutions on a CPU to a library that
# takes 1.25 times as long as XLA's own for VGG-16 (`launch/benchmark.py`).
_CPU = {'xla_cpu_experimental_ynn_fusion_type':
        'LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT'}


@functools.cache
def options() -> dict[str, str]:
  """Returns `compiler_options` for `jax.jit`: those that this jaxlib knows."""
  if jax.default_backend() != 'cpu':
    return {}
  try:
    jax.jit(lambda: 0, compiler_options=_CPU)()
  except jax.errors.JaxRuntimeError:
    return {}
  return _CPU
