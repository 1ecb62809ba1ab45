"""Damages files of every kind that is read, and looks at what is said of them.

  python -m tests.fuzz [--seed=0] [--minutes=1] [--inputs=0] [--only=weights]

Input n of a seed is always the same. It has to end in a result, or in an
`InputError` of one printable line that names a file, within 20 s and 1.5 GB of
memory above the start. A process reads; another one watches it, and goes on
behind an input that ends it or holds it up.
"""

import argparse
import collections
import functools
import itertools
import json
import logging
import os
import pathlib
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import warnings

from absl import logging as absl_logging

from saliency_jax.errors import InputError
from saliency_jax.report import chart_files
from tests.fuzz_damage import damage
from tests.fuzz_targets import TARGETS

SECONDS, MEGABYTES = 20, 1500
# More than this at once is refused to the process, so that others live on.
_GUARD = 2**33  # bytes
_DISK_IN_MEMORY = pathlib.Path('/dev/shm')  # many small files, in Linux


class Fuzzer:
  """Inputs by their numbers; makes the whole ones in a folder."""

  def __init__(self, folder: pathlib.Path, only: str = ''):
    self._targets = {x: of for x, of in TARGETS.items() if only in x}
    self._names = [x for x, of in self._targets.items() for _ in range(of.weight)]
    self._copies = {x: _Copy(folder / 'whole' / x, folder / x) for x in self._targets}
    for name, target in self._targets.items():
      copy = self._copies[name]
      copy.whole.mkdir(parents=True)
      target.make(copy.whole)

  def fault(self, seed: int, number: int) -> tuple[str, str]:
    """Reads an input; returns what it is, and what was wrong, '' if nothing."""
    draw = random.Random(f'{seed} {number}')
    name = draw.choice(self._names)
    target, copy = self._targets[name], self._copies[name]
    place = copy.restore()
    changed = draw.choice(sorted(x for x in place.glob(target.files) if x.is_file()))
    about = f'{name}: {changed.relative_to(place)} {damage(changed, draw)}'
    before, begun = _peak(), time.process_time()
    try:
      target.read(place)
    except InputError as error:
      said = str(error)
      if not said.isprintable() or len(said) > 1100 or str(place) not in said:
        return about, f'says {said!r:.300}'
      if 'do not fit each other' in said:
        return about, f'is told late: {said!r:.400}'
    except Exception as error:  # noqa: BLE001
      return about, f'raises {type(error).__name__}: {error!s:.300}'
    if time.process_time() - begun > SECONDS or _peak() - before > MEGABYTES:
      return about, 'takes too much time or memory'
    return about, ''


class _Copy:
  """A copy of a folder, of which each time only what has changed is made anew."""

  def __init__(self, whole: pathlib.Path, place: pathlib.Path):
    self.whole, self._place = whole, place
    self._made: dict[str, tuple] = {}

  def restore(self) -> pathlib.Path:
    """Returns the copy, whole."""
    there = self._stamps()
    if not self._made or there.keys() != self._made.keys():
      shutil.rmtree(self._place, ignore_errors=True)
      shutil.copytree(self.whole, self._place)
    else:
      for name in there:
        if there[name] != self._made[name]:
          shutil.copy2(self.whole / name, self._place / name)
    self._made = self._stamps()
    return self._place

  def _stamps(self) -> dict[str, tuple]:
    """Returns what tells whether something has changed; of folders nothing."""
    found = {}
    for at, folders, names in os.walk(self._place):
      here = pathlib.Path(at).relative_to(self._place)
      found |= dict.fromkeys([str(here / x) for x in folders])
      for name in names:
        status = os.stat(os.path.join(at, name))
        found[str(here / name)] = (status.st_ino, status.st_size, status.st_mtime_ns)
    return found


def _peak() -> float:
  """Returns the most memory that this process ever had, MB."""
  return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def _draw_once() -> None:
  """Draws equal figures of the pages once: they take nearly all the time."""
  convert = functools.lru_cache(500)(lambda text: original(json.loads(text)))
  original = chart_files.vl_convert.vegalite_to_svg
  chart_files.vl_convert.vegalite_to_svg = lambda spec: convert(json.dumps(spec))


def work(seed: int, first: int, only: str, folder: pathlib.Path) -> None:
  """Says of every input, in a line of JSON, what is wrong with it."""
  warnings.simplefilter('ignore')
  absl_logging.set_verbosity(absl_logging.ERROR)
  logging.disable()
  _draw_once()
  resource.setrlimit(resource.RLIMIT_DATA, (_GUARD, _GUARD))
  answers = os.fdopen(os.dup(1), 'w')
  os.dup2(2, 1)  # what libraries print is no answer
  fuzzer = Fuzzer(folder, only)
  for number in itertools.count(first):
    print(json.dumps([number, *fuzzer.fault(seed, number)]), file=answers, flush=True)


def main(arguments: list[str]) -> int:
  """Returns how many inputs were at fault, and says which."""
  parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
  parser.add_argument('--seed', type=int, default=0)
  parser.add_argument('--first', type=int, default=0, help='input')
  parser.add_argument('--minutes', type=float, default=1.0)
  parser.add_argument('--inputs', type=int, default=10**9, help='at most')
  parser.add_argument('--only', default='', help='targets with this in a name')
  parser.add_argument('--work', type=pathlib.Path, help='for itself')
  chosen = parser.parse_args(arguments)
  if chosen.work:
    work(chosen.seed, chosen.first, chosen.only, chosen.work)
  end, faults = time.monotonic() + 60 * chosen.minutes, 0
  kinds: collections.Counter[str] = collections.Counter()
  next_, slow = chosen.first, 6 * SECONDS  # machines are shared
  last = chosen.first + chosen.inputs
  while time.monotonic() < end and next_ < last:
    folder = tempfile.mkdtemp(dir=_DISK_IN_MEMORY if _DISK_IN_MEMORY.is_dir() else None)
    worker = subprocess.Popen(
      [
        sys.executable,
        '-m',
        'tests.fuzz',
        f'--work={folder}',
        f'--seed={chosen.seed}',
        f'--first={next_}',
        f'--only={chosen.only}',
      ],
      stdout=subprocess.PIPE,
    )
    while time.monotonic() < end and next_ < last:
      watch = threading.Timer(slow, worker.kill)
      watch.start()
      line = worker.stdout.readline()
      watch.cancel()
      if not line:
        print(f'{next_}: ends or holds up the process', flush=True)
        faults, next_ = faults + 1, next_ + 1
        break
      number, about, fault = json.loads(line)
      kinds[about.partition(':')[0]] += 1
      next_ = number + 1
      if fault:
        faults += 1
        print(f'{number}: {about} {fault}', flush=True)
    worker.kill()
    worker.communicate()
    shutil.rmtree(folder)
  print(f'{next_ - chosen.first} inputs, {faults} faults: {dict(kinds)}')
  return faults


if __name__ == '__main__':
  sys.exit(min(1, main(sys.argv[1:])))
