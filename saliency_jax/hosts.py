"""Several processes that train one model together, on one host or on many."""

import contextlib
from collections.abc import Iterator
from typing import NamedTuple

import jax
import numpy as np
from absl import logging
from jax.experimental import multihost_utils

from saliency_jax import runtime
from saliency_jax.errors import InputError


class Hosts(NamedTuple):
  """Who takes part; see the flags in launch/entry.py."""
  coordinator: str  # 'address:port', 'auto', or '' for one process alone
  processes: int
  process_id: int
  heartbeat_seconds: int  # without a sign of life a process counts as dead


@contextlib.contextmanager
def joined(hosts: Hosts) -> Iterator[None]:
  """Joins the other processes for as long as the block lasts.

  Has to come before anything that asks JAX for its devices. If a process dies,
  JAX ends the others after `heartbeat_seconds` with a message; the same command
  on every host goes on from the latest checkpoint.

  Raises:
    InputError: if the coordinator cannot be reached, the flags are wrong, or
      there is no device.
  """
  _check(hosts)
  if not hosts.coordinator:
    yield
    return
  try:
    if hosts.coordinator == 'auto':
      # A TPU slice, Slurm and the like say themselves who takes part.
      jax.distributed.initialize(
          heartbeat_timeout_seconds=hosts.heartbeat_seconds)
    else:
      jax.distributed.initialize(
          hosts.coordinator, hosts.processes, hosts.process_id,
          heartbeat_timeout_seconds=hosts.heartbeat_seconds)
  except (ValueError, RuntimeError) as error:
    raise InputError(
        f'The processes at {hosts.coordinator} cannot be joined '
        f'({str(error).splitlines()[0].rstrip(".")}).') from error
  runtime.all_devices()
  logging.info(
      'Process %d of %d, with %d of %d devices.', jax.process_index(),
      jax.process_count(), jax.local_device_count(), jax.device_count())
  yield
  # After an error JAX does this itself at exit, when the error has been said:
  # it waits for the other processes, for minutes if they do not end.
  jax.distributed.shutdown()


def _check(hosts: Hosts) -> None:
  """Raises an `InputError` if the flags do not say who takes part."""
  address, _, port = hosts.coordinator.rpartition(':')
  if hosts.coordinator in ('', 'auto'):
    if (hosts.processes, hosts.process_id) != (1, 0):
      raise InputError(
          '--processes and --process_id are for those that meet at '
          '--coordinator=address:port; name it, or leave them out.')
  # Some ports that are none end JAX without a word.
  elif not (address and port.isdecimal() and 0 < int(port) < 2**16):
    raise InputError(
        f"--coordinator is {hosts.coordinator!r}; give 'address:port', e.g. "
        f"'localhost:1234', or 'auto'.")
  elif not 0 <= hosts.process_id < hosts.processes:
    raise InputError(
        f'--process_id is {hosts.process_id} of {hosts.processes} '
        f'--processes; count from 0.')


@contextlib.contextmanager
def ending_together() -> Iterator[None]:
  """Ends all processes with an error if the block does so in the first one.

  For what the first one does for all: the others wait for it.

  Raises:
    InputError: the block's own; in the other processes, that there was one.
  """
  problem = None
  try:
    yield
  except InputError as error:
    problem = error
  if jax.process_count() > 1 and multihost_utils.broadcast_one_to_all(
      np.array(problem is not None)):
    raise problem or InputError(
        'The first process cannot go on; what it says is the reason.')
  if problem:
    raise problem
