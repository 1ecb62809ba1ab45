"""What the numbers say, in sentences that are computed from them."""

import math
from typing import NamedTuple

import numpy as np

from saliency_jax.report import best_units, comparison, paper
from saliency_jax.report.comparison import Comparison
from saliency_jax.report.folder import TARGET, Results
from saliency_jax.report.numbers import number

_LOWEST = paper.LAYER  # in the paper's Table 5
_SCORE = {'dissect': 'NSS', 'popout': 'NMM'}
_MOST = 6  # cells that a sentence names
_FILE = {'dissect': 'table2.csv', 'popout': 'table5.csv'}


class Finding(NamedTuple):
  """A sentence and the files of the results folder that it is computed from."""
  text: str
  files: tuple[str, ...]


def findings(results: Results) -> list[Finding]:
  """Returns what a run says, the most general first; none repeats a table."""
  table = comparison.means(results)
  file = _FILE[results.job]
  if not np.isfinite(table.run).any():
    return [Finding(
        'Nothing was measured: no set of pixels has a score.', (file,))]
  found = [
      Finding(text, (file,)) for text in
      (_agreement(results, table), *_layers(results, table))]
  if results.job == 'dissect':
    return found + [
        Finding(text, (file,)) for text in _categories(results, table)]
  found += [
      Finding(text, (file,))
      for text in _luck(table, comparison.of_run(results))]
  return found + _arrays(results, table)


def compared(results: Results, other: Results, label: str) -> list[Finding]:
  """Returns how a run differs from another, which is called `label`."""
  table = comparison.of_runs(results, other)
  file, score = _FILE[results.job], _SCORE[results.job]
  changes = np.where(table.shared, table.run - table.paper, np.nan)
  if not table.shared.any():
    return []
  cells = 'layers' if results.job == 'popout' else 'cells'
  up = int((changes > 0).sum())
  found = [
      f'The mean {score} of the best units is {abs(table.difference):.2f} '
      f"{'higher' if table.difference > 0 else 'lower'} on average than in "
      f'{label}; it is higher in {up} of {int(table.shared.sum())} {cells}.']
  for choose, sign, word in ((np.nanargmax, 1, 'rise'),
                             (np.nanargmin, -1, 'fall')):
    row, column = np.unravel_index(choose(changes), changes.shape)
    if changes[row, column] * sign > 0:
      what = '' if results.job == 'popout' else f' for {table.columns[column]}'
      found.append(
          f'The largest {word} against {label} is in '
          f'{table.layers[row]}{what}: from '
          f'{number(table.paper[row, column])} to '
          f'{number(table.run[row, column])}.')
  if results.job == 'dissect':
    counts = comparison.counts_of_runs(results, other)
    found.append(
        f'Units above T, counted once for every category: '
        f'{np.nansum(counts.run):,.0f}, in {label} '
        f'{np.nansum(counts.paper):,.0f}.')
  return [Finding(text, (file,)) for text in found]


def sentences(results: Results) -> list[str]:
  """Returns the findings without their files, for the terminal."""
  return [found.text for found in findings(results)]


def _agreement(results: Results, table: Comparison) -> str:
  """How the run agrees with the paper's table."""
  name, shared = comparison.paper_table(results), int(table.shared.sum())
  cells = 'layers' if results.job == 'popout' else 'cells'
  if not name:
    return (
        f'The paper shows no {_subject(results)}; no table of it stands '
        f'beside.')
  if results.depth is not None:
    name += f' at depth {results.depth}'
  if not shared:
    return f'No {cells} are shared with {name} of the paper.'
  level = (
      f"{abs(table.difference):.2f} "
      f"{'higher' if table.difference > 0 else 'lower'} on average")
  if math.isnan(table.correlation):
    return (
        f'The values are {level} than those of {name} of the paper; too few '
        f'{cells} are shared ({shared}) for a correlation.')
  return (
      f'The values correlate with {name} of the paper at r = '
      f'{table.correlation:.3f} (Pearson, {shared} shared {cells}) and are '
      f'{level}.')


def _layers(results: Results, table: Comparison) -> list[str]:
  """Which layer responds most and which least."""
  means = comparison.layer_means(table)
  run, published = means.run[:, 0], means.paper[:, 0]
  if len(run) < 2 or not np.isfinite(run).all():
    return []
  score = f'mean {_SCORE[results.job]}'
  if results.job == 'dissect':
    score += ' over categories'
  high, low = int(run.argmax()), int(run.argmin())

  def value(i):
    if math.isnan(published[i]):
      return f'{run[i]:.2f}'
    return f'{run[i]:.2f}, in the paper {published[i]:.2f}'

  if (results.job == 'dissect' or results.depth is not None
      or _LOWEST not in table.layers):
    verdict = ''
  elif table.layers[low] == _LOWEST:
    verdict = ', which is lowest in the paper too'
  else:
    verdict = f'; in the paper {_LOWEST} is lowest'
  return [
      f'{table.layers[high]} responds most ({score} {value(high)}), '
      f'{table.layers[low]} least ({value(low)}){verdict}.']


def _subject(results: Results) -> str:
  """Returns what the paper would have to show beside a run."""
  if not paper.has_any(results.layers):
    return results.network
  return f'model with {results.depth} trained convolutions'


def _categories(results: Results, table: Comparison) -> list[str]:
  """Which category has the strongest units, and where most exceed T."""
  with_regions = np.isfinite(table.run).all(axis=0)
  luck = comparison.of_run(results)
  found = _luck(table, luck)
  # A value within its chance band is no finding.
  responding = with_regions & ~(table.run <= luck.high)
  values = np.where(responding, table.run, -np.inf)
  if responding.any():
    row, column = np.unravel_index(values.argmax(), values.shape)
    layer, name = table.layers[row], table.columns[column]
    text = (
        f'The strongest units are those for {name}: mean NSS '
        f'{table.run[row, column]:.2f} in {layer}')
    if told := luck.told(row, column):
      text += f' ({told})'
    leader = results.table[layer][name].units[0]
    found.append(f'{text}, led by unit {layer}:{leader}.')
  found.append(_above(results))
  missing = [
      name for name, known in zip(table.columns, with_regions, strict=True)
      if not known]
  if missing:
    found.append(
        f"No region with a fixation is labelled {', '.join(missing)}.")
  return found


def _luck(table: Comparison, luck: comparison.Luck) -> list[str]:
  """How many means of the best units are more, or less, than luck gives."""
  known = np.isfinite(table.run) & np.isfinite(luck.high)
  if not known.any():
    return []
  above, below = known & (table.run > luck.high), known & (table.run < luck.low)
  text = (
      f'{int(above.sum())} of {int(known.sum())} means lie above their chance '
      f'band, {int(below.sum())} below')
  within = [
      f'{table.columns[column]} in {table.layers[row]}'
      for row, column in np.argwhere(known & ~above & ~below)]
  if within:
    text += f"; no more than luck are {', '.join(within[:_MOST])}"
    if len(within) > _MOST:
      text += f' and {len(within) - _MOST} more'
  lost = np.where(known, table.run - luck.held_out, np.nan)
  if np.isfinite(lost).any():
    row, column = np.unravel_index(np.nanargmax(lost), lost.shape)
    text += (
        f'. Units chosen on other images have {np.nanmean(lost):.2f} less '
        f'on average, most for {table.columns[column]} in {table.layers[row]} '
        f'({number(luck.held_out[row, column])} of '
        f'{number(table.run[row, column])})')
  return [f'{text}.']


def _above(results: Results) -> str:
  """Where most units exceed T."""
  counts = comparison.counts(results)
  threshold = f'T = {results.config["analysis"]["threshold"]:g}'
  row, column = np.unravel_index(np.nanargmax(counts.run), counts.run.shape)
  if not counts.run[row, column]:
    return f'No unit exceeds {threshold} for any category.'
  layer = counts.layers[row]
  return (
      f'Most units exceed {threshold} for {counts.columns[column]} in {layer}: '
      f'{counts.run[row, column]:.0f} of {results.summary["units"][layer]}.')


def _arrays(results: Results, table: Comparison) -> list[Finding]:
  """How many targets the best layer sees, and which kinds are easy or hard."""
  layer = table.layers[int(np.nanargmax(table.run[:, 0]))]
  answers = best_units.per_row(results, layer, TARGET)
  found = [Finding(
      f'On {int((answers > 0).sum())} of {len(answers)} arrays the best units '
      f'of {layer} respond more on the target than over the whole array.',
      (f'nmm/{layer}.npy',))]
  kinds = {
      kind: values.mean()
      for kind, values in best_units.by_kind(results).items()
      if np.isfinite(values).all()}
  easy, hard = (
      choose(kinds, key=kinds.get, default=None) for choose in (max, min))
  if easy != hard:
    found.append(Finding(
        f'Of {len(kinds)} kinds of target, {easy} is seen best (mean NMM over '
        f'layers {kinds[easy]:.2f}), {hard} least ({kinds[hard]:.2f}).',
        ('patterns.csv', 'table5.csv')))
  return found
