"""Two real processes on this machine that do one job."""

import os
import pathlib
import socket
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]


def start(runner: str, folder: pathlib.Path, *hit: int) -> list[subprocess.Popen]:
  """Starts both; something happens to the second one.

  Args:
    runner: the module that each runs.
    folder: for the results.
    *hit: what the second one is told of it, as its runner explains.
  """
  meeting = port()
  return [
    subprocess.Popen(
      [
        sys.executable,
        '-m',
        runner,
        str(folder),
        str(meeting),
        '2',
        str(number),
        *(map(str, hit) if number == 1 else ()),
      ],
      cwd=ROOT,
      env=os.environ | {'JAX_PLATFORMS': 'cpu'},
      text=True,
      stdout=subprocess.DEVNULL,
      stderr=subprocess.PIPE,
    )
    for number in range(2)
  ]


def port() -> int:
  """Returns a port of this machine that nobody listens at."""
  with socket.socket() as taken:
    taken.bind(('localhost', 0))
    return taken.getsockname()[1]


def end(processes: list[subprocess.Popen]) -> list[str]:
  """Returns what each wrote to stderr, once both have ended."""
  try:
    return [process.communicate(timeout=90)[1] for process in processes]
  finally:
    for process in processes:
      process.kill()
