"""How numbers are written."""

import numpy as np
import pytest

from saliency_jax.report import numbers


@pytest.mark.parametrize(
  ('p', 'text'),
  [
    (0.5, 'p = 0.50'),
    (0.0234, 'p = 0.023'),
    (0.001, 'p = 0.001'),
    (2.6e-9, 'p = 3 × 10⁻⁹'),
    (4e-22, 'p = 4 × 10⁻²²'),
    (0.0, 'p < 1 × 10⁻³⁰⁰'),
    (float('nan'), 'p not known'),
  ],
)
def test_how_probabilities_are_written(p, text):
  assert numbers.probability(p) == text


@pytest.mark.parametrize('value', [2, np.float32(2), np.int64(2), 2.0])
def test_a_number_has_its_digits_whatever_its_type(value):
  assert (numbers.number(value), numbers.signed(-value, 1)) == ('2.00', '\N{MINUS SIGN}2.0')


def test_a_rounded_zero_has_no_sign():
  shown = [numbers.signed(x, digits) for x in (0.6, 0.4, -0.4, -0.6) for digits in (0, 1)]
  assert shown == ['+1', '+0.6', '0', '+0.4', '0', '\N{MINUS SIGN}0.4', '\N{MINUS SIGN}1', '\N{MINUS SIGN}0.6']
  assert numbers.signed(float('nan')) == '\N{EN DASH}'


def test_analyses_are_counted_where_a_pair_has_no_corrected_p():
  pairs = [{'p': 0.01, 'p_holm': None}, {'p': 0.04, 'p_holm': 0.05}, {'p': 0.05}, {'p': 0.001, 'p_holm': 0.01}]
  test = {'f': 2.345, 'df_between': 3, 'df_within': 7.6, 'p': 0.02}
  assert [*numbers.analysis({'welch': test, 'clustered': None, 'pairs': pairs}).values()] == [
    'F(3, 8) = 2.35',
    'p = 0.020',
    *'\N{EN DASH}\N{EN DASH}',
    'p not known',
    '3 of 4',
    '1',
  ]
