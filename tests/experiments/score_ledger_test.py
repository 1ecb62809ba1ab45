"""What a stopped run leaves, and what the next one takes of it."""

from saliency_jax.experiments.score_ledger import Partial


def test_a_run_goes_on_where_another_was_killed(tmp_path):
  path, jobs = tmp_path / 'deep' / 'x.jsonl', {'a': [1], 'b': [1]}
  with Partial(path, jobs) as partial:
    partial.add('a', 'p1', {'v': 0.5})
    partial.add('b', 'p1', {'v': float('nan')})
    partial.add('a', 'p2', {'v': float('inf')})
  whole = path.read_bytes()
  for cut in (1, 10, len(whole.splitlines()[-1])):
    path.write_bytes(whole[:-cut])  # the last line, as a killed run leaves it
    with Partial(path, jobs) as partial:
      assert partial.rows['a'] == {'p1': {'v': 0.5}}
      assert list(partial.rows['b']) == ['p1']
      partial.add('a', 'p2', {'v': 2})
    with Partial(path, jobs) as partial:
      assert partial.rows['a']['p2'] == {'v': 2}
  path.write_bytes(whole + b'12\n[]\n{}\n\xff\n')
  with Partial(path, jobs) as partial:
    assert partial.rows['a'].keys() == {'p1', 'p2'}


def test_rows_of_another_job_are_left_out(tmp_path):
  path = tmp_path / 'x.jsonl'
  with Partial(path, {'a': {'sigma': 1}, 'b': {'sigma': 1}}) as partial:
    partial.add('a', 'p1', {})
    partial.add('b', 'p1', {})
  with Partial(path, {'a': {'sigma': 2}, 'b': {'sigma': 1}, 'c': 1}) as partial:
    assert partial.rows == {'a': {}, 'b': {'p1': {}}, 'c': {}}
