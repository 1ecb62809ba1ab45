"""The command `saliency`, and what an installed package must contain."""

import fnmatch
import subprocess
import sys
import tomllib

import pytest

import saliency_jax
from saliency_jax import configs, console
from tests.launch import commands

ROOT = commands.ROOT
PACKAGE = ROOT / 'saliency_jax'
SETUPTOOLS = tomllib.loads((ROOT / 'pyproject.toml').read_text())['tool']['setuptools']
# They need benchmarks/, which is outside the package.
OF_THE_TREE = {'benchmark'}


@pytest.fixture
def saliency(monkeypatch, capsys):
  """Returns a function that runs the command and returns its output."""
  monkeypatch.setattr(sys, 'path', [*sys.path])
  monkeypatch.setitem(sys.modules, '__main__', sys.modules['__main__'])

  def call(*arguments: str):
    monkeypatch.setattr(sys, 'argv', ['saliency', *arguments])
    code = 0
    try:
      console.main()
    except SystemExit as end:
      code = end.code
    return code, capsys.readouterr()

  return call


def test_its_jobs_are_those_of_launch():
  scripts = {path.stem for path in (ROOT / 'launch').glob('*.py')}
  assert set(console.JOBS) == scripts - OF_THE_TREE - {'entry'}


def test_help_has_a_line_for_each_job(saliency):
  for arguments in [(), ('-h',), ('--help',)]:
    code, said = saliency(*arguments)
    assert code == 0
    for job in console.JOBS:
      assert f'\n  {job} ' in said.out
  assert max(map(len, said.out.splitlines())) <= 100


def test_the_version_is_stated_once(saliency):
  assert saliency('--version')[1].out == (f'saliency_jax {saliency_jax.__version__}\n')
  assert SETUPTOOLS['dynamic']['version'] == {'attr': 'saliency_jax.__version__'}


def test_an_unknown_job_ends_in_a_sentence(saliency):
  code, said = saliency('disect')
  assert code == 2
  assert said.err.startswith("saliency: there is no job 'disect'; give one of ")
  assert said.err.count('\n') == 1


def test_a_job_runs_as_a_script(saliency, monkeypatch, tmp_path):
  (tmp_path / 'networks.py').write_text(
    '"""Lists.\n\n  python launch/networks.py --name=x\n"""\n'
    'import sys\nassert __name__ == "__main__"\n'
    'print(__doc__, __file__, sys.argv, sys.path[0])\nsys.exit(143)\n'
  )
  monkeypatch.setattr(console, 'LAUNCH', tmp_path)
  code, said = saliency('networks', '--name=vgg16')
  assert code == 143
  assert '\n  saliency networks --name=x\n' in said.out
  assert f"{tmp_path}/networks.py ['saliency networks', '--name=vgg16']" in (said.out)
  assert said.out.rstrip().endswith(str(tmp_path))


def test_a_job_parses_its_flags_and_keeps_its_exit_code():
  done = subprocess.run(
    [sys.executable, '-c', 'from saliency_jax import console; console.main()', 'report', '--workdir=absent'],
    env=commands.ENVIRONMENT | {'PYTHONPATH': str(ROOT)},
    capture_output=True,
    text=True,
  )
  assert done.returncode == 2
  assert done.stderr.strip().startswith('saliency report: ')


def test_a_packaged_config_is_named_from_any_folder(monkeypatch, tmp_path):
  monkeypatch.chdir(tmp_path)
  file = configs.FOLDER / 'train_authors.py'
  for given in ('--config=', '-config=', ''):
    assert console.packaged(f'{given}configs/train_authors.py') == (f'{given}{file}')
  for other in ('--config=configs/mine.py', '--workdir=configs/train.py'):
    assert console.packaged(other) == other
  own = tmp_path / 'configs' / 'train_authors.py'
  own.parent.mkdir()
  own.touch()
  assert console.packaged(f'--config={own.relative_to(tmp_path)}') == ('--config=configs/train_authors.py')


def test_every_folder_of_code_is_a_package_of_the_wheel():
  folders = {'.'.join(path.parent.relative_to(ROOT).parts) for path in PACKAGE.rglob('*.py')}
  assert sorted(SETUPTOOLS['packages']) == sorted(folders | set(SETUPTOOLS['package-dir']))
  assert SETUPTOOLS['package-dir'] == {
    'saliency_jax.configs': 'configs',
    'saliency_jax.docs': 'docs',
    'saliency_jax.launch': 'launch',
  }


def test_every_data_file_travels_in_the_wheel():
  patterns = [
    f'{package.replace(".", "/")}/{pattern}'
    for package, given in SETUPTOOLS['package-data'].items()
    for pattern in given
  ]
  files = [
    path.relative_to(ROOT).as_posix()
    for path in PACKAGE.rglob('*')
    if path.is_file() and path.suffix not in ('.py', '.pyc')
  ]
  assert len(files) > 20
  for file in files:
    assert any(fnmatch.fnmatchcase(file, pattern) and file.count('/') == pattern.count('/') for pattern in patterns), (
      file
    )


def test_every_file_of_requirements_is_there():
  dynamic = SETUPTOOLS['dynamic']
  for given in (dynamic['dependencies'], *dynamic['optional-dependencies'].values()):
    for file in given['file']:
      assert (ROOT / file).is_file(), file
