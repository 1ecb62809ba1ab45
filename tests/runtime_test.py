"""Compiler settings, and what is kept of what they compile."""

import os
import pathlib
import subprocess
import sys

import jax
import pytest

from saliency_jax import runtime
from saliency_jax.errors import InputError

ROOT = pathlib.Path(__file__).resolve().parent.parent


@pytest.mark.skipif(jax.__version_info__[:2] != (0, 10), reason='other settings may be known')
def test_jaxlib_knows_every_setting():
  """A misspelt one would be left out in silence."""
  assert (runtime.compiler_options(), runtime.quick_options()) == (runtime._CPU, runtime._QUICK)


def test_an_unknown_setting_is_left_out():
  assert not runtime._known('xla_cpu_scheduler_type', 'NONSENSE')
  assert not runtime._known('xla_no_such_option', 0)


_COMPILES = """
import jax, sys
from jax import monitoring
from saliency_jax import runtime
hits = []
monitoring.register_event_listener(
    lambda name, **_: hits.append(name) if 'cache_hits' in name else None)
runtime.keep_compiled(sys.argv[1])
jax.config.update('jax_persistent_cache_min_compile_time_secs', 0.)
jax.jit(lambda x: x * 2 + 1)(jax.numpy.ones(7)).block_until_ready()
print(len(hits))
"""


def test_another_process_finds_what_was_compiled(tmp_path):
  environment = {name: value for name, value in os.environ.items() if not name.upper().startswith('JAX_')} | {
    'JAX_PLATFORMS': 'cpu'
  }

  def run(folder, *options):
    return int(
      subprocess.run(
        [sys.executable, *options, '-c', _COMPILES, str(folder)],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
      ).stdout
    )

  assert run(tmp_path / 'kept') == 0
  assert run(tmp_path / 'kept') > 0
  # Killed while an entry was written: it is made anew, and others are stored again.
  for entry in list((tmp_path / 'kept').glob('*-cache'))[::2]:
    entry.write_bytes(entry.read_bytes()[:100])
    entry.with_name(entry.name.replace('-cache', '-atime')).unlink()
  whole = {path.name for path in (tmp_path / 'kept').glob('*-atime')}
  run(tmp_path / 'kept', '-W', 'error')
  assert len(whole) < len(list((tmp_path / 'kept').glob('*-atime')))
  # A folder that cannot be made keeps nothing, and is no error.
  (tmp_path / 'file').write_text('')
  assert run(tmp_path / 'file') == 0


def test_images_are_read_by_all_cores_but_where_the_network_computes_on_them(monkeypatch):
  monkeypatch.setattr(runtime, 'cores', lambda: 12)
  for backend, count in (('cpu', 2), ('gpu', 12)):
    monkeypatch.setattr(jax, 'default_backend', lambda backend=backend: backend)
    assert runtime.reading_threads() == count


def test_an_error_of_the_first_process_ends_both(monkeypatch):
  told = []

  def broadcast(value):
    told.append(bool(value))
    return True  # as the first process says

  monkeypatch.setattr(jax, 'process_count', lambda: 2)
  monkeypatch.setattr(runtime.multihost_utils, 'broadcast_one_to_all', broadcast)
  with pytest.raises(InputError, match='^The first process cannot go on'), runtime.ending_together():
    pass
  with pytest.raises(InputError, match='^why$'), runtime.ending_together():
    raise InputError('why')
  assert told == [False, True]


def test_the_users_own_cache_stays(monkeypatch):
  before = jax.config.jax_compilation_cache_dir
  assert before  # the tests have set one up
  runtime.keep_compiled('elsewhere')
  assert jax.config.jax_compilation_cache_dir == before
