"""Batches over devices: one mesh axis, 'data', over images."""

from collections.abc import Sequence

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

DATA = 'data'


def data_mesh(devices: Sequence[jax.Device] | None = None) -> Mesh:
  """Returns a mesh with one axis over the devices, by default over all."""
  devices = jax.devices() if devices is None else devices
  # Explicit axes, the default of make_mesh, forbid gathers over the batch.
  return jax.make_mesh(
      (len(devices),), (DATA,), axis_types=(AxisType.Auto,), devices=devices)


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
  sharding = NamedSharding(mesh, PartitionSpec(DATA))
  return jax.tree.map(
      lambda x: jax.make_array_from_process_local_data(
          sharding, np.asarray(x)), tree)


def whole_batches(batch_size: int, mesh: Mesh) -> int:
  """Returns the batch size, rounded up to a multiple of the devices."""
  return -(-batch_size // mesh.size) * mesh.size
