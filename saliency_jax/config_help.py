"""Keys of configs: as comments explain them for `--help`, and what old ones are called."""

import pathlib
import re

import ml_collections

# The group in which a key is explained that other groups have as well.
_SHARED = ('data', 'analysis', 'network')
# What keys of earlier versions are called now, by their whole path below
# `config` or a nested job's config.
_NEW = {
  'model.name': 'network.name',
  'model.dtype': 'network.dtype',
  'model.layers': 'network.taps',
  'init.weights': 'network.weights',
  'init.preprocessing': 'network.preprocessing',
  'init.checkpoint': 'network.checkpoint',
  'init.member': 'network.member',
  'init.cache_dir': 'run.cache_dir',
  'data.image_size': 'network.image_size',
  'eval.fixations': 'analysis.fixations',
  'eval.batch_size': 'data.batch_size',
  'eval.on_bad_image': 'data.on_bad_image',
}
_NESTED = ('regions.', 'popout.')


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
  parts = key.split('.')
  inner = ['.'.join(parts[first:]) for first in range(len(parts) - 1)]
  names = (key, *inner, *(f'{group}.{parts[-1]}' for group in _SHARED))
  return next((meanings[name] for name in names if name in meanings), '')


def renamed(key: str) -> str:
  """Returns the key that an old one has become, or ''.

  Args:
    key: without 'config.', e.g. 'model.layers' or 'regions.model.layers'.
  """
  for job in ('', *_NESTED):
    if key.startswith(job) and key.removeprefix(job) in _NEW:
      return job + _NEW[key.removeprefix(job)]
  return ''
