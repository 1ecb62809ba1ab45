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
