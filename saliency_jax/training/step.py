"""One training step of one network or of a whole sweep, compiled together.

A single run is a sweep of one member. Members share what is frozen: one forward
of the frozen layers gives every member the features that enter its own first
trained layer, and each member computes only the layers from there upwards.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax.sharding import Mesh, PartitionSpec

from saliency_jax.networks import saliency, trees, vgg
from saliency_jax.ops.association import associate
from saliency_jax.ops.pixel_weights import CellWeights
from saliency_jax.runtime import DATA, MEMBERS
from saliency_jax.training import masks
from saliency_jax.training.groups import Group


class Member(NamedTuple):
  """What one member of a sweep is."""
  depth: int  # convolutions trained, from the top
  seed: int  # of the readout's first values
  trunk_rate: float  # the convolutions' learning rate, before the schedule
  readout_rate: float  # the readout's


class MemberState(NamedTuple):
  """What one member has learnt so far: its trained parameters alone."""
  params: trees.Tree
  optimizer: optax.OptState


class Rates(NamedTuple):
  """Learning rates, float `[]` each, or `[K]` of K stacked members."""
  trunk: jax.Array
  readout: jax.Array

  def of(self, layer: str) -> jax.Array:
    return self.readout if layer == saliency.READOUT else self.trunk


class Metrics(NamedTuple):
  """Sums of one step, so that batches of different sizes can be added."""
  nss: jax.Array  # float32 `[K]`, sum over images
  images: jax.Array  # float32 `[]`
  gradient_norm: jax.Array  # float32 `[K]`


def nss(output: jax.Array, weights: CellWeights) -> jax.Array:
  """Returns the NSS of every image's map, in cells: float32 `[B]`.

  Equal to resizing the map bilinearly to the image, standardising it and
  averaging over the fixated pixels; the paper's min-max step in between drops
  out, as NSS does not change with a map's offset or scale.

  Args:
    output: `[B, h, w, 1]`, the predicted saliency in cells.
    weights: with one set for each image, its fixations: `sets` `[B, 1, h, w]`.
  """
  return associate(output, weights)[:, 0, 0]


def init_member(
    member: Member, pretrained: trees.Tree, tx: optax.GradientTransformation
) -> MemberState:
  """Returns a member's first state: pretrained layers and a drawn readout.

  A readout among the pretrained layers, of a model trained before, is kept.
  """
  channels = pretrained[vgg.CONVOLUTIONS[-1]]['kernel'].shape[-1]
  drawn = saliency.init_readout(jax.random.key(member.seed), channels)
  whole = {saliency.READOUT: drawn} | pretrained
  params, _ = trees.split(whole, masks.trained(whole, member.depth))
  return MemberState(params, tx.init(params))


def make_step(
    members: Sequence[Member], groups: Sequence[Group], *,
    tx: optax.GradientTransformation, schedule: optax.Schedule, mesh: Mesh,
    widths: Mapping[str, int] = vgg.WIDTHS, dtype: jnp.dtype = jnp.float32
) -> Callable:
  """Returns the training step of all members on the same batch.

  Args:
    members: what is trained.
    groups: which members are stacked, see `groups.make`. The results are equal.
    tx: turns a member's gradients into a direction, without a learning rate.
    schedule: step -> factor of every learning rate.
    mesh: over which the batch is split, and the members of stacks.
    widths: units of every convolution.
    dtype: the type of the layers' arithmetic. Parameters, optimizer and rates
      keep their own.

  Returns:
    `step(states, features, weights, valid, number) -> states, Metrics`, pure:
    states, the `MemberState` of every group, see `groups.Packing`; features,
    `{depth: [B, h, w, C]}` from `saliency.make_prefix`; weights, see `nss`;
    valid, float32 `[B]`, 0 for padding; number, int32 `[]`, how many steps came
    before. Metrics are in the order of the members.
  """
  suffixes = {
      m.depth: saliency.make_suffix(m.depth, widths=widths, dtype=dtype)
      for m in members}

  def update(depth, total, state, rates, features, weights, valid, factor):
    images = jnp.maximum(total(valid.sum()), 1)

    def loss(params):
      each = nss(suffixes[depth](params, features), weights) * valid
      return -each.sum() / images, each.sum()

    gradients, score = total(jax.grad(loss, has_aux=True)(state.params))
    direction, optimizer = tx.update(gradients, state.optimizer, state.params)
    params = {
        name: _descend(layer, direction[name], rates.of(name) * factor)
        for name, layer in state.params.items()}
    return MemberState(params, optimizer), score, optax.tree.norm(gradients)

  def stacked(depth, *arguments):
    # Every device works on its own members and images. Left to the compiler,
    # the convolutions of stacked members gather the whole batch everywhere.
    total = functools.partial(jax.lax.psum, axis_name=DATA)
    together = jax.vmap(
        functools.partial(update, depth, total),
        in_axes=(0, 0, None, None, None, None))
    own, images = PartitionSpec(MEMBERS), PartitionSpec(DATA)
    return jax.shard_map(
        together, mesh=mesh, in_specs=(
            own, own, images, images, images, PartitionSpec()),
        out_specs=own, check_vma=False)(*arguments)

  def alone(depth, *arguments):
    return update(depth, lambda x: x, *arguments)

  def step(states, features, weights, valid, number):
    factor, updated, scores, norms = schedule(number), [], {}, {}
    for group, state in zip(groups, states, strict=True):
      run = stacked if group.stacked else alone
      state, score, norm = run(
          group.depth, state, _rates(members, group), features[group.depth],
          weights, valid, factor)
      updated.append(state)
      scores |= zip(group.positions, jnp.atleast_1d(score), strict=True)
      norms |= zip(group.positions, jnp.atleast_1d(norm), strict=True)
    order = range(len(members))
    return updated, Metrics(
        jnp.stack([scores[i] for i in order]), valid.sum(),
        jnp.stack([norms[i] for i in order]))

  return step


def _rates(members: Sequence[Member], group: Group) -> Rates:
  rates = Rates(
      jnp.array([members[i].trunk_rate for i in group.positions]),
      jnp.array([members[i].readout_rate for i in group.positions]))
  return rates if group.stacked else Rates(*(rate[0] for rate in rates))


def _descend(layer: trees.Tree, direction: trees.Tree, rate: jax.Array):
  return jax.tree.map(
      lambda p, d: p - rate.astype(p.dtype) * d, layer, direction)
