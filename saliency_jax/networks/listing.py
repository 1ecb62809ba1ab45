"""Text for the terminal: the zoo's networks; one network's taps and weights."""

from collections.abc import Iterable, Sequence

from saliency_jax.networks import cuts, zoo
from saliency_jax.networks.weights import timm_models


def networks() -> str:
  """Returns a line for every network of the zoo."""
  rows = [('network', 'stages', 'readout tap', 'weights by name')]
  for name, found in zoo.NETWORKS.items():
    rows.append(
      (
        name,
        len(found.stages),
        found.readout_tap,
        ', '.join([*([zoo.IMAGENET] if found.trunk else []), *found.known, zoo.RANDOM]),
      )
    )
  return (
    f"{_table(rows)}\n\nAdd a NAME for the taps of one network. Your own is 'package.module:function', "
    "timm's are 'timm:NAME'."
  )


def network(name: str, image_size: int = 0) -> str:
  """Returns a network's taps with their shapes, and its weights, unfetched.

  Raises:
    InputError: there is no such network, or images cannot have this size.
  """
  opened = zoo.outline(name)
  side = image_size or opened.preprocess.image_size
  rows = [('tap', 'kind', 'h x w x units', 'stride', 'offset', 'stage', 'aliases')]
  shapes = opened.shapes([tap.name for tap in opened.taps.values() if tap.kind != 'vector'], side)
  for tap in opened.taps.values():
    rows.append(
      (
        tap.name,
        tap.kind,
        ' x '.join(map(str, shapes.get(tap.name, ()))),
        tap.stride or '',
        f'{tap.offset:g}' if tap.offset else '',
        '' if tap.stage is None else opened.stages[tap.stage].name,
        ', '.join(tap.aliases),
      )
    )
  lines = [f'{name}, images of {side} x {side} pixels', '', _table(rows), '']
  if opened.stages:
    below = [stage.name for stage in opened.stages[: cuts.stages_below(opened)]]
    lines.append(f'Depth d trains the top d of {len(below)} stages: {", ".join(reversed(below))}.')
  else:
    lines.append("It has no stages: its depths are 0 and 'all'.")
  lines += [f'Dissected by default: {", ".join(opened.default_taps)}.', f'The readout takes {opened.readout_tap}.']
  if name in zoo.NETWORKS:
    lines += ['', 'Weights by name:', *_weights(name)]
  if name.startswith('timm:'):
    lines += ['', f'Weights: {timm_models.source(name[5:])}']
  return '\n'.join(lines)


def _weights(name: str) -> Iterable[str]:
  found = zoo.NETWORKS[name]
  if found.trunk:
    yield f'  {zoo.IMAGENET}  {found.trunk.network} below a decoder to train'
  if found.decodes and not found.known:
    yield '  nobody has published weights of this model'
  for title, sources in found.known.items():
    for source in sources:
      digest = f'{source.algorithm} {source.digest}' if source.digest else 'no hash published'
      licence = source.licence and f'  licence: {source.licence}'
      yield f'  {title}  {source.address}  {digest}{licence}'
  yield f'  {zoo.RANDOM}  drawn with seed 0'


def _table(rows: Sequence[Sequence]) -> str:
  cells = [[str(cell) for cell in row] for row in rows]
  widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
  return '\n'.join(
    '  '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
  )
