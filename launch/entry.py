"""Puts the package on the path; `cli` has the code that entry points share.

`python launch/x.py` puts only launch/ on the path, and the package is beside
it. The command `saliency` already has the package on its path.
"""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
if (ROOT / 'saliency_jax').is_dir():
  sys.path.insert(0, str(ROOT))

from saliency_jax import signals  # noqa: E402  isort: skip

signals.end_at_once()  # before imports that take seconds

from saliency_jax import cli, configs  # noqa: E402
from saliency_jax.cli import hosts, path, run  # noqa: E402

__all__ = ['ROOT', 'config', 'hosts', 'path', 'run', 'show']


def config(name: str):
  """See `cli.config`; the file is configs/`name`.py."""
  return cli.config(configs.FOLDER / f'{name}.py')


def show(workdir: str) -> None:
  """Prints the tables of a finished job, and the path of its page."""
  from saliency_jax.report import site  # --help draws nothing

  page = site.write(workdir)
  print(site.text(workdir))
  print('The page:', page)
