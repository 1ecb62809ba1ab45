"""Fills a disk under every job, makes room again, and looks at what is left.

  python -m tests.full_disk [--jobs=dissect,train]

A file system in memory is mounted, which needs root on Linux. Every job runs to
its end once; then on disks that hold a part of what it wrote. It has to end in
one sentence with exit code 2 and to leave no hidden file, and the same command,
once there is room, to leave what the first run left.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

from tests import interrupts
from tests.data import made

_SHARES = (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97)  # of what a job writes
_ROOM = 1 << 20  # kB


def _mount(place: pathlib.Path) -> None:
  subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={_ROOM}k', 'none', str(place)], check=True)


def _resize(place: pathlib.Path, kilobytes: int) -> None:
  subprocess.run(['mount', '-o', f'remount,size={kilobytes}k', str(place)], check=True)


def _used(place: pathlib.Path) -> int:
  return shutil.disk_usage(place).used // 1024


def _try(
  job: str, share: float, disk: pathlib.Path, whole: pathlib.Path, kilobytes: int, data: pathlib.Path
) -> list[str]:
  """Returns the faults of a job on a disk for a share of its results."""
  place = disk / 'w'
  _mount(disk)
  try:
    interrupts.prepare(job, data, place)
    begun = _used(disk)
    _resize(disk, max(8, begun + int((kilobytes - begun) * share)))
    flags = interrupts.given(job, data, place)
    faults = [interrupts.run(job, flags, codes={2})]
    faults += interrupts.leftovers(place)
    _resize(disk, _ROOM)
    faults += [interrupts.run(job, flags)]
    faults += interrupts.differences(whole, place)
    return [f'{job}, {share}: {x}' for x in faults if x]
  finally:
    subprocess.run(['umount', str(disk)], check=True)


def main(arguments: list[str]) -> int:
  """Returns how many faults there were, and says each."""
  parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
  jobs = 'dissect,popout,train,sweep,predict,evaluate,report'
  parser.add_argument('--jobs', default=jobs)
  root, faults = pathlib.Path(tempfile.mkdtemp(prefix='full-')), []
  data, disk = made.osie(root / 'data'), root / 'disk'
  disk.mkdir()
  for job in parser.parse_args(arguments).jobs.split(','):
    _mount(disk)
    interrupts.prepare(job, data, disk / 'w')
    said = interrupts.run(job, interrupts.given(job, data, disk / 'w'))
    faults += [said] if said else []
    kilobytes = _used(disk)
    whole = shutil.copytree(disk / 'w', root / job)
    subprocess.run(['umount', str(disk)], check=True)
    for share in _SHARES:
      faults += _try(job, share, disk, whole, kilobytes, data)
    print(json.dumps({'job': job, 'kilobytes': kilobytes, 'disks': len(_SHARES), 'faults': faults}), flush=True)
  return len(faults)


if __name__ == '__main__':
  sys.exit(min(1, main(sys.argv[1:])))
