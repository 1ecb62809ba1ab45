"""What was run, in a few lines: read from a job's summary and config."""

import pathlib
from collections.abc import Iterable, Iterator

from saliency_jax.report.numbers import counted

# Folder and other origins of the data; the values are paths or names.
_ORIGINS = ('dir', 'regions', 'val_dir')


def beside(*results) -> list[tuple[str, ...]]:
  """Returns the facts of results in lines: a term, and the text of each."""
  every = [facts(x.summary, x.config) for x in results]
  return [(term, *(x.get(term, '') for x in every)) for term in dict.fromkeys(term for x in every for term in x)]


def facts(summary: dict, config: dict) -> dict[str, str]:
  """Returns what to say of a run of any job: term -> text, in order."""
  told = _scored(summary) if 'models' in summary else _network(summary, config)
  told |= {
    'Seconds': _joined(f'{name} {value:,.1f}' for name, value in summary.get('seconds', {}).items()),
    'Device': summary['device'],
    'Versions': _joined(f'{name} {version}' for name, version in summary['versions'].items()),
  }
  return {term: text for term, text in told.items() if text}


def _scored(summary: dict) -> dict[str, str]:
  """Returns the models and the data sets of an evaluation."""
  told = {f'Model {name}': identity for name, identity in summary['models'].items()}
  for name, of in summary['datasets'].items():
    fixations = counted(of['fixations'], 'fixation') if 'fixations' in of else ''
    blur = f'human map blurred by {of["sigma"]:g} px' if of.get('sigma') else ''
    told[f'Data set {name}'] = _joined([of['kind'], counted(of['images'], 'image'), fixations, blur])
  return told


def _network(summary: dict, config: dict) -> dict[str, str]:
  """Returns the network, the data and the seeds of the other jobs."""
  weights = summary.get('weights', {})
  network = config.get('network', {}) | summary.get('network', {})
  depth = '' if weights.get('depth') is None else f'{weights["depth"]} stage{"s" * (weights["depth"] != 1)} trained'
  data = [
    f'{key} {pathlib.PurePath(value).name}'
    for key, value in config.get('data', {}).items()
    if key in _ORIGINS and value
  ]
  seeds = [(name, value) for name, value in _leaves(config) if name.rpartition('.')[2] in ('seed', 'seeds')]
  return {
    'Network': network.get('name', ''),
    'Layers': _layers(summary.get('units', {})),
    'Weights': _joined([weights.get('name', ''), depth]),
    'Hash of weights': weights.get('sha256', ''),
    'Data': _joined(data) or 'made or fetched by the job',
    'Counts': _joined(f'{name.replace("_", " ")} {count:,}' for name, count in summary.get('counts', {}).items()),
    'Image size': f'{network["image_size"]} px' if network.get('image_size') else '',
    'Seeds': _joined(f'{name} {str(value).strip("[]")}' for name, value in seeds),
  }


def _layers(units: dict[str, int]) -> str:
  if len(set(units.values())) == 1:
    return f'{", ".join(units)}: {next(iter(units.values()))} units each'
  return _joined(f'{layer}: {count} units' for layer, count in units.items())


def _leaves(config: dict, at: str = '') -> Iterator[tuple[str, object]]:
  for key, value in config.items():
    if isinstance(value, dict):
      yield from _leaves(value, f'{at}{key}.')
    else:
      yield f'{at}{key}', value


def _joined(texts: Iterable[str]) -> str:
  return ', '.join(text for text in texts if text)
