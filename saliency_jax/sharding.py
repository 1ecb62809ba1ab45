"""Batches over devices, and on demand the members of a sweep.

A mesh has two axes: 'members', into how many shares the devices are divided,
by default 1, and 'data', the devices of a share. A batch is split over all.
"""

from collections.abc import Sequence

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

DATA = 'data'
MEMBERS = 'members'


def data_mesh(
    devices: Sequence[jax.Device] | None = None, shares: int = 1) -> Mesh:
  """Returns the mesh over some devices.

  Args:
    devices: all by default.
    shares: into how many shares they are divided, see above.
  """
  devices = jax.devices() if devices is None else devices
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
