"""How numbers are written."""

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
