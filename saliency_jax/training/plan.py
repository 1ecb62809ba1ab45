"""A run as read from its config, checked before the first step."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping

import jax
import ml_collections
import numpy as np
import optax
from absl import logging

from saliency_jax import runtime
from saliency_jax.data.parts import Data
from saliency_jax.data.pipeline import Reading
from saliency_jax.data.source import check_sizes
from saliency_jax.errors import InputError, at_least
from saliency_jax.networks import heads, trees, user_networks, zoo
from saliency_jax.networks.network import Network
from saliency_jax.networks.preprocess import Preprocess
from saliency_jax.training import image_batches, members, optimizer, tasks, trained_models
from saliency_jax.training.members import Group, Members
from saliency_jax.training.tasks import Task
from saliency_jax.training.trained_models import Trained

# Keys that change where data are or how fast a run is, but not its result:
# `Plan.facts` identifies images and weights by themselves.
_FREE = {
  'data': (
    'dir',
    'fixations',
    'regions',
    'scenes',
    'val_dir',
    'val_fixations',
    'workers',
    'features_dir',
    'features_limit',
  ),
  'network': ('weights', 'preprocessing', 'checkpoint', 'member', 'taps'),
  'sweep': ('shard_members',),
  'task': ('pretrained_dense',),
  'train': ('checkpoint_every',),
}
# Groups that do not affect training.
_OTHERS = ('run', 'measured', 'regions', 'popout', 'before_after', 'analysis', 'report')


@dataclasses.dataclass(frozen=True)
class Plan:
  """A run, as values."""

  job: str  # 'train' or 'sweep'
  network: Network  # the trunk
  task: Task
  # From a model that was trained before, or dense layers of the weights.
  head: trees.Tree | None
  members: Members
  groups: list[Group]
  shares: int  # parts of the devices, over which the members of a stack are split
  data: Data
  tx: optax.GradientTransformation
  schedule: optax.Schedule
  length: int  # steps per epoch
  last: int  # steps of the run
  config: ml_collections.ConfigDict

  def depths(self) -> tuple[int, ...]:
    """Returns the distinct depths of the members, ascending."""
    return tuple(sorted({m.depth for m in self.members.values()}))

  def facts(self, shapes: Mapping[str, trees.Tree]) -> dict:
    """Returns all that the parameters depend on, as JSON values.

    A run resumes from a checkpoint only if these are the same.
    """
    head = self.head and {
      name: hashlib.sha256(np.ascontiguousarray(x)).hexdigest() for name, x in trees.flatten(self.head).items()
    }
    code = user_networks.code(self.network.name)
    resize = self.network.preprocess.resize  # `weights` covers the rest of it
    described = {
      'config': {
        part: {key: value for key, value in keys.items() if key not in _FREE.get(part, ())}
        for part, keys in self.config.to_dict().items()
        if part not in _OTHERS
      },
      'network': {
        'name': self.network.name,
        'image_size': self.network.preprocess.image_size,
        'readout_tap': self.network.readout_tap,
        **({'code': code} if code else {}),
        **({} if resize == Preprocess().resize else {'resize': resize}),
      },
      'task': self.task.described,
      'weights': trained_models.digest(self.network),
      'readout': head or 'drawn',
      'images': {
        'train': image_batches.sample(self.data.train, self.data.choose),
        'validation': image_batches.sample(self.data.validation, self.data.choose),
        'order': image_batches.order_digest(self.config.data.seed, len(self.data.train)),
      },
      'members': {
        name: {
          **member._asdict(),
          'shapes': {leaf: list(np.shape(x)) for leaf, x in trees.flatten(shapes[name]).items()},
        }
        for name, member in self.members.items()
      },
    }
    return json.loads(json.dumps(described))


def make(config, job: str, data: Data, network: Network | None) -> Plan:
  """Returns the run that a config describes; `network` replaces its trunk.

  Raises:
    InputError: a value or a data set is at fault, or the network or its weights
      cannot be loaded.
  """
  _check(config, data)
  start = Trained(network) if network else trained_models.load(config.network, config.run.cache_dir)
  task = tasks.make(tasks.describe(config.task, data.scenes, data.train.image_ids))
  task, network = tasks.for_network(task, start.network)
  head = _head(start, task)
  if not network.decodes:
    heads.check_name(network, task.head)
  paths = [path for path, _ in jax.tree.leaves_with_path(dict(network.variables))]
  if any('/' in jax.tree_util.keystr((key,), simple=True) for path in paths for key in path):
    raise InputError(
      f"{network.name} has a variable with a '/' in its name, which checkpoints cannot restore; use other "
      'names, or a dictionary for each part.'
    )
  if head is None and task.outputs and config.task.pretrained_dense:
    head = _pretrained(network, task, config.run.cache_dir)
  if job == 'train':
    trained = members.single(config.train, network, task.rate)
    parts = members.groups([x.depth for x in trained.values()], 'shared'), 1
  else:
    trained = members.sweep(config.sweep, network, task.rate)
    parts = members.division(config.sweep, [x.depth for x in trained.values()], len(runtime.all_devices()))
  length = image_batches.batches_of(len(data.train), config.data.batch_size)
  last = config.train.epochs * length
  # The zoo's networks, which alone can be cut, call every kernel by that name.
  direction = optimizer.make_direction(config.optimizer, matrices=not network.cuts)
  schedule = optimizer.make_schedule(config.schedule, steps=last)
  network.grids([network.readout_tap], network.preprocess.image_size)  # refuses maps of a single cell
  return Plan(job, network, task, head, trained, *parts, data, direction, schedule, length, last, config)


def _head(start: Trained, task: Task) -> trees.Tree | None:
  """Returns the head to start from; None if the task needs a new one."""
  if not start.task or start.task.name != task.name:
    return None
  tap = start.network.readout_tap
  shape = start.network.shapes([tap])[tap]
  wanted = jax.eval_shape(lambda key: task.head.init(key, shape), jax.random.key(0))
  shapes, others = ({name: np.shape(x) for name, x in trees.flatten(head).items()} for head in (wanted, start.head))
  if (
    shapes == others
    and start.task.outputs == task.outputs
    # Dense layers may differ in whether they normalise maps.
    and start.task.head.apply is task.head.apply
  ):
    return start.head
  logging.warning(
    'The head of config.network.checkpoint is for other images, classes, '
    'config.task.dense or .pretrained_dense than this run, so a new one is '
    'initialised.'
  )
  return None


def _pretrained(network: Network, task: Task, cache_dir: str) -> trees.Tree:
  """Returns the dense layers of the network's weights, the head's first ones.

  Raises:
    InputError: there are none, or the head has other units or inputs.
  """
  layers = zoo.dense_layers(network, cache_dir)
  shape = network.shapes([network.readout_tap])[network.readout_tap]
  wanted = jax.eval_shape(lambda key: task.head.init(key, shape), jax.random.key(0))
  units = tuple(len(layer['bias']) for layer in layers.values())
  if tuple(task.described['dense'][: len(units)]) != units:
    raise InputError(
      f'config.task.dense is {tuple(task.described["dense"])}, but the dense '
      f"layers of {network.name}'s weights have {units} units; give these, "
      f'or leave config.task.pretrained_dense out.'
    )
  inputs, others = (len(x['dense_0']['kernel']) for x in (layers, wanted))
  if inputs != others:
    raise InputError(
      f"The dense layers of {network.name}'s weights take {inputs} numbers, "
      f'the pooled {network.readout_tap} has {others}; leave '
      f'config.network.image_size or .task.pretrained_dense out.'
    )
  return layers


def _check(config, data: Data) -> None:
  """Raises an `InputError` for a number or a data set that cannot be used."""
  at_least(1, {'train.epochs': config.train.epochs})
  at_least(
    0,
    {
      'data.seed': config.data.seed,
      'data.features_limit': config.data.features_limit,
      'train.checkpoint_every': config.train.checkpoint_every,
    },
  )
  Reading.of(config.data)
  for title, source in (('train on', data.train), ('validate with', data.validation)):
    if not len(source):
      raise InputError(f'There is no image to {title} in config.data.dir.')
    check_sizes(source, config.data.on_bad_image)
    if config.task.name == 'saliency' and not source.gives & {'fixations', 'targets'}:
      raise InputError(
        f'The images to {title} have no fixations; give --config.data.kind and --config.data.fixations, or in Python '
        'those of `open_source`.'
      )
  if data.test:
    check_sizes(data.test, config.data.on_bad_image)
  both = image_batches.shared_image(data.train, data.validation)
  if both:
    raise InputError(f'{both} is among the images to train on and to validate with; split the data set.')
