"""The shell scripts of accelerators, with a Python that says what it is told."""

import os
import pathlib
import subprocess

import pytest

from saliency_jax import schema

ROOT = pathlib.Path(__file__).resolve().parents[2]
_PYTHON = """#!/usr/bin/env bash
[[ "$*" == "-m pip --version" ]] || echo "$JAX_PLATFORMS|$*" >> "$TOLD"
"""


@pytest.fixture
def run(tmp_path):
  """Returns a function that runs a script; what Python was told comes back."""
  python = tmp_path / 'venv' / 'bin' / 'python'
  python.parent.mkdir(parents=True)
  python.write_text(_PYTHON)
  python.chmod(0o755)

  def call(*command: str, **variables: str):
    told = tmp_path / 'told'
    told.unlink(missing_ok=True)
    environment = {name: value for name, value in os.environ.items() if name != 'JAX_PLATFORMS'}
    done = subprocess.run(
      ['bash', ROOT / 'launch' / command[0], *command[1:]],
      cwd=tmp_path,
      env=environment | variables | {'TOLD': str(told), 'SALIENCY_JAX_VENV': str(tmp_path / 'venv')},
      capture_output=True,
      text=True,
    )
    return done, told.read_text().splitlines() if told.exists() else []

  return call


@pytest.mark.parametrize(
  ('script', 'requirements', 'platforms'),
  [('gpu.sh', 'requirements-gpu.txt', 'cuda'), ('tpu_vm.sh', 'requirements-tpu.txt', 'tpu,cpu')],
)
def test_it_installs_once_and_runs_the_job(run, script, requirements, platforms):
  done, told = run(script, 'train', '--workdir=a b', '--config.train.depth=3')
  assert done.returncode == 0
  assert [line.rsplit('/', 1)[-1] for line in told[:-1]] == ['requirements.txt', requirements]
  job = f'{platforms}|{ROOT}/launch/train.py --workdir=a b '
  assert told[-1] == job + '--config.train.depth=3'
  assert run(script, 'sweep')[1] == [f'{platforms}|{ROOT}/launch/sweep.py']


def test_another_platform_may_be_named(run):
  _, told = run('gpu.sh', 'predict', JAX_PLATFORMS='cpu')
  assert told[-1].startswith('cpu|')


@pytest.mark.parametrize('arguments', [(), ('entry',), ('train sweep',)])
def test_an_unknown_job_is_refused_before_anything_is_installed(run, arguments):
  done, told = run('gpu.sh', *arguments)
  assert done.returncode == 2
  assert not told
  assert done.stderr.count('\n') == 1
  assert all(f'{job}, ' in done.stderr for job in schema.JOBS)
