"""The machine: devices, hosts and compiler options.

A mesh has two axes: 'members', the number of groups into which the devices are
divided, by default 1, and 'data', the devices of a group. A batch is split over
both.
"""

import contextlib
import functools
import os
import pathlib
from collections.abc import Callable, Iterator, Sequence

import jax
import numpy as np
from absl import logging
from jax.experimental import multihost_utils
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from saliency_jax.errors import InputError

DATA = 'data'
MEMBERS = 'members'
# Limit of the cache of compiled programs.
_CACHE_BYTES = 1 << 30
_CPU = {
  # jaxlib 0.10 by default gives single convolutions and products on a CPU to a
  # library that is slower than XLA: by 1.25 for VGG-16's plain convolutions and
  # by 1.05 for the products of Winograd's algorithm (`launch/benchmark.py`).
  'xla_cpu_experimental_ynn_fusion_type': '',
  # The default would start many members of a sweep at once and hold all their
  # intermediate values: 2.7 times as much memory, in the same time.
  'xla_cpu_scheduler_type': 'CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED',
}
_QUICK = {'xla_backend_optimization_level': 0, 'xla_llvm_disable_expensive_passes': True}


def all_devices() -> list[jax.Device]:
  """Returns the devices of all processes.

  Raises:
    InputError: there is none of the kind that JAX_PLATFORMS names.
  """
  try:
    return jax.devices()
  except (AssertionError, RuntimeError) as error:
    kind = jax.config.jax_platforms
    # JAX adds advice in brackets, or says nothing at all.
    reason = ' '.join(str(error).split()).partition(' (')[0].rstrip('.')
    raise InputError(
      'No device'
      + (f' of the kind {kind}' if kind else '')
      + ' was found'
      + (f' ({reason})' if reason else '')
      + '; install the matching JAX or set JAX_PLATFORMS=cpu.'
    ) from error


def data_mesh(devices: Sequence[jax.Device] | None = None, shares: int = 1) -> Mesh:
  """Returns the mesh over some devices."""
  devices = all_devices() if devices is None else devices
  # Explicit axes, make_mesh's default, do not allow gathers over the batch.
  return jax.make_mesh(
    (shares, len(devices) // shares), (MEMBERS, DATA), axis_types=(AxisType.Auto,) * 2, devices=devices
  )


def everywhere(mesh: Mesh) -> NamedSharding:
  """Returns the sharding of an array that is replicated on every device."""
  return NamedSharding(mesh, PartitionSpec())


def replicate(tree, mesh: Mesh):
  """Returns the tree of host arrays, replicated on every device."""
  return jax.device_put(tree, everywhere(mesh))


def over_devices(mesh: Mesh) -> NamedSharding:
  """Returns the sharding of a batch: its leading axis is split over devices."""
  return NamedSharding(mesh, PartitionSpec((MEMBERS, DATA)))


def free_bytes(mesh: Mesh) -> int:
  """Returns the least free memory of this process's devices, in bytes.

  It is 0 if a device does not report it, e.g. a CPU.
  """
  told = [x.memory_stats() or {} for x in mesh.local_devices]
  return min(x.get('bytes_limit', 0) - x.get('bytes_in_use', 0) for x in told)


def split(tree, mesh: Mesh):
  """Returns the tree of host arrays, with the leading axis split over devices.

  Args:
    tree: arrays `[B', ...]`: this process's share of the batch, in order.

  Raises:
    ValueError: the number of devices does not divide the batch.
  """
  sharding = over_devices(mesh)
  if jax.process_count() == 1:  # the same, for all arrays at once
    return jax.device_put(tree, sharding)
  return jax.tree.map(lambda x: jax.make_array_from_process_local_data(sharding, np.asarray(x)), tree)


def whole_batches(batch_size: int, mesh: Mesh) -> int:
  """Returns the batch size rounded up to a multiple of the devices."""
  return -(-batch_size // mesh.size) * mesh.size


def reading_threads() -> int:
  """Returns how many threads of this process read images.

  These are all available cores, unless the network computes on them.
  """
  return 2 if jax.default_backend() == 'cpu' else max(2, cores())


def cores() -> int:
  """Returns how many cores this process may use."""
  if hasattr(os, 'sched_getaffinity'):  # macOS has none
    return len(os.sched_getaffinity(0))
  return os.cpu_count() or 1


@functools.cache
def compiler_options() -> dict[str, str]:
  """Returns `compiler_options` for `jax.jit` that this jaxlib knows."""
  return _for_cpu(_CPU)


@functools.cache
def quick_options() -> dict[str, int | bool]:
  """Returns those for a program that runs once: it compiles fast, runs slowly."""
  return _for_cpu(_QUICK)


def _for_cpu(options: dict) -> dict:
  if jax.default_backend() != 'cpu':
    return {}
  return {name: value for name, value in options.items() if _known(name, value)}


def _known(name: str, value: str | int | bool) -> bool:
  try:
    jax.jit(lambda: 0, compiler_options={name: value})()
  except jax.errors.JaxRuntimeError:
    return False
  return True


def full_precision(function: Callable) -> Callable:
  """Returns a function whose products and convolutions do not round float32.

  By default JAX rounds their operands to TF32 on GPUs and to bfloat16 on TPUs.
  """

  @functools.wraps(function)
  def precise(*args, **keywords):
    with jax.default_matmul_precision('highest'):
      return function(*args, **keywords)

  return precise


def keep_compiled(folder: str | os.PathLike) -> None:
  """Stores programs that are compiled from now on in a folder.

  This is JAX's persistent compilation cache. A cache that the user has set up
  (JAX_COMPILATION_CACHE_DIR) is used instead. Above `_CACHE_BYTES` the least
  recently used programs are removed. What a process that was killed left half
  written is removed too: JAX could neither read it nor store anything beside it.

  Args:
    folder: made if it is missing; without write access nothing is stored.
  """
  if jax.config.jax_compilation_cache_dir:
    return
  with contextlib.suppress(OSError):
    for entry in pathlib.Path(folder).glob('*-cache'):
      # The time of its last use is written last.
      if not entry.with_name(entry.name.removesuffix('-cache') + '-atime').exists():
        entry.unlink()
  jax.config.update('jax_compilation_cache_dir', str(pathlib.Path(folder)))
  jax.config.update('jax_compilation_cache_max_size', _CACHE_BYTES)
  # Programs are many and small; their compile times add up.
  jax.config.update('jax_persistent_cache_min_compile_time_secs', 0.1)


@contextlib.contextmanager
def joined(coordinator: str, processes: int, process_id: int, heartbeat_seconds: int) -> Iterator[None]:
  """Joins the other processes for the duration of the block.

  It must come before anything that asks JAX for devices. If a process dies, JAX
  ends the others after `heartbeat_seconds` with a message; the same command on
  every host continues the job. The arguments are the flags of `cli.hosts`.

  Raises:
    InputError: the coordinator cannot be reached, the flags are wrong, or there
      is no device.
  """
  _check(coordinator, processes, process_id)
  if not coordinator:
    yield
    return
  # A TPU slice, Slurm and others know who takes part.
  known = () if coordinator == 'auto' else (coordinator, processes, process_id)
  try:
    jax.distributed.initialize(*known, heartbeat_timeout_seconds=heartbeat_seconds)
  except (ValueError, RuntimeError) as error:
    raise InputError(
      f'The processes at {coordinator} cannot be joined ({str(error).splitlines()[0].rstrip(".")}).'
    ) from error
  all_devices()
  logging.info(
    'Process %d of %d, with %d of %d devices.',
    jax.process_index(),
    jax.process_count(),
    jax.local_device_count(),
    jax.device_count(),
  )
  yield
  # After an error JAX does this itself at exit, after the error message: it
  # waits for the other processes, for minutes if they do not end.
  jax.distributed.shutdown()


def _check(coordinator: str, processes: int, process_id: int) -> None:
  """Raises an `InputError` if the flags are inconsistent."""
  address, _, port = coordinator.rpartition(':')
  if coordinator in ('', 'auto'):
    if (processes, process_id) != (1, 0):
      raise InputError('--processes and --process_id need --coordinator=address:port; give it, or leave them out.')
  # Some invalid ports end JAX without a message.
  elif not (address and port.isdecimal() and 0 < int(port) < 2**16):
    raise InputError(f"--coordinator is {coordinator!r}; give 'address:port', e.g. 'localhost:1234', or 'auto'.")
  elif not 0 <= process_id < processes:
    raise InputError(f'--process_id is {process_id} of {processes} --processes; count from 0.')


def meet(name: str) -> None:
  """Waits until all processes have arrived here."""
  if jax.process_count() > 1:
    multihost_utils.sync_global_devices(name)


@contextlib.contextmanager
def ending_together() -> Iterator[None]:
  """Ends all processes with an error if the block fails in the first one.

  It is for what the first process does while the others wait.

  Raises:
    InputError: the block's own error; in other processes, that there was one.
  """
  problem = None
  try:
    yield
  except InputError as error:
    problem = error
  if jax.process_count() > 1 and multihost_utils.broadcast_one_to_all(np.array(problem is not None)):
    raise problem or InputError('The first process cannot go on; what it says is the reason.')
  if problem:
    raise problem
