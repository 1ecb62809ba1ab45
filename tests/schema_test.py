"""Result files and columns: stated once, written and read alike, documented."""

import io
import pathlib
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saliency_jax import schema
from saliency_jax.data.popout.patterns import Pattern
from saliency_jax.errors import InputError

ROOT = pathlib.Path(__file__).resolve().parent.parent


def test_the_schema_is_that_of_the_page_of_results():
  page = (ROOT / 'docs/results.md').read_text()
  assert f'Layout {schema.LAYOUT}.' in page
  files = {x.path: x for job in schema.JOBS.values() for x in job}
  assert sorted(re.findall('^## `(.*)`$', page, re.M)) == sorted(files)
  assert page.count('\n|') == sum(2 + len(x.columns) for x in files.values() if x.columns)


def test_a_table_is_read_as_it_was_written(tmp_path):
  rows = [
    ('tap', 'text', 3, 1.25, *[0.5] * 6, 2, 0.0, 1.0, [4, 0]),
    ('a,"b', 'é', 0, None, *[np.nan] * 6, None, None, np.nan, ()),
  ]
  with open(tmp_path / 'table2.csv', 'w', newline='') as file:
    schema.write(file, schema.TABLE2, rows)
  first, second = schema.read(tmp_path, schema.TABLE2)
  assert first == rows[0]
  assert first.mean_nss_top10 == 1.25
  assert second[:3] == ('a,"b', 'é', 0)
  assert np.isnan(second.mean_nss_top10)
  assert np.isnan([*second[4:10], *second[11:13]]).all()
  assert (second[10], second[13]) == (None, [])
  with pytest.raises(InputError, match='does not have the columns'):
    schema.read(tmp_path, schema.TABLE5._replace(path='table2.csv'))
  header, line, *_ = (tmp_path / 'table2.csv').read_text().splitlines()
  (tmp_path / 'table2.csv').write_text(','.join(reversed(header.split(','))) + f'\n{line}\n')
  with pytest.raises(InputError, match='does not have the columns'):
    schema.read(tmp_path, schema.TABLE2)


@pytest.mark.parametrize('value', [np.nan, None, ''])
def test_no_number_is_nothing(value):
  file = io.StringIO()
  schema.write(file, schema.TABLE6, [('depth_1', 1, *[value] * 7)])
  header, row = file.getvalue().splitlines()
  assert header.startswith('member,depth,mean_nmm_top10,mean_low,')
  assert row == 'depth_1,1,,,,,,,'


def test_numbers_have_six_decimals():
  file = io.StringIO()
  schema.write(file, schema.TABLE6, [('a', np.int64(1), *[np.float32(2)] * 7)])
  assert file.getvalue().splitlines()[1] == 'a,1' + 7 * ',2.000000'
  with pytest.raises(ValueError, match='shorter'):
    schema.write(file, schema.TABLE6, [('a', 1)])


def test_names_take_the_places_of_a_path():
  assert schema.MAPS.of('layer1.0') == 'maps/layer1.0.npz'
  assert schema.PER_IMAGE.of('osie', 'gbvs') == 'per_image/osie/gbvs.csv'


def test_what_lies_in_a_folder_belongs_to_a_job():
  assert 'association' in schema.top(schema.JOBS['dissect'])
  assert 'before_after' in schema.top(schema.JOBS['sweep'])
  for job in schema.JOBS.values():
    assert len({file.path for file in job}) == len(job)


def test_patterns_are_the_schemas():
  assert Pattern._fields == schema.PATTERNS.names


def test_every_column_has_a_meaning():
  assert all(column.meaning for job in schema.JOBS.values() for file in job for column in file.columns)


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
  assert schema.protected(text) == cell


@given(st.text(st.sampled_from("'=-+@1a.\t")))
def test_every_text_comes_back(text):
  assert schema.restored(schema.protected(text)) == text


def test_a_small_p_does_not_become_0():
  for p, cell in ((3.21e-17, '3.21e-17'), (0.0412, '0.0412'), (None, '')):
    assert schema.text('p', p) == cell
    assert schema.value('p', cell) == pytest.approx(float('nan') if p is None else p, nan_ok=True)
