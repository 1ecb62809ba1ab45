"""Trees of parameters, by name: 'conv5_3/kernel' is a leaf's path."""

import re
from collections.abc import Sequence

import jax
from flax import traverse_util

Tree = dict  # nested dicts of arrays


def names(tree: Tree) -> list[str]:
  """Returns every leaf's path, parts joined by '/', in the tree's order."""
  return [jax.tree_util.keystr(path, simple=True, separator='/') for path, _ in jax.tree.leaves_with_path(tree)]


def match(tree: Tree, rules: Sequence[tuple[str, object]]) -> Tree:
  """Returns a tree of the same structure with the value of the first rule that matches each leaf's whole path.

  Raises:
    ValueError: a leaf matches no pattern, or a pattern is never the first to
      match, which reveals misspelt rules.
  """
  used = set()

  def value(name: str):
    for number, (pattern, result) in enumerate(rules):
      if re.fullmatch(pattern, name):
        used.add(number)
        return result
    raise ValueError(f'No rule matches the parameter {name}.')

  matched = jax.tree.unflatten(jax.tree.structure(tree), [value(name) for name in names(tree)])
  idle = [pattern for i, (pattern, _) in enumerate(rules) if i not in used]
  if idle:
    raise ValueError(f'These rules match no parameter of their own: {idle}.')
  return matched


def split(tree: Tree, mask: Tree) -> tuple[Tree, Tree]:
  """Returns the leaves where the mask, dicts of bools, is true; and others."""
  # Paths are tuples here, because a user's keys may contain a '/'.
  leaves, flags = map(traverse_util.flatten_dict, (tree, mask))
  chosen, rest = ({path: leaf for path, leaf in leaves.items() if flags[path] == wanted} for wanted in (True, False))
  return traverse_util.unflatten_dict(chosen), traverse_util.unflatten_dict(rest)


def override(tree: Tree, changes: Tree) -> Tree:
  """Returns `tree` with the leaves of `changes` in place of its own.

  Raises:
    ValueError: `tree` lacks one of them.
  """
  changed = dict(tree)
  for key, child in changes.items():
    if key not in tree:
      raise ValueError(f'There is no parameter {key} to replace.')
    changed[key] = override(tree[key], child) if isinstance(child, dict) else child
  return changed


def flatten(tree: Tree) -> dict[str, object]:
  """Returns {path: leaf}, see `names`."""
  return dict(zip(names(tree), jax.tree.leaves(tree), strict=True))


def nest(leaves: dict[str, object]) -> Tree:
  """Returns the tree of `flatten`'s leaves.

  Raises:
    ValueError: a name is both a leaf and a prefix of others.
  """
  folders = {name[:at] for name in leaves for at, letter in enumerate(name) if letter == '/'}
  if both := folders & leaves.keys():
    raise ValueError(f'{min(both)} is a leaf and a folder of leaves.')
  return traverse_util.unflatten_dict(leaves, sep='/')
