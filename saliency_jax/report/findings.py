"""What the numbers say, in sentences that are computed from them."""

import math

import numpy as np

from saliency_jax.report import best_units, comparison
from saliency_jax.report.comparison import Comparison
from saliency_jax.report.folder import TARGET, Results

_LOWEST = 'conv5_3'  # in the paper's Table 5
_SCORE = {'dissect': 'NSS', 'popout': 'NMM'}
_TABLE = {'dissect': 'Table 2', 'popout': 'Table 5'}


def sentences(results: Results) -> list[str]:
  """Returns the findings, the most general one first; none repeats a table."""
  table = comparison.means(results)
  if not np.isfinite(table.run).any():
    return ['Nothing was measured: no set of pixels has a score.']
  found = [_agreement(results, table), *_layers(results, table)]
  if results.job == 'dissect':
    return found + _categories(results, table)
  return found + _arrays(results, table)


def _agreement(results: Results, table: Comparison) -> str:
  """How the run agrees with the paper's table."""
  name, shared = _TABLE[results.job], int(table.shared.sum())
  cells = 'layers' if results.job == 'popout' else 'cells'
  if math.isnan(table.correlation):
    return (
        f'Too few {cells} are shared with {name} of the paper for a '
        f'correlation.')
  return (
      f'The values correlate with {name} of the paper at r = '
      f'{table.correlation:.3f} (Pearson, {shared} shared {cells}) and are '
      f"{abs(table.difference):.2f} "
      f"{'higher' if table.difference > 0 else 'lower'} on average.")


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

  if results.job == 'dissect' or _LOWEST not in table.layers:
    verdict = ''
  elif table.layers[low] == _LOWEST:
    verdict = ', which is lowest in the paper too'
  else:
    verdict = f'; in the paper {_LOWEST} is lowest'
  return [
      f'{table.layers[high]} responds most ({score} {value(high)}), '
      f'{table.layers[low]} least ({value(low)}){verdict}.']


def _categories(results: Results, table: Comparison) -> list[str]:
  """Which category has the strongest units, and where most exceed T."""
  with_regions = np.isfinite(table.run).all(axis=0)
  peaks = np.where(with_regions, table.run.max(axis=0), np.nan)

  high, low = int(np.nanargmax(peaks)), int(np.nanargmin(peaks))
  layers = [
      table.layers[int(table.run[:, column].argmax())]
      for column in (high, low)]
  leader = results.table[layers[0]][table.columns[high]].units[0]
  found = [
      f'The strongest units are those for {table.columns[high]}: mean NSS '
      f'{peaks[high]:.2f} in {layers[0]}, led by unit {leader}.']
  if high != low:
    found.append(
        f'The weakest are those for {table.columns[low]}: at most '
        f'{peaks[low]:.2f} in {layers[1]}.')
  found.append(_above(results))
  missing = [
      name for name, known in zip(table.columns, with_regions, strict=True)
      if not known]
  if missing:
    found.append(
        f"No region with a fixation is labelled {', '.join(missing)}.")
  return found


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


def _arrays(results: Results, table: Comparison) -> list[str]:
  """How many targets the best layer sees, and which kinds are easy or hard."""
  layer = table.layers[int(np.nanargmax(table.run[:, 0]))]
  answers = best_units.per_row(results, layer, TARGET)
  found = [
      f'On {int((answers > 0).sum())} of {len(answers)} arrays the best units '
      f'of {layer} respond more on the target than over the whole array.']
  kinds = {
      kind: values.mean()
      for kind, values in best_units.by_kind(results).items()
      if np.isfinite(values).all()}
  easy, hard = (
      choose(kinds, key=kinds.get, default=None) for choose in (max, min))
  if easy != hard:
    found.append(
        f'Of {len(kinds)} kinds of target, {easy} is seen best (mean NMM over '
        f'layers {kinds[easy]:.2f}), {hard} least ({kinds[hard]:.2f}).')
  return found
