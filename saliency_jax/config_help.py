"""The keys of configs: their comments for `--help`, their old names, their values
as options.
"""

import difflib
import importlib
import pathlib
import re
from collections.abc import Mapping
from typing import Any

import ml_collections

from saliency_jax.errors import InputError

# Jobs whose configs have other names.
_JOBS = {'osie': 'dissect', 'sweep_depth': 'sweep'}

# Groups whose keys explain those of the same name in other groups.
_SHARED = ('data', 'analysis', 'network')
# Keys of earlier versions -> their names now, by the whole path below `config`
# or a nested job's config.
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
    file: of the config; the files beside it explain the keys that they share.
  """
  beside = [path for path in sorted(file.parent.glob('*.py')) if path != file]
  # base.py comes first, because the others build on it.
  meanings: dict[str, str] = {}
  for path in [file, *sorted(beside, key=lambda path: path.stem != 'base')]:
    meanings = _comments(path.read_text(encoding='utf-8')) | meanings
  return '\n'.join(
    f'config.{key}={value!r}: {_meaning(key, meanings)}'.rstrip(': ') for key, value in flattened(config).items()
  )


def flattened(config: ml_collections.ConfigDict, at: str = '') -> dict[str, object]:
  """Returns the values of a config by key, e.g. 'data.batch_size'."""
  found = {}
  for key, value in config.items():
    if isinstance(value, ml_collections.ConfigDict):
      found |= flattened(value, f'{at}{key}.')
    else:
      found[at + key] = value
  return found


def _comments(source: str) -> dict[str, str]:
  """Returns each key's comment, which it may share with its neighbours.

  A leading 'config.' of keys is removed.
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
  """Returns the present name of an old key, or ''.

  Args:
    key: without 'config.', e.g. 'model.layers' or 'regions.model.layers'.
  """
  for job in ('', *_NESTED):
    if key.startswith(job) and key.removeprefix(job) in _NEW:
      return job + _NEW[key.removeprefix(job)]
  return ''


def configured(name: str, options: Mapping[str, Any] | None = None) -> ml_collections.ConfigDict:
  """Returns the config `name` with some keys changed.

  Raises:
    InputError: there is no such key, or it takes another type.
  """
  module = importlib.import_module(f'saliency_jax.configs.{name}')
  config = module.get_config().lock()
  for key, value in (options or {}).items():
    if new := renamed(key):
      raise InputError(f'The option {key!r} is called {new!r} now.')
    group = config
    for part in key.split('.'):
      if not isinstance(group, ml_collections.ConfigDict) or part not in group:
        known = flattened(config)
        near = difflib.get_close_matches(key, known, 3)
        raise InputError(
          f'There is no option {key!r} of {name}; {"is it " + " or ".join(near) + "?" if near else ""} python '
          f'launch/{_JOBS.get(name, name)}.py --help lists all.'
        )
      group = group[part]
    try:
      config.update_from_flattened_dict({key: value})
    except Exception as error:  # whatever a config raises
      raise InputError(f'The option {key!r} of {name} cannot be {value!r}; give a value like {group!r}.') from error
  return config
