"""What was run, in a few lines, from a job's summary and config."""

import pathlib
from collections.abc import Iterator

# Of summary.json.
_TERMS = 'network', 'units', 'weights', 'models', 'datasets', 'counts', 'seconds', 'device', 'versions'
# Keys of the config, by their last part: where the data are, and seeds.
_ORIGINS, _SEEDS = ('dir', 'regions', 'val_dir'), ('seed', 'seeds')


def beside(*results) -> list[tuple[str, ...]]:
  """Returns the facts of several results: a term, and the text of each."""
  every = [facts(x.summary, x.config) for x in results]
  return [(term, *(x.get(term, '') for x in every)) for term in dict.fromkeys(term for x in every for term in x)]


def facts(summary: dict, config: dict) -> dict[str, str]:
  """Returns the facts about a run of any job: term -> text, in order."""
  keys = [(key, key.rpartition('.')[2], x) for key, x in _leaves(config) if x not in ('', None)]
  terms = {term: summary.get(term) for term in _TERMS}
  if terms['models']:  # models have the hash of their weights
    del terms['weights']
    for term in ('models', 'datasets'):  # one line each
      terms[term] = '\n'.join(f'{name}: {_text(x)}' for name, x in summary[term].items())
  folders = {key: pathlib.PurePath(str(x)).name for key, last, x in keys if last in _ORIGINS}
  terms['data'] = folders or 'made or fetched by the job'
  terms['seeds'] = {key: x for key, last, x in keys if last in _SEEDS}
  return {term.capitalize(): text for term, x in terms.items() if (text := _text(x))}


def named(network: str, *more: str) -> str:
  """Returns a network's name with its weights' name and depth, none twice."""
  details = ', '.join(x for x in more if x and x != network)
  return f'{network} ({details})' if details else network


def _text(value) -> str:
  """Returns a value as text, without empty ones and paths: pages are shared."""
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
