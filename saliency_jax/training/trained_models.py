"""The network that a job starts from: a trained one, or one with its weights."""

import os
import pathlib
from typing import NamedTuple

from saliency_jax import outside
from saliency_jax.errors import InputError
from saliency_jax.networks import heads, trees, zoo
from saliency_jax.networks.network import Network, Provenance
from saliency_jax.networks.weights import variable_files
from saliency_jax.networks.weights.variable_files import Ported
from saliency_jax.training import checkpoints, tasks
from saliency_jax.training.tasks import Task

# The network that a run started from, kept in its folder, which is then
# complete on any machine.
_START = 'pretrained.safetensors'


class Trained(NamedTuple):
  """A member of a training run at its best checkpoint.

  For networks that were not trained here, task and head are None.
  """

  network: Network  # the trunk, with its trained variables
  task: Task | None = None
  head: trees.Tree | None = None  # the parameters of the task's head

  @property
  def whole(self) -> Network:
    """The network with the output of its task among its taps."""
    if self.network.decodes or not self.task:
      return self.network
    return heads.attach(self.network, self.task.head, self.head, self.task.outputs)


def load(config, cache_dir: str = '', *, trunk: Network | None = None) -> Trained:
  """Returns the network that a config names, with its weights; `trunk`: see `read`.

  Raises:
    InputError: if the network, its weights or the trained model cannot be
      loaded.
  """
  if config.checkpoint:
    trained = read(config.checkpoint, config.member, dtype=config.dtype, trunk=trunk)
    if config.name not in (zoo.DEFAULT, trained.network.name):
      raise InputError(
        f'The model in {config.checkpoint} is of {trained.network.name}, not '
        f'of {config.name}; leave config.network.name out.'
      )
    if config.readout_tap and config.readout_tap != trained.network.readout_tap:
      raise InputError(
        f'The model in {config.checkpoint} has its readout on '
        f'{trained.network.readout_tap}; leave config.network.readout_tap out.'
      )
    if config.weights not in ('', zoo.IMAGENET) or config.preprocessing:
      raise InputError(
        f'The model in {config.checkpoint} has its own weights and '
        f'preprocessing; leave config.network.weights and .preprocessing '
        f'out.'
      )
    if config.image_size:
      preprocess = trained.network.preprocess._replace(image_size=config.image_size)
      trained = trained._replace(network=trained.network.replace(preprocess=preprocess))
    return trained
  if config.member:
    raise InputError(f'config.network.member is {config.member!r}, but config.network.checkpoint names no sweep.')
  network = zoo.load(
    config.name,
    weights=config.weights,
    preprocessing=config.preprocessing,
    cache_dir=cache_dir,
    dtype=config.dtype,
    readout_tap=config.readout_tap,
    image_size=config.image_size,
  )
  return Trained(network)


def read(
  workdir: str | os.PathLike, member: str = '', *, dtype: str = 'float32', trunk: Network | None = None
) -> Trained:
  """Returns a trained network.

  Args:
    member: which member of a sweep, e.g. 'depth_3'; '' for the only one.
    trunk: the network that was trained, if its name does not say how to make
      it.

  Raises:
    InputError: the folder holds no such model, or a part of it is damaged.
  """
  workdir = pathlib.Path(workdir).expanduser()
  best = checkpoints.read_best(workdir, member)
  with outside.reading(workdir / checkpoints.FOLDER, 'trained model', 'train again'):
    return _assemble(workdir, member, best, dtype, trunk)


def _assemble(
  workdir: pathlib.Path, member: str, best: checkpoints.MemberCheckpoint, dtype: str, trunk: Network | None
) -> Trained:
  job, start = best.job, workdir / _START
  saved = variable_files.load(start)
  if saved.sha256 != job['weights']:
    raise InputError(f'{start} is not what the model in {workdir} was trained from; train again.')
  task = tasks.make(job['task'])
  params = dict(best.params)
  # A network's own decoder is among its variables.
  head = params.pop(task.head.name, None)
  variables = saved.ported.variables
  try:
    merged = {**variables, 'params': trees.override(variables['params'], params)}
    if zoo.shapes(merged) != zoo.shapes(variables):
      raise ValueError('a parameter has another shape')
  except ValueError as error:
    raise InputError(f'{workdir} was trained with another architecture: {error}') from error
  members = job['members']
  ported = Ported(merged, saved.ported.preprocess)
  whole = (
    ported
    if head is None
    else Ported({**merged, 'params': {**merged['params'], task.head.name: head}}, ported.preprocess)
  )
  provenance = Provenance(
    f'{workdir.absolute().name}:{member or "trained"}',
    variable_files.digest(whole),
    f'step {best.step} of {workdir}, trained from {saved.name}',
    members[member or next(iter(members))]['depth'],
    job['task']['name'],
  )
  name = job['network']['name']
  if not trunk and ':' not in name and name not in zoo.NETWORKS:
    raise InputError(
      f'{workdir} was trained from a network that was passed as a value, {name!r}; load it with '
      f'sj.load(checkpoint=..., trunk=NETWORK) or, for use by name, give from_linen or from_function '
      "name='package.module:function' before training."
    )
  network = (
    trunk.replace(variables=ported.variables, preprocess=ported.preprocess, provenance=provenance)
    if trunk
    else zoo.rebuild(name, ported, provenance, dtype)
  ).replace(readout_tap=job['network']['readout_tap'])
  if head is None:
    task, network = tasks.for_network(task, network)
    head = merged['params'][task.head.name]
  else:
    network = network.without_decoder()
  return Trained(network, task, head)


def save_start(workdir: str | os.PathLike, network: Network) -> None:
  """Writes the network that a run starts from into its folder.

  Raises:
    InputError: the folder cannot be written.
  """
  described = network.provenance
  variable_files.save(
    pathlib.Path(workdir) / _START,
    Ported(dict(network.variables), network.preprocess),
    described.name,
    described.source,
  )


def digest(network: Network) -> str:
  """Returns the sha256 that identifies a network's variables."""
  return variable_files.digest(Ported(dict(network.variables), network.preprocess))
