"""Which sections run where."""

import pytest

from benchmarks import sections
from saliency_jax.errors import InputError

OPTIONS = sections.Options(batch=1, rounds=1, osie='', torch_python='')


def test_all_that_can_run_here_run():
  found = set(sections.chosen([], OPTIONS))
  assert found >= {'kernel', 'metrics', 'training'}
  assert not found & {'dissection', 'accelerator'}
  assert 'dissection' in sections.chosen([], OPTIONS._replace(osie='there'))


def test_some_run_alone():
  assert set(sections.chosen(['metrics'], OPTIONS)) == {'metrics'}


@pytest.mark.parametrize(('name', 'said'), [
    ('dissection', '--osie'), ('accelerator', 'cpu')])
def test_one_that_cannot_run_says_why(name, said):
  with pytest.raises(InputError, match=said):
    sections.chosen([name], OPTIONS)
