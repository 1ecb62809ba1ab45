"""The benchmark's own arithmetic."""

import json
import time

from benchmarks import accelerator, timing


def test_functions_run_in_turn_after_one_call_each():
  calls = []
  timing.alternate(
      {'a': lambda: calls.append('a'), 'b': lambda: calls.append('b')},
      rounds=2)
  assert calls == ['a', 'b', 'a', 'b', 'a', 'b']


def test_the_median_second_is_measured():
  naps = iter([0, .001, .02, .001])
  seconds = timing.alternate({'nap': lambda: time.sleep(next(naps))}, rounds=3)
  assert .001 <= seconds['nap'] < .02


def test_rows_are_written_with_the_machine(tmp_path):
  row = timing.Row('x', 1., 'ms', 4., 'y', .25, '<= 1')
  timing.write(tmp_path / 'b.json', [row])
  written = json.loads((tmp_path / 'b.json').read_text())
  assert written['rows'] == [{
      'name': 'x', 'measured': 1., 'unit': 'ms', 'beside': 4.,
      'beside_name': 'y', 'ratio': .25, 'target': '<= 1'}]
  assert written['device'] == 'cpu'
  assert '| x | 1 ms | 4 ms (y) | 0.25 | <= 1 |' in timing.text([row])


def test_the_operations_of_vgg16():
  # 15.3 billion multiply-adds at 224 px, the count published for the network's
  # convolutions.
  assert 30.6e9 < accelerator.operations() < 30.8e9


def test_what_was_not_measured_says_why(tmp_path):
  rows = [timing.Unmeasured('x', 'pip install y')]
  timing.write(tmp_path / 'b.json', rows)
  written = json.loads((tmp_path / 'b.json').read_text())
  assert written['rows'] == [{'name': 'x', 'why': 'pip install y'}]
  assert '| x | not measured: pip install y | | | |' in timing.text(rows)
