"""What was run, in a few lines: read from a job's summary and config."""

import pathlib
from collections.abc import Iterator

# Folder and other origins of the data; the values are paths or names.
_ORIGINS = ('dir', 'regions', 'val_dir')


def facts(summary: dict, config: dict) -> dict[str, str]:
  """Returns what to say of a run: term -> text, in order.

  Args:
    summary: of any job of this package.
    config: of the same.
  """
  weights = summary.get('weights', {})
  network = config.get('network', {}) | summary.get('network', {})
  told = {
    'Network': network.get('name', ''),
    'Layers': _layers(summary.get('units', {})),
    'Weights': _joined(
      [weights.get('name', ''), '' if weights.get('depth') is None else f'{weights["depth"]} stages trained']
    ),
    'Hash of weights': weights.get('sha256', ''),
    'Data': _joined(
      [
        f'{key} {pathlib.PurePath(value).name}'
        for key, value in config.get('data', {}).items()
        if key in _ORIGINS and value
      ]
    )
    or 'made or fetched by the job',
    'Counts': _joined([f'{name.replace("_", " ")} {count:,}' for name, count in summary.get('counts', {}).items()]),
    'Image size': _joined([f'{network["image_size"]} px' if network.get('image_size') else '']),
    'Seeds': _joined(
      [
        f'{name} {str(value).strip("[]")}'
        for name, value in _leaves(config)
        if name.rpartition('.')[2] in ('seed', 'seeds')
      ]
    ),
    'Seconds': _joined([f'{name} {value:,.1f}' for name, value in summary.get('seconds', {}).items()]),
    'Device': summary['device'],
    'Versions': _joined([f'{name} {version}' for name, version in summary['versions'].items()]),
  }
  return {term: text for term, text in told.items() if text}


def _layers(units: dict[str, int]) -> str:
  if len(set(units.values())) == 1:
    return f'{", ".join(units)}: {next(iter(units.values()))} units each'
  return ', '.join(f'{layer}: {count} units' for layer, count in units.items())


def _leaves(config: dict, at: str = '') -> Iterator[tuple[str, object]]:
  for key, value in config.items():
    if isinstance(value, dict):
      yield from _leaves(value, f'{at}{key}.')
    else:
      yield f'{at}{key}', value


def _joined(texts: list[str]) -> str:
  return ', '.join(text for text in texts if text)
