"""One training step of one network or of a whole sweep, compiled together.

A single run is a sweep of one member. Members share what is frozen: one forward
of the frozen layers gives every member the features that enter its own first
trained layer, and each member computes only the layers from there upwards.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import optax

from saliency_jax import trees
from saliency_jax.models import saliency, vgg
from saliency_jax.ops.association import associate
from saliency_jax.ops.cells import CellWeights
from saliency_jax.training import masks

Mode = Literal['shared', 'vmap']


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
  """A member's learning rates, float `[]` each."""
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
    members: Sequence[Member], *, tx: optax.GradientTransformation,
    schedule: optax.Schedule, mode: Mode,
    widths: Mapping[str, int] = vgg.WIDTHS,
    dtype: jnp.dtype = jnp.float32
) -> Callable:
  """Returns the training step of all members on the same batch.

  Args:
    members: what is trained.
    tx: turns a member's gradients into a direction, without a learning rate.
    schedule: step -> factor of every learning rate.
    mode: 'shared' unrolls the members; 'vmap' stacks those of one depth and
      maps over them. The results are equal.
    widths: units of every convolution.
    dtype: the type of the arithmetic.

  Returns:
    `step(states, features, weights, valid, number) -> states, Metrics`, pure:
    states, a list of `MemberState`; features, `{depth: [B, h, w, C]}` from
    `saliency.make_prefix`; weights, see `nss`; valid, float32 `[B]`, 0 for
    padding; number, int32 `[]`, how many steps came before.
  """
  suffixes = {
      m.depth: saliency.make_suffix(m.depth, widths=widths, dtype=dtype)
      for m in members}
  groups = _groups(members, mode)

  def update(state, rates, depth, features, weights, valid, factor):
    def loss(params):
      each = nss(suffixes[depth](params, features), weights) * valid
      return -each.sum() / jnp.maximum(valid.sum(), 1), each.sum()

    gradients, total = jax.grad(loss, has_aux=True)(state.params)
    direction, optimizer = tx.update(gradients, state.optimizer, state.params)
    params = {
        name: _descend(layer, direction[name], rates.of(name) * factor)
        for name, layer in state.params.items()}
    return (
        MemberState(params, optimizer), total, optax.tree.norm(gradients))

  def step(states, features, weights, valid, number):
    factor = schedule(number)
    states, totals, norms = list(states), {}, {}
    for depth, positions in groups:
      rates = [
          Rates(jnp.asarray(members[i].trunk_rate, dtype),
                jnp.asarray(members[i].readout_rate, dtype))
          for i in positions]
      arguments = (features[depth], weights, valid, factor)
      if len(positions) == 1:
        results = [update(
            states[positions[0]], rates[0], depth, *arguments)]
      else:
        states_and_rates = jax.tree.map(
            lambda *x: jnp.stack(x),
            *zip((states[i] for i in positions), rates, strict=True))
        mapped = jax.vmap(
            lambda pair, depth=depth, arguments=arguments: update(
                *pair, depth, *arguments))(states_and_rates)
        results = [
            jax.tree.map(lambda x, k=k: x[k], mapped)
            for k in range(len(positions))]
      for i, result in zip(positions, results, strict=True):
        states[i], totals[i], norms[i] = result
    order = range(len(members))
    return states, Metrics(
        jnp.stack([totals[i] for i in order]), valid.sum(),
        jnp.stack([norms[i] for i in order]))

  return step


def _descend(layer: trees.Tree, direction: trees.Tree, rate: jax.Array):
  return jax.tree.map(lambda p, d: p - rate * d, layer, direction)


def _groups(
    members: Sequence[Member], mode: Mode) -> list[tuple[int, list[int]]]:
  """Returns (depth, positions of members) for each part of the step."""
  if mode == 'shared':
    return [(member.depth, [i]) for i, member in enumerate(members)]
  by_depth = defaultdict(list)
  for i, member in enumerate(members):
    by_depth[member.depth].append(i)
  return list(by_depth.items())
