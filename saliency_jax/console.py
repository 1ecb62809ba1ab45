"""The command `saliency`: the jobs of launch/ as subcommands."""

import ast
import os
import re
import sys
import types

import saliency_jax
from saliency_jax import configs

# Beside the configs, in the repository and in a wheel.
LAUNCH = configs.FOLDER.parent / 'launch'
JOBS = ('dissect', 'popout', 'train', 'sweep', 'tasks', 'predict', 'evaluate', 'report')
JOBS += ('networks', 'fetch_weights', 'build_dataset', 'convert', 'draw_arrays')
_CONFIG = re.compile(r'(--?config=|)(configs/(\w+\.py))')


def main() -> None:
  """Runs the command line's job, as `python launch/JOB.py` would.

  Raises:
    SystemExit: the job's exit code; 2 if there is no such job.
  """
  name, *arguments = sys.argv[1:] or ['--help']
  if name in ('-h', '--help', 'help'):
    print(usage())
  elif name == '--version':
    print('saliency_jax', saliency_jax.__version__)
  elif name in JOBS:
    _run(name, [packaged(argument) for argument in arguments])
  else:
    print(f'saliency: there is no job {name!r}; give one of {", ".join(JOBS)}.', file=sys.stderr)
    sys.exit(2)


def usage() -> str:
  """Returns the help, with a line for each job."""
  lines = [f'  {job:14}{_docstring(job).splitlines()[0].removesuffix(".")}' for job in JOBS]
  return '\n'.join(
    [
      saliency_jax.__doc__.splitlines()[0],
      '',
      '  saliency JOB [--FLAG=VALUE ...]',
      '  saliency JOB --help     lists the flags of a job',
      '  saliency --version',
      '',
      'Jobs:',
      *lines,
    ]
  )


def packaged(argument: str) -> str:
  """Returns an argument with configs/NAME.py as the packaged file's path.

  A file of that name in the working directory takes precedence.
  """
  match = _CONFIG.fullmatch(argument)
  if match and not os.path.exists(match[2]):
    file = configs.FOLDER / match[3]
    if file.is_file():
      return f'{match[1]}{file}'
  return argument


def _docstring(job: str) -> str:
  return ast.get_docstring(ast.parse(_source(job)))


def _source(job: str) -> str:
  """Returns the code of launch/`job`.py, with this command in its docstring."""
  text = (LAUNCH / f'{job}.py').read_text(encoding='utf-8')
  return re.sub(r'python launch/(\w+)\.py', r'saliency \1', text)


def _run(job: str, arguments: list[str]) -> None:
  file = LAUNCH / f'{job}.py'
  sys.argv = [f'saliency {job}', *arguments]  # the name in messages
  sys.path.insert(0, str(LAUNCH))
  # absl's help and spawned processes look for __main__.
  script = types.ModuleType('__main__')
  script.__file__ = str(file)
  sys.modules['__main__'] = script
  exec(compile(_source(job), str(file), 'exec'), script.__dict__)
