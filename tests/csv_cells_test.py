"""Names that spreadsheets would compute, and numbers that stay numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saliency_jax import csv_cells


@pytest.mark.parametrize(
  ('text', 'cell'),
  [
    ('=1+1', "'=1+1"),
    ('@a', "'@a"),
    ('-a', "'-a"),
    ('+a', "'+a"),
    ("'=1", "''=1"),
    ('-1.5', '-1.5'),
    ('+2e-3', '+2e-3'),
    ("it's", "it's"),
    ('', ''),
  ],
)
def test_formulas_are_texts(text, cell):
  assert csv_cells.protected(text) == cell


@given(st.text(st.sampled_from("'=-+@1a.\t")))
def test_every_text_comes_back(text):
  assert csv_cells.restored(csv_cells.protected(text)) == text


def test_a_small_p_does_not_become_0():
  for p, cell in ((3.21e-17, '3.21e-17'), (0.0412, '0.0412'), (None, '')):
    assert csv_cells.text('p', p) == cell
    assert csv_cells.value('p', cell) == pytest.approx(float('nan') if p is None else p, nan_ok=True)
