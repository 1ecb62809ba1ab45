"""Which parameters a fine-tuning depth trains.

Depth d counts convolutions from the top: 0 trains the readout alone (the
paper's setup I), 1 adds conv5_3, 6 reaches conv4_1 and 13, 'all', conv1_1.
"""

from saliency_jax.networks import saliency, trees, vgg

ALL = len(vgg.CONVOLUTIONS)


def rules(depth: int) -> list[tuple[str, bool]]:
  """Returns ordered patterns that say what is trained; see `trees.match`.

  Raises:
    ValueError: if the depth is not 0 to 13.
  """
  if not 0 <= depth <= ALL:
    raise ValueError(f'A depth is 0 to {ALL}; this is {depth}.')
  trained = [saliency.READOUT, *vgg.CONVOLUTIONS[ALL - depth:]]
  rest = [('conv.*/(kernel|bias)', False)] if depth < ALL else []
  return [(f"({'|'.join(trained)})/(kernel|bias)", True), *rest]


def trained(params: trees.Tree, depth: int) -> trees.Tree:
  """Returns a tree like `params` with True for every leaf that is trained."""
  return trees.match(params, rules(depth))
