"""One training step of one network or of a whole sweep, compiled together.

A single run is a sweep with one member. Members share what is frozen: one
forward pass of the frozen stages gives every member the input of its first
trained stage, and each member computes only the stages from there up.
"""

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax.sharding import Mesh, PartitionSpec

from saliency_jax.networks import cuts, trees
from saliency_jax.networks.network import Network
from saliency_jax.runtime import DATA, MEMBERS
from saliency_jax.training.members import Group, Member
from saliency_jax.training.tasks import Sums, Task


class MemberState(NamedTuple):
  """What one member has learnt: its trained parameters only."""

  params: trees.Tree
  optimizer: optax.OptState


class Settings(NamedTuple):
  """A member's hyperparameters, `[]` each, or `[K]` for K stacked members."""

  trunk: jax.Array  # learning rates, float
  head: jax.Array
  seed: jax.Array  # uint32


class Metrics(NamedTuple):
  """Sums over a step's images, so that batches of different sizes can be added."""

  loss: jax.Array  # float32 `[K]`, sum over images
  sums: Sums  # `[K, ...]` each, see `tasks.Task.sums`
  images: jax.Array  # float32 `[]`
  gradient_norm: jax.Array  # float32 `[K]`


def init_member(
  member: Member, network: Network, task: Task, tx: optax.GradientTransformation, head: trees.Tree | None = None
) -> MemberState:
  """Returns a member's initial state: pretrained stages and a random head.

  Layers in `head`, from a trained model, replace random ones.
  """
  shape = network.shapes([network.readout_tap])
  draw = functools.partial(task.head.init, shape=shape[network.readout_tap])
  key = jax.random.key(member.seed)
  if head is None or head.keys() < jax.eval_shape(draw, key).keys():
    head = draw(key) | (head or {})
  trunk, _ = trees.split(network.variables['params'], cuts.trained(network, member.depth))
  params = {task.head.name: head} | trunk
  return MemberState(params, tx.init(params))


def make_outputs(members: Sequence[Member], network: Network, task: Task) -> dict[int, Callable]:
  """Returns depth -> the task's `output(params, variables, features, keys)`."""

  def make(depth: int) -> Callable:
    suffix = cuts.make_suffix(network, depth, (network.preprocess.image_size,) * 2)

    def output(params, variables, features, keys):
      # The network's own decoder is applied with the stages below it.
      trained = params if network.decodes else {k: x for k, x in params.items() if k != task.head.name}
      maps = suffix(trained, variables, features)
      return task.output(params[task.head.name], maps, keys)

    return output

  return {depth: make(depth) for depth in {m.depth for m in members}}


def make_step(
  members: Sequence[Member],
  groups: Sequence[Group],
  network: Network,
  task: Task,
  *,
  tx: optax.GradientTransformation,
  schedule: optax.Schedule,
  mesh: Mesh,
) -> Callable:
  """Returns the training step of all members on the same batch.

  Args:
    groups: which members are stacked, see `members.groups`. The results are
      equal.

  Returns:
    `step(states, variables, features, targets, valid, number) -> states,
    Metrics`, a pure function. `states`: the `MemberState` of every group, see
    `members.Packing`; `variables`: those of the pretrained network; `features`:
    `{depth: [B, ...]}` from `cuts.make_prefix`; `targets`: see `Task`; `valid`:
    float32 `[B]`, 0 for padding; `number`: int32 `[]`, the steps done before.
    Metrics are in the order of the members.
  """
  outputs = make_outputs(members, network, task)

  def update(depth, total, state, settings, batch, number):
    variables, features, targets, valid, rows = batch
    images = jnp.maximum(total(valid.sum()), 1)
    # One per image, independent of the number of devices.
    keys = jax.vmap(functools.partial(jax.random.fold_in, jax.random.fold_in(jax.random.key(settings.seed), number)))(
      rows
    )

    def loss(params):
      output = outputs[depth](params, variables, features, keys)
      each = task.loss(output, targets) * valid
      return each.sum() / images, (each.sum(), task.sums(output, targets, valid))

    gradients, sums = total(jax.grad(loss, has_aux=True)(state.params))
    direction, optimizer = tx.update(gradients, state.optimizer, state.params)
    factor = schedule(number)
    params = {
      name: _descend(tree, direction[name], factor * (settings.head if name == task.head.name else settings.trunk))
      for name, tree in state.params.items()
    }
    return MemberState(params, optimizer), (*sums, optax.tree.norm(gradients))

  def stacked(depth, *arguments):
    # Every device computes its own members and images. Left to the compiler,
    # the convolutions of stacked members would gather the whole batch
    # everywhere. The backward passes that layers define do not sum over devices,
    # as check_vma demands of them; `total` does.
    total = functools.partial(jax.lax.psum, axis_name=DATA)
    together = jax.vmap(functools.partial(update, depth, total), in_axes=(0, 0, None, None))
    own, images = PartitionSpec(MEMBERS), PartitionSpec(DATA)
    everywhere = PartitionSpec()
    return jax.shard_map(
      together, mesh=mesh, in_specs=(own, own, (everywhere, *[images] * 4), everywhere), out_specs=own, check_vma=False
    )(*arguments)

  def alone(depth, *arguments):
    state, metrics = update(depth, lambda x: x, *arguments)
    return state, jax.tree.map(lambda x: x[None], metrics)

  def step(states, variables, features, targets, valid, number):
    updated, measured = [], {}
    for group, state in zip(groups, states, strict=True):
      state, metrics = (stacked if group.stacked else alone)(
        group.depth,
        state,
        _settings(members, group),
        (variables, features[group.depth], targets, valid, jnp.arange(len(valid))),
        number,
      )
      updated.append(state)
      for row, position in enumerate(group.positions):
        measured[position] = jax.tree.map(lambda x, row=row: x[row], metrics)
    loss, sums, norms = jax.tree.map(lambda *x: jnp.stack(x), *(measured[i] for i in range(len(members))))
    return updated, Metrics(loss, sums, valid.sum(), norms)

  return step


def make_evaluation(members: Sequence[Member], network: Network, task: Task) -> Callable:
  """Returns a function that computes the sums for one batch's metrics.

  Returns:
    `evaluate(states, variables, features, targets, valid) -> sums`, `[K, ...]`
    each; the arguments are those of `make_step`, but states are the members'.
  """
  outputs = make_outputs(members, network, task)

  def evaluate(states, variables, features, targets, valid):
    sums = [
      task.sums(outputs[m.depth](state.params, variables, features[m.depth], None), targets, valid)
      for m, state in zip(members, states, strict=True)
    ]
    return jax.tree.map(lambda *x: jnp.stack(x), *sums)

  return evaluate


def all_finite(states: Sequence[MemberState]) -> jax.Array:
  """Returns bool `[K]`: whether all parameters of a member are finite."""
  return jnp.stack(
    [jnp.stack([jnp.isfinite(x).all() for x in jax.tree.leaves(state.params)]).all() for state in states]
  )


def _settings(members: Sequence[Member], group: Group) -> Settings:
  some = [members[i] for i in group.positions]
  settings = Settings(
    jnp.array([m.trunk_rate for m in some]),
    jnp.array([m.readout_rate for m in some]),
    jnp.array([m.seed for m in some], jnp.uint32),
  )
  return settings if group.stacked else Settings(*(x[0] for x in settings))


def _descend(layer: trees.Tree, direction: trees.Tree, rate: jax.Array):
  return jax.tree.map(lambda p, d: p - rate.astype(p.dtype) * d, layer, direction)
