"""Sentences on runs of one depth, and on the claim of Section 5.2."""

import numpy as np

from saliency_jax.report import depth_spread, depth_text, swept
from tests.report import made_sweep as made


def said(results) -> list[str]:
  return [finding.text for finding in depth_spread.findings(results)]


def test_deviations_are_those_of_the_runs_of_a_depth():
  values = np.array([[1., 2], [3, 9], [2, 4], [7, 8]])
  found = depth_spread.deviations(values, [3, 0, 3, 1])
  assert np.isnan(found[:2]).all()
  np.testing.assert_allclose(found[2], values[[0, 2]].std(axis=0, ddof=1))


def test_one_run_for_each_depth_has_no_error_term(tmp_path):
  results = swept.read(made.sweep(tmp_path))
  first, second, claim = said(results)
  assert first.startswith('Table 3 is of one run for each depth')
  assert second.startswith('Table 6 is of one run for each depth')
  assert claim == (
      'Differs from all other categories (Games-Howell on regions, Tukey on '
      'depths, 5 %; the paper names these three): person head in 2 of 3 runs '
      'and over depths as blocks.')
  assert 'one run for each' in ' '.join(depth_text.text(results).split())


def test_runs_of_one_depth_tell_what_a_seed_changes(tmp_path):
  results = swept.read(made.sweep(tmp_path))
  # Two runs of depth 3: (3.5, 1.25, 1) and (2, 2, 1.5).
  members = (*results.members[:2], results.members[2]._replace(depth=3))
  first, *_ = said(results._replace(members=members))
  assert first == (
      'Over the 1 to 2 runs of a depth, values of Table 3 have a standard '
      'deviation of 0.65 on average and 1.06 at most (person head at depth 3).')


def test_a_sweep_without_measurements_says_nothing(tmp_path):
  assert said(swept.read(made.sweep(tmp_path, measured=()))) == []
