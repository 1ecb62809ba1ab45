"""Trees by name: full cover or an error, and splitting without loss."""

import numpy as np
import pytest

from saliency_jax.networks import trees

TREE = {'a': {'kernel': 1, 'bias': 2}, 'b': {'kernel': 3}}


def test_leaves_are_named_by_their_path():
  assert trees.names(TREE) == ['a/bias', 'a/kernel', 'b/kernel']


def test_the_first_rule_that_matches_counts():
  matched = trees.match(TREE, [('a/bias', 7), ('.*/kernel', 8)])
  assert matched == {'a': {'kernel': 8, 'bias': 7}, 'b': {'kernel': 8}}


def test_every_leaf_needs_a_rule():
  with pytest.raises(ValueError, match='a/bias'):
    trees.match(TREE, [('.*/kernel', 1)])


def test_a_rule_must_match_a_leaf_of_its_own():
  with pytest.raises(ValueError, match='c/.*'):
    trees.match(TREE, [('.*', 1), ('c/.*', 2)])


def test_patterns_are_for_the_whole_path():
  with pytest.raises(ValueError, match='a/bias'):
    trees.match(TREE, [('a', 1), ('.*kernel', 1)])


def test_a_tree_is_split_by_a_mask():
  mask = {'a': {'kernel': True, 'bias': False}, 'b': {'kernel': False}}
  first, second = trees.split(TREE, mask)
  assert first == {'a': {'kernel': 1}}
  assert second == {'a': {'bias': 2}, 'b': {'kernel': 3}}


def test_a_key_with_a_slash_stays_one():
  tree = {'net/~/conv': {'w': 1, 'b': 2}}
  assert trees.split(tree, {'net/~/conv': {'w': True, 'b': False}}) == (
    {'net/~/conv': {'w': 1}},
    {'net/~/conv': {'b': 2}},
  )


def test_only_leaves_that_are_there_are_replaced():
  assert trees.override(TREE, {'a': {'bias': 9}}) == {'a': {'kernel': 1, 'bias': 9}, 'b': {'kernel': 3}}
  assert TREE['a']['bias'] == 2
  for changes, name in (({'c': 1}, 'c'), ({'a': {'scale': 1}}, 'scale')):
    with pytest.raises(ValueError, match=f'no parameter {name} to replace'):
      trees.override(TREE, changes)


def test_arrays_are_not_copied():
  array = np.zeros(3)
  first, second = trees.split({'a': {'x': array}}, {'a': {'x': True}})
  assert first['a']['x'] is array
  assert second == {}
