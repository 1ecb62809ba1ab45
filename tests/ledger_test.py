"""What was measured is kept, whoever is killed, and measured again if damaged."""

import numpy as np

from saliency_jax import ledger
from saliency_jax.ledger import Entry, Ledger


def opened(folder, **jobs) -> Ledger:
  return Ledger(folder, jobs or {'a': 1, 'b': 1})


def filled(folder) -> Ledger:
  """Two parts, of two series."""
  with opened(folder) as first:
    first.add('a', 'p1', Entry({'v': 0.1}))
    first.add('b', 'p1', Entry({'v': float('nan')}, {'x': np.arange(6, dtype=np.float32).reshape(3, 2)}))
    first.add('b', 'p2', Entry(None, {'x': np.zeros((0, 2), np.float32), 'y': np.ones(4)}))
    first.flush()
    first.add('a', 'p2', Entry(['\u2028', float('inf')]))
  return opened(folder)


def test_a_ledger_gives_back_what_was_measured(tmp_path):
  found = filled(tmp_path / 'deep' / 'ledger')
  assert found.entries['a'] == {'p1': ({'v': 0.1}, {}), 'p2': (['\u2028', float('inf')], {})}
  first, second = found.entries['b'].values()
  assert np.isnan(first.facts['v'])
  np.testing.assert_array_equal(first.arrays['x'], [[0, 1], [2, 3], [4, 5]])
  assert first.arrays['x'].dtype == np.float32
  assert second.facts is None
  assert second.arrays['x'].shape == (0, 2)
  assert second.arrays['y'].tolist() == [1] * 4


def test_a_damaged_part_is_measured_again(tmp_path, caplog):
  filled(tmp_path)
  (tmp_path / '.00001.abcd.part').touch()  # what a killed run was writing
  opened(tmp_path)
  assert not caplog.text
  first, second = sorted(tmp_path.glob('[!.]*.part'))
  whole = first.read_bytes()
  for damaged in (whole[:-1], whole[:50], b'', whole.replace(b'0.1', b'0.2')):
    first.write_bytes(damaged)
    found = opened(tmp_path).entries
    assert (list(found['a']), list(found['b'])) == (['p2'], [])
  first.write_bytes(whole)
  second.unlink()
  with opened(tmp_path) as again:
    assert list(again.entries['a']) == ['p1']
    again.add('a', 'p1', Entry({'v': 2}))
  assert opened(tmp_path).entries['a']['p1'].facts == {'v': 2}


def test_what_another_job_measured_is_left_out(tmp_path):
  filled(tmp_path)
  found = opened(tmp_path, a=2, b=1, c=1)
  assert {name: list(x) for name, x in found.entries.items()} == {'a': [], 'b': ['p1', 'p2'], 'c': []}
  found.remove()
  assert not tmp_path.exists()


def test_a_ledger_is_written_within_seconds(tmp_path, monkeypatch):
  monkeypatch.setattr(ledger, '_SECONDS', 0.0)
  opened(tmp_path).add('a', 'p1', Entry(1))
  assert opened(tmp_path).entries['a']['p1'].facts == 1


def test_arrays_do_not_wait_in_memory(tmp_path, monkeypatch):
  monkeypatch.setattr(ledger, '_BYTES', 100)
  first = opened(tmp_path)
  for item in 'pqr':
    first.add('a', item, Entry(item, {'x': np.full((2, 5), ord(item))}))
  assert len([*tmp_path.iterdir()]) == 1  # of p and q; r waits
  p, q, r = (first.entries['a'][item].arrays['x'] for item in 'pqr')
  assert q.tolist() == [[ord('q')] * 5] * 2
  assert isinstance(p, np.memmap)
  assert isinstance(q, np.memmap)
  assert not isinstance(r, np.memmap)


def test_several_processes_write_one_ledger(tmp_path):
  one, two = (Ledger(tmp_path, {'a': 1}, process=n) for n in range(2))
  for process, item in ((one, 'p1'), (two, 'p2')):
    with process:
      process.add('a', item, Entry(item))
  assert list(one.entries['a']) == ['p1']
  one.reload()
  assert set(one.entries['a']) == {'p1', 'p2'}
