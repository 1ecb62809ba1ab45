"""Batches over devices, and on demand the members of a sweep.

A mesh has two axes: 'members', into how many shares the devices are divided,
by default 1, and 'data', the devices of a share. A batch is split over all.
"""

from collections.abc import Sequence

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from saliency_jax.errors import InputError

DATA = 'data'
MEMBERS = 'members'


def all_devices() -> list[jax.Device]:
  """Returns the devices of all processes.

  Raises:
    InputError: if there is none of the kind that JAX_PLATFORMS names.
  """
  try:
    return jax.devices()
  except (AssertionError, RuntimeError) as error:
    kind = jax.config.jax_platforms
    # JAX adds advice of its own in brackets, or says nothing at all.
    reason = ' '.join(str(error).split()).partition(' (')[0].rstrip('.')
    raise InputError(
        'No device' + (f' of the kind {kind}' if kind else '') + ' was found'
        + (f' ({reason})' if reason else '') +
        '; install the matching JAX or set JAX_PLATFORMS=cpu.') from error


def data_mesh(
    devices: Sequence[jax.Device] | None = None, shares: int = 1) -> Mesh:
  """Returns the mesh over some devices.

  Args:
    devices: all by default.
    shares: into how many shares they are divided, see above.

  Raises:
    InputError: see `all_devices`.
  """
  devices = all_devices() if devices is None else devices
  # Explicit axes, the default of make_mesh, forbid gathers over the batch.
  return jax.make_mesh(
      (shares, len(devices) // shares), (MEMBERS, DATA),
      axis_types=(AxisType.Auto,) * 2, devices=devices)


def everywhere(mesh: Mesh) -> NamedSharding:
  """Returns the sharding of an array that lies whole on every device."""
  return NamedSharding(mesh, PartitionSpec())


def replicate(tree, mesh: Mesh):
  """Returns the tree of host arrays, whole on every device."""
  return jax.device_put(tree, everywhere(mesh))


def split(tree, mesh: Mesh):
  """Returns the tree of host arrays, its leading axis split over the devices.

  Args:
    tree: arrays `[B', ...]`: this process's share of the batch, in order.
    mesh: from `data_mesh`.

  Raises:
    ValueError: if the devices do not divide the batch.
  """
  sharding = NamedSharding(mesh, PartitionSpec((MEMBERS, DATA)))
  return jax.tree.map(
      lambda x: jax.make_array_from_process_local_data(
          sharding, np.asarray(x)), tree)


def whole_batches(batch_size: int, mesh: Mesh) -> int:
  """Returns the batch size, rounded up to a multiple of the devices."""
  return -(-batch_size // mesh.size) * mesh.size
