"""Damages files of every kind that is read, and looks at what is said of them.

  python -m tests.fuzz [--seed=0] [--minutes=1] [--only=weights]

Input n of a seed is always the same. It has to end in a result, or in an
`InputError` of one printable line that names a file, within 20 s and 1.5 GB of
memory above the start. A process reads; another one watches it, and goes on
behind an input that ends it or holds it up.
"""

import argparse
import collections
import contextlib
import json
import logging
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
import zipfile
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from absl import logging as absl_logging
from PIL import Image

from saliency_jax import ledger, results
from saliency_jax.data import fingerprints, images, map_folder, source
from saliency_jax.data.regions import open_regions
from saliency_jax.errors import InputError
from saliency_jax.networks.weights import weight_files
from saliency_jax.report import reading, site
from tests.data import made, made_pysaliency, made_salicon
from tests.experiments import made_scores as made_looks
from tests.networks.weights import made as made_weights
from tests.report import made as made_report
from tests.report import made_scores, made_sweep

SECONDS, MEGABYTES = 20, 1500
_EXTREMES = (
    b'\0' * 4, b'\xff' * 4, b'\x7f\xff\xff\xff', b'\xff\xff\xff\x7f',
    b'\0\0\0\x80', b'\0\0\1\0')
_VALUES = (
    None, True, -1, 0, 10**400, 1e308, -0.5, '', 'x' * 60_000, '\u202e\x1b[2J',
    '../../etc/passwd', '=1+1', '\ud800', [], {}, [[]], {'a': 1})


class Target(NamedTuple):
  """A kind of input."""
  make: Callable[[pathlib.Path], object]  # writes it into a new folder
  read: Callable[[pathlib.Path], object]
  files: str = '**/*'  # which of its files are damaged
  weight: int = 8  # how often it is drawn


def _every(opened) -> None:
  for index in range(len(opened)):
    with contextlib.suppress(InputError):
      opened[index]
      opened.scanpaths(index)


def _maps(folder: pathlib.Path) -> None:
  values = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
  np.save(folder / 'a.npy', values / 7)
  Image.fromarray(values).save(folder / 'b.png')
  Image.fromarray(values.astype(np.float32)).save(folder / 'c.tif')
  Image.fromarray(values).save(folder / 'd.jpg')
  made.scipy.io.savemat(
      folder / 'e.mat', {'m': values / 7, 't': 'x'}, do_compression=True)


def _read_maps(folder: pathlib.Path) -> None:
  opened = map_folder.MapFolder(folder)
  for name in 'abcde':
    opened.read(name)


def _weights(folder: pathlib.Path) -> None:
  for number, title in enumerate(made_weights.FILES):
    (folder / str(number)).mkdir()
    made_weights.write(
        title, folder / str(number), made_weights.tensors())
  for path in made_weights.FIXTURES.glob('*.pth'):
    shutil.copy(path, folder)


def _read_weights(folder: pathlib.Path) -> None:
  changed = max(
      (x for x in folder.rglob('*') if x.is_file()),
      key=lambda x: x.stat().st_mtime_ns)
  read_weights(changed)


def read_weights(path: pathlib.Path) -> None:
  """Reads and ports a file; its name is put before what the port says."""
  arrays = weight_files.read_arrays(path)
  try:
    made_weights.port(arrays)
  except InputError as error:
    raise InputError(f'{path}: {error}') from error


def _ledger(folder: pathlib.Path) -> None:
  with ledger.Ledger(folder, {'': 1}) as kept:
    for item in 'ab':
      kept.add('', item, ledger.Entry({'x': 1}, {'s': np.ones((2, 3))}))


def _read_ledger(folder: pathlib.Path) -> None:
  kept = ledger.Ledger(folder, {'': 1}).entries['']
  for entry in kept.values():
    assert entry.facts == {'x': 1}
    assert (entry.arrays['s'] == 1).all()


def read_results(folder: pathlib.Path) -> None:
  """Reads all of a folder but its pictures, and writes its tables."""
  results.read(folder)
  with reading.fitting(folder):
    job = reading.job(folder, site.JOBS)
    site.JOBS[job].read(folder)
  site.text(folder)


def _dissect(folder: pathlib.Path) -> None:
  made_report.dissect(
      folder, made_report.scores(('conv5_3',)),
      labels=['text', 'food'] * 3, image_ids=('a', 'b'), depth=3)


REPORTS = {
    'popout': lambda folder: made_report.popout(
        folder, made_report.scores(('conv5_3',))), 'dissect': _dissect,
    'evaluate': made_scores.folder, 'sweep': made_sweep.sweep,
    'train': made_sweep.run}
TARGETS = {
    'maps': Target(_maps, _read_maps),
    'weights': Target(_weights, _read_weights),
    'images': Target(
        lambda folder: [Image.fromarray(np.full((9, 7, 3), 99, np.uint8)).save(
            folder / f'a{end}') for end in images.SUFFIXES],
        lambda folder: [images.read_image(x) for x in folder.iterdir()]),
    'osie': Target(made.osie, lambda folder: _every(source.open_source(
        'osie', folder, regions=folder / 'labelme'))),
    'labelme': Target(made.osie, lambda folder: [
        open_regions(folder / 'labelme').regions(name, *size)
        for name, size in made.SIZES.items()], 'labelme/*'),
    'salicon-mat': Target(
        lambda folder: (made_salicon.photographs(folder / 'i'),
                        made_salicon.mat_files(folder / 'f')),
        lambda folder: _every(source.open_source(
            'salicon', folder / 'i', fixations=folder / 'f')), 'f/*'),
    'salicon-json': Target(
        lambda folder: (made_salicon.photographs(folder / 'i'),
                        made_salicon.json_file(folder / 'f.json')),
        lambda folder: _every(source.open_source(
            'salicon', folder / 'i', fixations=folder / 'f.json')), 'f.json'),
    'table': Target(
        made_looks.photographs, lambda folder: _every(source.open_source(
            'table', folder / 'images', fixations=folder / 'looks.csv')),
        '*.csv'),
    'pysaliency': Target(
        lambda folder: made_pysaliency.copy(folder / 'p'),
        lambda folder: _every(source.open_source(
            'pysaliency', folder / 'p' / 'stimuli.hdf5',
            fixations=folder / 'p' / 'trains.hdf5')), 'p/[st]*.hdf5', 2),
    'ledger': Target(_ledger, _read_ledger),
    'trained-on': Target(
        lambda folder: fingerprints.write(
            folder, [fingerprints.Fingerprint('a', 2, 3, 'ab')]),
        fingerprints.read),
    **{f'results-{name}': Target(make, read_results)
       for name, make in REPORTS.items()},
    **{f'page-{name}': Target(make, site.write, weight=1)
       for name, make in REPORTS.items()}}


def damage(path: pathlib.Path, draw: random.Random) -> str:
  """Changes a file in one to three ways; returns which."""
  done = []
  for _ in range(draw.choice((1, 1, 2, 3))):
    data = path.read_bytes()
    ways = [_bytes] * 2
    if path.suffix in ('.json', '.jsonl') or path.name == 'metadata':
      ways.append(_json)
    if path.suffix == '.csv':
      ways.append(_csv)
    # In a ledger other numbers are no damage.
    if path.suffix in ('.npz', '.npy') and '-' not in path.stem:
      ways.append(_array)
    way = draw.choice(ways)
    with contextlib.suppress(Exception):  # what is damaged cannot be parsed
      data = way(data, draw)
      done.append(way.__name__)
    path.write_bytes(data)
  return '+'.join(done)


def _bytes(data: bytes, draw: random.Random) -> bytes:
  size = len(data)
  if not size:
    return draw.randbytes(9)
  # Headers and ends matter more than what lies between.
  first = draw.choice((
      draw.randrange(size), draw.randrange(min(size, 200)),
      max(0, size - 1 - draw.randrange(100))))
  last = min(size, first + draw.choice((1, 4, 100)))
  return draw.choice((
      lambda: data[:first] + bytes([data[first] ^ 1 << draw.randrange(8)])
      + data[first + 1:],
      lambda: data[:first] + draw.choice(_EXTREMES) + data[first + 4:],
      lambda: data[:first], lambda: data[:first] + data[last:],
      lambda: data[:last] + data[first:last] * 3 + data[last:],
      lambda: data[:first] + draw.randbytes(last - first) + data[last:]))()


def _json(data: bytes, draw: random.Random) -> bytes:
  lines = data.decode().splitlines() if b'}\n{' in data else [data.decode()]
  place = draw.randrange(len(lines))
  tree = json.loads(lines[place])
  nodes = [x for x in _nodes({'': tree}) if len(x)]
  node = draw.choice(nodes)
  key = draw.choice([*node] if isinstance(node, dict) else range(len(node)))
  way = draw.randrange(4)
  if way == 0 and node[key] is not tree:
    del node[key]
  elif way == 1 and isinstance(node, dict) and node[key] is not tree:
    node[draw.choice(('', 'x', '\u202e', '9' * 5000))] = node.pop(key)
  elif way == 2:
    node[key] = [node[key]]
  else:
    node[key] = draw.choice(_VALUES)
  lines[place] = json.dumps({'': tree}[''])
  return '\n'.join(lines).replace('1' + '0' * 400, '1e400').encode(
      errors='surrogatepass')


def _nodes(tree) -> Iterator[dict | list]:
  if isinstance(tree, dict | list):
    yield tree
    for each in tree.values() if isinstance(tree, dict) else tree:
      yield from _nodes(each)


def _csv(data: bytes, draw: random.Random) -> bytes:
  rows = [x.split(',') for x in data.decode().splitlines()]
  row = draw.choice(rows)
  row[draw.randrange(len(row))] = draw.choice((
      '', 'x', '-1', '1e400', 'nan', 'inf', '9' * 5000, '"', '=1+1', '\u202e'))
  if draw.random() < .3:
    rows.remove(row)
  return '\n'.join(map(','.join, rows)).encode()


def _array(data: bytes, draw: random.Random) -> bytes:
  with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / 'a'
    path.write_bytes(data)
    if not zipfile.is_zipfile(path):
      array = np.load(path)
      array.flat[draw.randrange(array.size)] = draw.choice(
          (np.inf, -np.inf, np.nan))
      np.save(folder + '/b.npy', draw.choice((
          array, array[:-1], array.astype('f2'), array.astype(str))))
      return pathlib.Path(folder, 'b.npy').read_bytes()
    with np.load(path) as file:
      arrays = dict(file)
    name = draw.choice([*arrays])
    arrays[name] = draw.choice((
        lambda x: x[:-1], lambda x: x.astype(str), lambda x: x * np.inf,
        lambda x: x[..., None], lambda x: x - 9))(arrays[name])
    if draw.random() < .2:
      del arrays[name]
    np.savez(folder + '/b.npz', **arrays)
    return pathlib.Path(folder, 'b.npz').read_bytes()


class Fuzzer:
  """Inputs by their numbers; makes the whole ones in a folder."""

  def __init__(self, folder: pathlib.Path, only: str = ''):
    self._folder = folder
    self._targets = {x: of for x, of in TARGETS.items() if only in x}
    for name, target in self._targets.items():
      (folder / name).mkdir()
      target.make(folder / name)
    self._names = [
        x for x, of in self._targets.items() for _ in range(of.weight)]

  def fault(self, seed: int, number: int) -> tuple[str, str]:
    """Reads an input; returns what it is, and what was wrong, '' if nothing.
    """
    draw = random.Random(f'{seed} {number}')
    name = draw.choice(self._names)
    target, place = self._targets[name], self._folder / 'changed'
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(self._folder / name, place)
    changed = draw.choice(sorted(
        x for x in place.glob(target.files) if x.is_file()))
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


def _peak() -> float:
  """Returns the most memory that this process ever had, MB."""
  return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def work(seed: int, first: int, only: str) -> None:
  """Says of every input, in a line of JSON, what is wrong with it."""
  warnings.simplefilter('ignore')
  absl_logging.set_verbosity(absl_logging.ERROR)
  logging.disable()
  with tempfile.TemporaryDirectory() as folder:
    fuzzer, number = Fuzzer(pathlib.Path(folder), only), first
    while True:
      print(json.dumps([number, *fuzzer.fault(seed, number)]), flush=True)
      number += 1


def main(arguments: list[str]) -> int:
  """Returns how many inputs were at fault, and says which."""
  parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
  parser.add_argument('--seed', type=int, default=0)
  parser.add_argument('--first', type=int, default=0, help='input')
  parser.add_argument('--minutes', type=float, default=1.)
  parser.add_argument('--only', default='', help='targets with this in a name')
  parser.add_argument('--work', action='store_true', help='for itself')
  chosen = parser.parse_args(arguments)
  if chosen.work:
    work(chosen.seed, chosen.first, chosen.only)
  end, number, faults = time.monotonic() + 60 * chosen.minutes, -1, 0
  kinds: collections.Counter[str] = collections.Counter()
  next_, slow = chosen.first, 6 * SECONDS  # machines are shared
  while time.monotonic() < end:
    worker = subprocess.Popen(
        [sys.executable, '-m', 'tests.fuzz', '--work', f'--seed={chosen.seed}',
         f'--first={next_}', f'--only={chosen.only}'], stdout=subprocess.PIPE)
    while time.monotonic() < end:
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
  print(f'{next_ - chosen.first} inputs, {faults} faults: {dict(kinds)}')
  return faults


if __name__ == '__main__':
  sys.exit(min(1, main(sys.argv[1:])))
