"""Inputs of fixed seeds, of every kind; `python -m tests.fuzz` tries more."""

import collections
import os

import pytest

from tests import fuzz, fuzz_damage, fuzz_targets

INPUTS = 70


# When a read fails, Orbax leaves the reads beside it to themselves.
@pytest.mark.filterwarnings('ignore')
def test_damaged_files_end_in_a_sentence(tmp_path):
  fuzzer, kinds = fuzz.Fuzzer(tmp_path), collections.Counter()
  for number in range(INPUTS):
    about, fault = fuzzer.fault(0, number)
    assert not fault, about
    kinds[about.partition(':')[0]] += 1
  assert len(kinds) > 0.7 * len(fuzz_targets.TARGETS)


def test_a_reader_that_lets_something_through_is_seen(tmp_path, monkeypatch):
  monkeypatch.setattr(
    fuzz,
    'TARGETS',
    {
      'a': fuzz_targets.Target(
        lambda folder: (folder / 'a.json').write_text('{"x": 1}'), lambda folder: os.stat(folder / 'b')
      )
    },
  )
  about, fault = fuzz.Fuzzer(tmp_path).fault(0, 0)
  assert about.startswith('a: a.json ')
  assert 'FileNotFoundError' in fault


def test_damage_is_the_same_for_one_seed(tmp_path):
  changed = set()
  for _ in range(2):
    (tmp_path / 'x.csv').write_text('a,b\n1,2\n')
    fuzz_damage.damage(tmp_path / 'x.csv', fuzz.random.Random(3))
    changed.add((tmp_path / 'x.csv').read_bytes())
  assert len(changed) == 1
  assert changed != {b'a,b\n1,2\n'}
