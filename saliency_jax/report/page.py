"""The page of a run: one HTML file that holds everything and works offline."""

import functools
import os
import pathlib
from typing import NamedTuple

import jinja2
import numpy as np
from matplotlib import colors

from saliency_jax import files
from saliency_jax.report import (
    best_units,
    comparison,
    examples,
    figures,
    findings,
    folder,
    panels,
    paper,
    pictures,
    style,
)
from saliency_jax.report.comparison import Comparison
from saliency_jax.report.folder import TARGET, Results
from saliency_jax.report.numbers import number
from saliency_jax.report.pictures import Picture

_TEMPLATES = pathlib.Path(__file__).parent / 'templates'


class Tinted(NamedTuple):
  """A cell of a table that is also a matrix."""
  text: str
  background: str  # '' for a cell without a number
  ink: str


def write(workdir: str | os.PathLike) -> pathlib.Path:
  """Draws `report.html` from a finished run's files.

  Args:
    workdir: the run's folder, which takes the page too.

  Returns:
    The page's path.

  Raises:
    InputError: if the folder is not a finished run, see `folder.read`.
  """
  results = folder.read(workdir)
  environment = jinja2.Environment(
      loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True,
      undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
  draw = _dissection if results.job == 'dissect' else _popout
  html = environment.get_template('page.html.j2').render(
      results=results, summary=results.summary, config=results.config,
      findings=findings.sentences(results), citation=paper.citation(),
      paper_top=paper.top_units(), brightest=panels.RANGE[1],
      examples=examples.views(results),
      colour_bar=pictures.scale(
          panels.colour_bar, 'Colour scale of the maps: from grey at the mean '
          'through purple and orange to yellow at 6 standard deviations.'),
      **draw(results))
  target = results.path / 'report.html'
  with files.replacing(target) as path:
    path.write_text(html, encoding='utf-8')
  return target


def _dissection(results: Results) -> dict:
  means, counts = comparison.means(results), comparison.counts(results)
  draw = functools.partial(
      figures.matrices, means, label='mean NSS (SD)')
  return {
      'matrix': pictures.chart(
          draw, f'Coloured matrix of the mean NSS of the best units, '
          f'{len(means.layers)} layers by {len(means.columns)} categories, '
          f"this run's and the paper's; the numbers are in the table below."),
      'means': _tinted(means, 2), 'counts': _tinted(counts, 0),
      'regions': [
          cell.sets for cell in results.table[means.layers[0]].values()],
      'averaged': int(comparison.averaged_columns(means).sum()),
      'bars': _bars(results, 'mean NSS (standard deviations)')}


def _popout(results: Results) -> dict:
  means = comparison.means(results)
  errors = best_units.standard_errors(results)
  kinds = best_units.by_kind(results)
  shown = figures.scale(*kinds.values())
  return {
      'bars': _bars(results, 'mean NMM (standard deviations)'),
      'rows': [
          (layer, *(number(float(x)) for x in (run, error, published)),
           results.table[layer][TARGET].units.tolist())
          for layer, run, error, published in zip(
              means.layers, means.run[:, 0], errors, means.paper[:, 0],
              strict=True)],
      'kinds': pictures.chart(
          functools.partial(figures.kinds, results),
          f'Coloured matrix of the mean NMM of the best units, {len(kinds)} '
          f'kinds of target by {len(means.layers)} layers; the numbers are in '
          f'the table below.'),
      'kind_rows': [
          (kind, [_tint(float(x), shown, 2) for x in values])
          for kind, values in kinds.items()]}


def _bars(results: Results, label: str) -> Picture:
  means = comparison.layer_means(comparison.means(results))
  values = ', '.join(
      f'{layer} {number(float(run))}' for layer, run in zip(
          means.layers[::-1], means.run[::-1, 0], strict=True))
  return pictures.chart(
      functools.partial(figures.bars, results, label=label),
      f"Bars of the {label} by layer, this run's beside the paper's: {values}.")


def _tinted(
    table: Comparison, digits: int
) -> list[tuple[str, list[Tinted], list[Tinted]]]:
  """Returns the layers' rows, the run's and the paper's, on one scale."""
  norm = figures.scale(table.run, table.paper)

  def row(values: np.ndarray) -> list[Tinted]:
    return [_tint(float(x), norm, digits) for x in values]

  return [
      (layer, row(run), row(published)) for layer, run, published in zip(
          table.layers, table.run, table.paper, strict=True)]


def _tint(value: float, norm: colors.Normalize, digits: int) -> Tinted:
  if np.isnan(value):
    return Tinted(number(value), '', '')
  colour = figures.VALUES(norm(value))
  return Tinted(
      number(value, digits), colors.to_hex(colour),
      style.legible(colour))
