"""How good every member is on photographs that it has not seen."""

from collections.abc import Callable, Mapping, Sequence

import jax
import jax.numpy as jnp

from saliency_jax.networks import saliency, vgg
from saliency_jax.training import step


def make_evaluation(
    members: Sequence[step.Member], *,
    widths: Mapping[str, int] = vgg.WIDTHS, dtype: jnp.dtype = jnp.float32
) -> Callable:
  """Returns the sums of one batch, from which means over images are made.

  Args:
    members: what is trained.
    widths: units of every convolution.
    dtype: the type of the arithmetic.

  Returns:
    `evaluate(states, features, weights, valid) -> nss`, float32 `[K]`, the sum
    over the valid images; see `step.make_step` for the arguments.
  """
  suffixes = {
      m.depth: saliency.make_suffix(m.depth, widths=widths, dtype=dtype)
      for m in members}

  def evaluate(states, features, weights, valid):
    return jnp.stack([
        (step.nss(suffixes[m.depth](state.params, features[m.depth]), weights)
         * valid).sum()
        for m, state in zip(members, states, strict=True)])

  return evaluate


def all_finite(states: Sequence[step.MemberState]) -> jax.Array:
  """Returns bool `[K]`: whether every parameter of a member is a number."""
  return jnp.stack([
      jnp.stack([jnp.isfinite(x).all() for x in jax.tree.leaves(state.params)]
                ).all() for state in states])
