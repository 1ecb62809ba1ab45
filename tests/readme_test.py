"""The README: nothing left to fill in, every file that it names is there."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
TEXT = (ROOT / 'README.md').read_text()


def test_nothing_is_left_to_fill_in():
  assert not re.findall(r'@[A-Z]+@|TODO|FIXME', TEXT)


def test_every_command_is_there():
  for script in re.findall(r'(launch/\w+\.(?:py|sh))', TEXT):
    assert (ROOT / script).is_file(), script


def test_the_results_that_it_lists_are_those_that_are_written():
  for name in ('regions.csv', 'table2.csv', 'patterns.csv', 'table5.csv'):
    assert f'`{name}`' in TEXT
