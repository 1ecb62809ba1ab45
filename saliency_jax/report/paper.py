"""The numbers of the paper's tables, which runs' tables are compared with."""

import functools
import json
import pathlib
import re
from collections.abc import Iterable

from saliency_jax import schema
from saliency_jax.report.reading import Reader

ALL = 13  # the depth at which every convolution is trained
TARGET = 'target'  # instead of a category, in tables of search arrays


@functools.cache
def facts() -> dict:
  """Returns the content of `paper.json`."""
  return json.loads(pathlib.Path(__file__).with_suffix('.json').read_text(encoding='utf-8'))


def table(number: int, of: str = 'means') -> dict[tuple, float]:
  """Returns a table of the best units, (row, category) -> number.

  Args:
    number: 2, 3, 5, 6 or 7. Rows are layers (2 and 5), depths (3 and 6: the
      number of convolutions trained, `ALL` for all) or trunks (7).
    of: 'means' of NSS or NMM, or 'above', the number of units above T. Numbers
      that are illegible in our copy are left out.
  """
  return {
    (_row(row), category): value
    for row, values in facts()[of].get(str(number), {}).items()
    for category, value in zip([TARGET] if len(values) == 1 else facts()['categories'], values, strict=True)
    if value is not None
  }


def tables(number: int, threshold: float | None) -> tuple[dict, dict]:
  """Returns a table's means, and its counts if they are for the same T.

  See `table` for its number; 0 is no table.
  """
  return table(number), (table(number, 'above') if threshold == facts()['threshold'] else {})


def rows(number: int) -> list:
  """Returns the rows of a table."""
  return [*map(_row, facts()['means'][str(number)])]


def _row(name: str) -> str | int:
  return ALL if name == 'all' else int(name) if name.isdecimal() else name


def is_its_own(
  network: str,
  weights: str,
  layers: Iterable[str],
  task: str = '',
  *,
  photographs: Iterable[str] = (),
  backgrounds: Iterable[str] = (),
) -> bool:
  """Returns whether numbers may stand beside the paper's.

  Its tables are about one network, pretrained on ImageNet or trained from
  there, OSIE's photographs, and arrays such as those that this package draws.

  Args:
    task: of the training; '' if there was none, or it is not known.
    backgrounds: of the search arrays; '' if not known.
  """
  return (
    network == facts()['network']
    and weights != 'random'
    and task in ('', 'saliency')
    and any(layer in rows(2) for layer in layers)
    and all(re.fullmatch('1[0-7][0-9]{2}', x) for x in photographs)
    and all(backgrounds)
  )


def published(run) -> tuple[str, dict, dict]:
  """Returns what the paper has beside a dissection or a pop-out run.

  Tables 2 and 5 are for the pretrained trunk. For trained models the paper has
  the last layer, by number of convolutions trained: Tables 3 and 6.

  Args:
    run: `units.run.Run`, whose table need not be complete yet.

  Returns:
    The table's name, '' for none; its means and its counts of units above T,
    (layer, column) -> value. There are no counts if the run has another T.
  """
  dissected, weights = run.kind.job == 'dissect', run.summary['weights']
  images = {'photographs': run.rows['image_id']} if dissected else {'backgrounds': run.rows['background']}
  if not is_its_own(run.network, weights['name'], run.layers, weights.get('task', ''), **images):
    return '', {}, {}
  number = (2 if dissected else 5) if run.depth is None else (3 if dissected else 6)
  found = tables(number, run.config['analysis'].get('threshold'))
  if run.depth is None:
    return f'Table {number}', *found
  found = [{(facts()['layer'], column): x for (depth, column), x in of.items() if depth == run.depth} for of in found]
  return f'Table {number} at depth {run.depth}' if run.depth in rows(number) else '', *found


def is_the_paper_s(reader: Reader, summary: dict, network: dict, file: schema.File, member: str) -> bool:
  """Returns whether measurements may stand beside the paper's tables.

  They are in a file of each member's own results, in regions/ or popout/;
  `network` is that of the config.
  """
  regions = file is schema.REGIONS
  path = f'{"regions" if regions else "popout"}/{member}/{file.path}'
  network = network | summary['network']
  layer, task = network['readout_tap'], summary.get('task', {}).get('name', '')
  if layer != facts()['layer'] or not reader.has(path):
    return False
  measured = reader.frame(file._replace(path=path))
  images = {'photographs': measured['image_id']} if regions else {'backgrounds': measured['background']}
  return is_its_own(network['name'], summary['weights']['name'], [layer], task, **images)
