"""What was run, in a few lines: read from a job's summary and config."""

import pathlib
from collections.abc import Iterator

# Of summary.json.
_TOLD = 'network', 'units', 'weights', 'models', 'datasets', 'counts', 'seconds', 'device', 'versions'
# Of the config, by the last part of a key: where the data are, paths or names,
# and seeds.
_ORIGINS, _SEEDS = ('dir', 'regions', 'val_dir'), ('seed', 'seeds')


def beside(*results) -> list[tuple[str, ...]]:
  """Returns the facts of results in lines: a term, and the text of each."""
  every = [facts(x.summary, x.config) for x in results]
  return [(term, *(x.get(term, '') for x in every)) for term in dict.fromkeys(term for x in every for term in x)]


def facts(summary: dict, config: dict) -> dict[str, str]:
  """Returns what to say of a run of any job: term -> text, in order."""
  keys = [(key, key.rpartition('.')[2], x) for key, x in _leaves(config) if x not in ('', None)]
  told = {term: summary.get(term) for term in _TOLD}
  if told['models']:  # of which each has the hash of its weights
    del told['weights']
    for term in ('models', 'datasets'):  # a line for each
      told[term] = '\n'.join(f'{name}: {_text(x)}' for name, x in summary[term].items())
  folders = {key: pathlib.PurePath(str(x)).name for key, last, x in keys if last in _ORIGINS}
  told['data'] = folders or 'made or fetched by the job'
  told['seeds'] = {key: x for key, last, x in keys if last in _SEEDS}
  return {term.capitalize(): text for term, x in told.items() if (text := _text(x))}


def named(network: str, *more: str) -> str:
  """Returns a network's name with that of its weights and its depth, no name twice."""
  told = ', '.join(x for x in more if x and x != network)
  return f'{network} ({told})' if told else network


def _text(value) -> str:
  """Returns a value in words, without what is empty, and without paths: pages are passed on."""
  if isinstance(value, dict):
    return ', '.join(f'{name} {text}' for name, x in value.items() if name != 'source' and (text := _text(x)))
  if isinstance(value, list | tuple):
    return ', '.join(map(_text, value))
  if isinstance(value, int | float) and not isinstance(value, bool):
    return f'{value:,}' if isinstance(value, int) else f'{value:,.1f}'
  return '' if value is None else str(value)


def _leaves(config: dict, at: str = '') -> Iterator[tuple[str, object]]:
  for key, value in config.items():
    if isinstance(value, dict):
      yield from _leaves(value, f'{at}{key}.')
    else:
      yield f'{at}{key}', value
