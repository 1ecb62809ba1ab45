"""Entry points as commands: in a process of their own, or in this one."""

import contextlib
import io
import os
import pathlib
import runpy
import subprocess
import sys
import warnings
from unittest import mock

from absl import flags, logging

from saliency_jax import cli, signals
from tests import hosts

ROOT = pathlib.Path(__file__).resolve().parents[2]
ENVIRONMENT = os.environ | {'JAX_PLATFORMS': 'cpu'}


def command(job: str, *given: str) -> list[str]:
  """Returns the command line of launch/`job`.py."""
  return [sys.executable, str(ROOT / 'launch' / f'{job}.py'), *given]


def run(job: str, *given: str) -> subprocess.CompletedProcess:
  """Runs a command in a process of its own, in another folder."""
  return subprocess.run(
    command(job, *given), capture_output=True, text=True, check=False, cwd=ROOT.parent, env=ENVIRONMENT
  )


def start(job: str, *given: str) -> subprocess.Popen:
  """Starts a command; what it says as an error can be read."""
  return subprocess.Popen(command(job, *given), stderr=subprocess.PIPE, text=True, cwd=ROOT.parent, env=ENVIRONMENT)


def run_by_two(*arguments: str) -> subprocess.CompletedProcess:
  """Runs a job in two processes that share it; returns what the first one did."""
  together = [f'--coordinator=localhost:{hosts.port()}', '--processes=2']
  first, second = ([*arguments, *together, f'--process_id={number}'] for number in range(2))
  other = start(*second)
  result = run(*first)
  said = other.communicate(timeout=60)[1]
  assert (result.returncode, other.returncode) == (0, 0), result.stderr + said
  return result


def run_here(job: str, *given: str) -> subprocess.CompletedProcess:
  """Runs a command in this process, as JAX takes seconds to be imported.

  The file itself is run and parses the flags, and whatever it raises beside
  `SystemExit` is raised.
  """
  arguments = command(job, *given)[1:]
  known, verbosity = set(flags.FLAGS), logging.get_verbosity()
  said, errors = io.StringIO(), io.StringIO()
  code = 0
  with (
    warnings.catch_warnings(),
    mock.patch.object(sys, 'argv', arguments),
    mock.patch.object(signals, 'end_at_once'),
    # Without what absl does to the process: handlers of logs and signals.
    mock.patch.object(cli.app, 'run', _parse_and_run),
    contextlib.redirect_stdout(said),
    contextlib.redirect_stderr(errors),
  ):
    # ml_collections loads its file in an old way.
    warnings.filterwarnings('ignore', 'the load_module', DeprecationWarning)
    try:
      runpy.run_path(arguments[0], run_name='__main__')
    except SystemExit as end:
      code = end.code or 0  # None is success
    finally:
      for name in set(flags.FLAGS) - known:
        # Libraries that were imported on the way keep their flags.
        if name.startswith('config') or (flags.FLAGS.find_module_defining_flag(name) in (cli.__name__, arguments[0])):
          delattr(flags.FLAGS, name)
      flags.FLAGS.unparse_flags()
      logging.set_verbosity(verbosity)
  return subprocess.CompletedProcess(arguments, code, said.getvalue(), errors.getvalue())


def is_one_sentence(result: subprocess.CompletedProcess, job: str, *said: str) -> None:
  """Asserts that bad input ended a command as it should."""
  assert result.returncode == 2, result.stderr
  assert 'Traceback' not in result.stderr
  last = result.stderr.strip().splitlines()[-1]
  assert last.startswith(f'{job}.py: ')
  assert last.endswith('.')
  for words in said:
    assert words in last, last


def _parse_and_run(main, flags_parser):
  sys.exit(main(flags_parser(sys.argv)))
