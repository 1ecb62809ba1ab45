"""What `--help` says of a config: its keys as the comments explain them."""

import pathlib
import re
from collections.abc import Iterator

import ml_collections

# The group in which a key is explained that other groups have as well.
_SHARED = ('data', 'analysis', 'network')


def text(file: pathlib.Path, config: ml_collections.ConfigDict) -> str:
  """Returns a paragraph for every key: its default and its meaning.

  Args:
    file: of the config; the files beside it explain what it shares with them.
  """
  beside = [path for path in sorted(file.parent.glob('*.py')) if path != file]
  # base.py, which others build on, comes before them.
  meanings: dict[str, str] = {}
  for path in [file, *sorted(beside, key=lambda path: path.stem != 'base')]:
    meanings = _comments(path.read_text(encoding='utf-8')) | meanings
  return '\n'.join(
    f'config.{key}={value!r}: {_meaning(key, meanings)}'.rstrip(': ') for key, value in flattened(config).items()
  )


def flattened(config: ml_collections.ConfigDict, at: str = '') -> dict[str, object]:
  """Returns the values of a config by their keys, e.g. 'data.batch_size'."""
  found = {}
  for key, value in config.items():
    if isinstance(value, ml_collections.ConfigDict):
      found |= flattened(value, f'{at}{key}.')
    else:
      found[at + key] = value
  return found


def _comments(source: str) -> dict[str, str]:
  """Returns the comment above each key, or above it and its neighbours.

  Args:
    source: of a config; the keys have no leading 'config.' in what is returned.
  """
  return {
    key.removeprefix('config.'): ' '.join(line.strip(' #') for line in comment.splitlines())
    for comment, lines in re.findall(r'((?:^ *#.*\n)+)((?: *[\w.]+ = .*\n)+)', source, re.M)
    for key in re.findall(r'^ *([\w.]+) = ', lines, re.M)
  }


def _meaning(key: str, meanings: dict[str, str]) -> str:
  return next((meanings[name] for name in _names(key) if name in meanings), '')


def _names(key: str) -> Iterator[str]:
  parts = key.split('.')
  yield key
  for first in range(1, len(parts) - 1):
    yield '.'.join(parts[first:])
  for group in _SHARED:
    yield f'{group}.{parts[-1]}'
