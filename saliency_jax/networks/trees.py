"""Trees of parameters, by name: 'conv5_3/kernel' is a leaf's path."""

import re
from collections.abc import Sequence

import jax

Tree = dict  # nested dicts of arrays


def names(tree: Tree) -> list[str]:
  """Returns every leaf's path, parts joined by '/', in the tree's order."""
  return [
      jax.tree_util.keystr(path, simple=True, separator='/')
      for path, _ in jax.tree.leaves_with_path(tree)]


def match(tree: Tree, rules: Sequence[tuple[str, object]]) -> Tree:
  """Returns a tree of the same shape with a value for every leaf.

  Args:
    tree: any tree of dicts.
    rules: (pattern, value), tried in order; a pattern is a regular expression
      for the whole path.

  Raises:
    ValueError: if a leaf matches no pattern, or a pattern is never the first
      to match: a misspelt rule must not pass unseen.
  """
  used = set()

  def value(name: str):
    for number, (pattern, result) in enumerate(rules):
      if re.fullmatch(pattern, name):
        used.add(number)
        return result
    raise ValueError(f'No rule matches the parameter {name}.')

  matched = jax.tree.unflatten(
      jax.tree.structure(tree), [value(name) for name in names(tree)])
  idle = [pattern for i, (pattern, _) in enumerate(rules) if i not in used]
  if idle:
    raise ValueError(f'These rules match no parameter of their own: {idle}.')
  return matched


def split(tree: Tree, mask: Tree) -> tuple[Tree, Tree]:
  """Returns the leaves where the mask is true, and the others.

  Args:
    tree: nested dicts of arrays.
    mask: the same dicts with bools as leaves.
  """
  def part(node, flags, wanted: bool):
    if not isinstance(node, dict):
      return node
    kept = {
        key: part(node[key], flags[key], wanted) for key in node
        if isinstance(node[key], dict) or flags[key] == wanted}
    return {
        key: child for key, child in kept.items()
        if not isinstance(child, dict) or child}

  return part(tree, mask, True), part(tree, mask, False)


def join(first: Tree, second: Tree) -> Tree:
  """Returns the tree of which `first` and `second` are the two parts.

  Raises:
    ValueError: if a leaf stands in both.
  """
  joined = dict(first)
  for key, child in second.items():
    if key not in joined:
      joined[key] = child
    elif isinstance(child, dict) and isinstance(joined[key], dict):
      joined[key] = join(joined[key], child)
    else:
      raise ValueError(f'The parameter {key} stands in both trees.')
  return joined
