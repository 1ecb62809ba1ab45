import pathlib
import subprocess
import sys

import pytest

from saliency_jax.networks.weights import fetching


def test_an_address_out_of_reach(tmp_path):
  for url in ('file:///absent/net.h5', 'http://127.0.0.1:9/net.h5', 'net.h5'):
    with pytest.raises(fetching.Unavailable, match=r'^[^\n]+[^.]$'):
      fetching.address(url, tmp_path / 'net.h5')
  assert not list(tmp_path.iterdir())


def _pip(monkeypatch, *, files=(), code=0, errors=''):
  """Puts a pip in place that leaves `files`, and returns its command line."""
  commands = []

  def run(command, *, stdout, **_):
    assert stdout == 2  # the standard output is the program's
    folder = pathlib.Path(command[-1])
    commands.append([*command, (folder / 'requirements.txt').read_text()])
    for name in files:
      (folder / name).write_bytes(b'the wheel')
    return subprocess.CompletedProcess(command, code, None, errors)

  monkeypatch.setattr(subprocess, 'run', run)
  return commands


def test_pip_is_asked_for_one_wheel_with_its_hash(tmp_path, monkeypatch):
  commands = _pip(monkeypatch, files=['a_b-1.0-py3-none-any.whl'])
  fetching.wheel('a-b==1.0', 'cafe', tmp_path / 'to' / 'a.whl')
  assert [(path.name, path.read_bytes()) for path in (tmp_path / 'to').iterdir()] == [('a.whl', b'the wheel')]
  (command,) = commands
  assert command[:4] == [sys.executable, '-m', 'pip', 'download']
  for option in ('--no-deps', '--only-binary=:all:', '--require-hashes'):
    assert option in command
  assert command[-1] == 'a-b==1.0 --hash=sha256:cafe\n'


def test_the_last_error_of_pip_is_the_reason(tmp_path, monkeypatch):
  _pip(monkeypatch, code=1, errors=('WARNING: slow\nERROR: first\nERROR: No matching distribution\nnote\n'))
  with pytest.raises(fetching.Unavailable, match='^No matching distribution$'):
    fetching.wheel('a-b==1.0', 'cafe', tmp_path / 'a.whl')
  assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('files', [(), ('a.whl', 'b.whl')])
def test_pip_leaves_one_wheel(tmp_path, monkeypatch, files):
  _pip(monkeypatch, files=files)
  with pytest.raises(fetching.Unavailable, match=f'pip left {len(files)} wheels'):
    fetching.wheel('a-b==1.0', 'cafe', tmp_path / 'a.whl')


def test_pip_that_never_ends_or_is_not_there(tmp_path, monkeypatch):
  for error in (subprocess.TimeoutExpired('pip', 3), FileNotFoundError('pip')):

    def run(*_, error=error, **__):
      raise error

    monkeypatch.setattr(subprocess, 'run', run)
    with pytest.raises(fetching.Unavailable, match='pip'):
      fetching.wheel('a-b==1.0', 'cafe', tmp_path / 'a.whl')


def test_the_real_pip_without_an_index(tmp_path, monkeypatch):
  monkeypatch.setenv('PIP_NO_INDEX', '1')
  monkeypatch.setenv('PIP_FIND_LINKS', str(tmp_path))
  with pytest.raises(fetching.Unavailable, match='absent-wheel==1.0|No module'):
    fetching.wheel('absent-wheel==1.0', 'cafe' * 16, tmp_path / 'a.whl')
