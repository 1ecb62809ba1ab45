"""Sentences on a sweep, against numbers that can be looked up in made_sweep."""

import numpy as np
import pytest

from saliency_jax.report import depth_findings, depth_text, swept
from tests.report import made_sweep as made


def sentences(folder, **changes) -> list[str]:
  results = swept.read(made.sweep(folder, **changes))
  return [finding.text for finding in depth_findings.findings(results)]


def test_every_sentence_follows_from_the_numbers(tmp_path):
  assert sentences(tmp_path) == [
      'On 5 validation images every depth beats the '
      'readout alone: NSS 1.62 at depth 0, 2.25 at depth all and up to 2.75 at '
      'depth 3.',
      'The mean NSS of the best units rises for 2 of 3 categories from '
      'depth 0 to depth 3, most for person head (1.00 to 3.50, in the paper '
      '1.21 to 3.28), least for drink (1.25 to 1.00, in the paper 1.48 to '
      '1.68).',
      # (3.5 + 1.25 + 1) / 3 = 1.92; in the paper 6.3 / 3.
      'Over 3 categories the mean is highest at depth 3: 1.92, against 1.00 at '
      'depth 0; in the paper at depth 3: 2.10, against 1.26.',
      # np.corrcoef of MEANS and PAPER, and of their gains.
      'Table 3 correlates with the paper’s at r = 0.816 (Pearson, 9 cells), '
      'the gains over depth 0 at r = 0.761; less the means of categories and '
      'of depths, which both tables have in common, r is 0.642.',
      'From depth 0 to depth 3 text rises by 67 % and person head by 250 %, '
      'the ratio of head to text goes from 1.33 to 2.80; in the paper text '
      'rises by 22 % and person head by 171 %, the ratio of head to text goes '
      'from 1.10 to 2.45.',
      'Most units exceed T = 1.5 for person head at depth 3: 90, against 4 at '
      'depth 0.',
      'Over 3 categories most units exceed T = 1.5 at depth 3 (94), in the '
      'paper at depth 3 (59); for text 3 to 9 once convolutions are trained, '
      'in the paper 0.',
      'On unseen photographs, the mean NSS of the best units rises for 2 of '
      '2 categories from depth 0 to depth 3, most '
      'for person head (1.00 to 3.50, 4 regions), least for text (0.75 to '
      '1.25, 2 regions).',
      'On search arrays the mean NMM of the best units is above that of '
      'depth 0 at 1 of 2 depths: 0.25 at depth 0, at most 1.00 at depth 3; in '
      'the paper 0.38 and 0.92 at depth 3. Over depths the two correlate at '
      'r = 0.73 (Pearson).']


def test_the_correlation_without_main_effects_is_that_of_residuals(tmp_path):
  run, published = (
      np.array([*values.values()]) for values in (made.MEANS, made.PAPER))
  # What an additive model of rows and columns leaves, by regression.
  design = np.hstack([
      np.ones((9, 1)), np.kron(np.eye(3)[:, 1:], np.ones((3, 1))),
      np.kron(np.ones((3, 1)), np.eye(3)[:, 1:])])
  left = [
      values.ravel() - design @ np.linalg.lstsq(design, values.ravel())[0]
      for values in (run, published)]
  assert f'r is {np.corrcoef(*left)[0, 1]:.3f}.' in ' '.join(
      sentences(tmp_path))


def test_a_table_6_that_rises_where_the_paper_s_falls_says_so(
    tmp_path, monkeypatch):
  monkeypatch.setitem(made.NMM, 'depth_all', 2.)
  assert sentences(tmp_path)[-1].endswith(
      'r = 0.57 (Pearson): this run is highest at the end, where the paper’s '
      'falls.')


def test_a_depth_that_is_worse_is_not_hidden(tmp_path, monkeypatch):
  monkeypatch.setitem(made.VALIDATION, 'depth_all', (1., 1.25))
  assert sentences(tmp_path)[0] == (
      'On 5 validation images 1 of 2 depths beat the '
      'readout alone (NSS 1.62); depth all reaches 1.25, depth 3 2.75.')


def test_without_depth_3_the_best_depth_is_told_of(tmp_path):
  found = sentences(tmp_path, members=('depth_0', 'depth_all'))
  assert any('from depth 0 to depth all' in text for text in found)
  assert found[0] == (
      'On 5 validation images depth all beats the readout alone: NSS 2.25, '
      '1.62 at depth 0.')


def test_a_count_of_none_is_no_most(tmp_path, monkeypatch):
  monkeypatch.setattr(made, 'ABOVE', dict.fromkeys(made.ABOVE, (0, 0, 0)))
  found = sentences(tmp_path)
  assert 'No unit exceeds T = 1.5 for any category.' in found
  assert not any('ost units exceed' in text for text in found)


@pytest.mark.parametrize('members', [
    ('depth_0',), ('depth_3', 'depth_all')])
def test_nothing_is_said_without_something_to_compare(members, tmp_path):
  assert not sentences(tmp_path, members=members, views=False)


def test_the_terminal_gets_tables_and_findings(tmp_path):
  lines = depth_text.text(
      swept.read(made.sweep(tmp_path))).encode('ascii').decode().splitlines()
  assert lines[:3] == [
      'depth_0: NSS 1.625 after step 4', 'depth_3: NSS 2.750 after step 2',
      'depth_all: NSS 2.250 after step 4']
  assert max(map(len, lines)) <= 100
  text = '\n'.join(lines)
  for row in ('depth 3   run           3.50 1.25  1.00',
              '          held out      3.25 1.00  0.75',
              '          chance from   0.50 0.50  0.50',
              '          paper         3.28 1.34  1.68',
              'depth 3   run       90    3     1',
              'depth all   0.20      -0.05          0.50   1.00    0.73'):
    assert row in text


def test_a_run_prints_what_it_reached(tmp_path):
  assert depth_text.text(swept.read(made.run(tmp_path))) == (
      'depth_3: NSS 2.750 after step 2')
