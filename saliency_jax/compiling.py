"""Compiler settings that are worth measuring, kept in one place."""

import functools

import jax

_CPU = {
    # jaxlib 0.10's default hands single convolutions on a CPU to a library that
    # takes 1.25 times as long as XLA's own for VGG-16 (`launch/benchmark.py`).
    'xla_cpu_experimental_ynn_fusion_type':
        'LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT',
    # The default would begin with many members of a sweep at once, and hold
    # what they need in between: 2.7 times as much, in the same time.
    'xla_cpu_scheduler_type': 'CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED'}


@functools.cache
def options() -> dict[str, str]:
  """Returns `compiler_options` for `jax.jit`: those that this jaxlib knows."""
  if jax.default_backend() != 'cpu':
    return {}
  return {name: value for name, value in _CPU.items() if _known(name, value)}


def _known(name: str, value: str) -> bool:
  try:
    jax.jit(lambda: 0, compiler_options={name: value})()
  except jax.errors.JaxRuntimeError:
    return False
  return True
