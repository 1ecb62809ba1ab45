"""Tables as CSV, Markdown and LaTeX: they can be read back, whatever a name."""

import csv
import io
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saliency_jax import schema
from saliency_jax.report import formats

BAD = '<b>x</b> & "50 %" | a_b\\c #1 $2 {e} ~f^g `h` [i]\n*j*, k--l'
HEADER = ('name', 'how many', 'mean', 'more_%')
ROWS = [(BAD, 3, -0.256, math.nan), ('plain', None, 1234567.891, -0.001)]


def _unescaped(text: str) -> str:
  return re.sub(r'\\(.)', r'\1', text)


def _cells(line: str) -> list[str]:
  """Splits a line of a Markdown table as GitHub does."""
  parts = re.split(r'(?<!\\)(?:\\\\)*\|', line)
  return [x.strip() for x in parts[1:-1]]


def test_csv_reads_back():
  header, *rows = csv.reader(io.StringIO(formats.csv_text(HEADER, ROWS)))
  assert header == list(HEADER)
  assert rows == [[BAD.replace('\n', ' '), '3', '-0.256', ''], ['plain', '', '1.23457e+06', '-0.001']]


def test_markdown_reads_back():
  lines = formats.markdown(HEADER, ROWS, digits=2).splitlines()
  assert len(lines) == 4, 'one line a row'
  assert _cells(lines[1]) == ['---', '--:', '--:', '--:']
  assert [_unescaped(x) for x in _cells(lines[0])] == list(HEADER)
  name, *numbers = _cells(lines[2])
  assert _unescaped(name) == BAD.replace('\n', ' ')
  assert numbers == ['3', '-0.26', '–']
  # Nothing is left that GitHub takes for a tag or an emphasis.
  assert not re.search(r'(?<!\\)[<>*_`\[$]', name)


def test_latex_by_hand():
  text = formats.latex(HEADER, ROWS, digits=2)
  assert text.splitlines() == [
    '% needs \\usepackage{booktabs}',
    '\\begin{tabular}{lrrr}',
    '\\toprule',
    'name & how many & mean & more\\_\\% \\\\',
    '\\midrule',
    '\\textless{}b\\textgreater{}x\\textless{}/b\\textgreater{} \\& "50 \\%" '
    '\\textbar{} a\\_b\\textbackslash{}c \\#1 \\$2 \\{e\\} '
    '\\textasciitilde{}f\\textasciicircum{}g '
    '\\textasciigrave{}h\\textasciigrave{} {[}i{]} *j*, k-{}-l & 3 & '
    '$-0.26$ & -- \\\\',
    'plain & -- & 1234567.89 & 0.00 \\\\',
    '\\bottomrule',
    '\\end{tabular}',
  ]


def test_a_cell_that_starts_a_line_is_no_option_of_the_line_before():
  # LaTeX takes '[' after '\\' for the optional argument of a line break.
  text = formats.latex(('a',), [('[x]',), ('[y]',)], digits=2)
  assert '\n{[}y{]} \\\\' in text


@given(st.text(st.characters(codec='utf-8', exclude_characters='\x00'), min_size=1))
def test_any_name_stays_one_cell(name):
  rows = [(name, 1.0), ('other', 2.0)]
  read = list(csv.reader(io.StringIO(formats.csv_text(('a', 'b'), rows), newline='')))
  assert [schema.restored(read[1][0]), read[1][1]] == [' '.join(name.split()), '1']
  assert read[1][0][:1] not in {*'=+@'} or read[1][0][:1] == '+' and (float(read[1][0]) is not None)  # a number
  lines = formats.markdown(('a', 'b'), rows, digits=1).splitlines()
  assert [len(_cells(x)) for x in lines] == [2, 2, 2, 2]
  line = formats.latex(('a', 'b'), rows, digits=1).splitlines()[5]
  assert len(re.findall(r'(?<!\\)&', line)) == 1


@pytest.mark.parametrize(
  ('value', 'text'), [(2, '2'), (0.005, '0.01'), (-0.001, '0.00'), (None, '?'), (math.nan, '?'), (math.inf, 'inf')]
)
def test_fixed_digits(value, text):
  assert formats.written((), [(value,)], str, 2, '?')[1] == [text]
