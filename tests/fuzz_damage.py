"""Ways to damage a file, drawn at random."""

import contextlib
import json
import pathlib
import random
import tempfile
import zipfile
from collections.abc import Iterator

import numpy as np

_EXTREMES = (b'\0' * 4, b'\xff' * 4, b'\x7f\xff\xff\xff', b'\xff\xff\xff\x7f', b'\0\0\0\x80', b'\0\0\1\0')
_VALUES = (
  None,
  True,
  -1,
  0,
  10**400,
  1e308,
  -0.5,
  '',
  'x' * 60_000,
  '\u202e\x1b[2J',
  '../../etc/passwd',
  '=1+1',
  '\ud800',
  [],
  {},
  [[]],
  {'a': 1},
)


def damage(path: pathlib.Path, draw: random.Random) -> str:
  """Changes a file in one to three ways; returns which."""
  done = []
  for _ in range(draw.choice((1, 1, 2, 3))):
    data = path.read_bytes()
    ways = [_bytes] * 2
    if path.suffix in ('.json', '.jsonl') or path.name in ('metadata', '_METADATA'):
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
  first = draw.choice((draw.randrange(size), draw.randrange(min(size, 200)), max(0, size - 1 - draw.randrange(100))))
  last = min(size, first + draw.choice((1, 4, 100)))
  return draw.choice(
    (
      lambda: data[:first] + bytes([data[first] ^ 1 << draw.randrange(8)]) + data[first + 1 :],
      lambda: data[:first] + draw.choice(_EXTREMES) + data[first + 4 :],
      lambda: data[:first],
      lambda: data[:first] + data[last:],
      lambda: data[:last] + data[first:last] * 3 + data[last:],
      lambda: data[:first] + draw.randbytes(last - first) + data[last:],
    )
  )()


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
  return '\n'.join(lines).replace('1' + '0' * 400, '1e400').encode(errors='surrogatepass')


def _nodes(tree) -> Iterator[dict | list]:
  if isinstance(tree, dict | list):
    yield tree
    for each in tree.values() if isinstance(tree, dict) else tree:
      yield from _nodes(each)


def _csv(data: bytes, draw: random.Random) -> bytes:
  rows = [x.split(',') for x in data.decode().splitlines()]
  row = draw.choice(rows)
  row[draw.randrange(len(row))] = draw.choice(('', 'x', '-1', '1e400', 'nan', 'inf', '9' * 5000, '"', '=1+1', '\u202e'))
  if draw.random() < 0.3:
    rows.remove(row)
  return '\n'.join(map(','.join, rows)).encode()


def _array(data: bytes, draw: random.Random) -> bytes:
  with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / 'a'
    path.write_bytes(data)
    if not zipfile.is_zipfile(path):
      array = np.load(path)
      array.flat[draw.randrange(array.size)] = draw.choice((np.inf, -np.inf, np.nan))
      np.save(folder + '/b.npy', draw.choice((array, array[:-1], array.astype('f2'), array.astype(str))))
      return pathlib.Path(folder, 'b.npy').read_bytes()
    with np.load(path) as file:
      arrays = dict(file)
    name = draw.choice([*arrays])
    arrays[name] = draw.choice(
      (lambda x: x[:-1], lambda x: x.astype(str), lambda x: x * np.inf, lambda x: x[..., None], lambda x: x - 9)
    )(arrays[name])
    if draw.random() < 0.2:
      del arrays[name]
    np.savez(folder + '/b.npz', **arrays)
    return pathlib.Path(folder, 'b.npz').read_bytes()
