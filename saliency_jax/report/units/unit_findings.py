"""What a dissection or a pop-out run shows, in sentences from its numbers."""

import math

import numpy as np
import pandas as pd

from saliency_jax import schema
from saliency_jax.ops import inference
from saliency_jax.report.numbers import FEWEST, MOST, Finding, between, number, signed
from saliency_jax.report.paper import TARGET
from saliency_jax.report.units.run import DISSECT, Run, differences


def findings(run: Run, other: Run | None = None, label: str = '') -> list[Finding]:
  """Returns at most six findings, none from fewer than ten cells or rows.

  The last is about maps that are placed far from what they respond to, if any
  are. Another run to compare with, and its label, are in the same order.
  """
  if not np.isfinite(run.values('mean')).any():
    texts = ['Nothing was measured: no set of pixels has a score.']
  else:
    texts = [rule(run) for rule in (_agreement, _layers, _chance, _strongest, _above, _targets)]
    if other:
      texts = [_scored_otherwise(run, other, label), _changed(run, other, label), *texts]
  found = [Finding(x, (run.kind.table.path,)) for x in texts if x]
  if run.summary.get('off_grid'):
    return [*found[: MOST - 1], Finding(_off_grid(run), (schema.SUMMARY,))]
  return found[:MOST]


def layer_means(
  run: Run, key: str = 'mean', only: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Returns every layer's mean over columns, and which columns these are.

  They are those with a number in every layer (and in all of the paper's
  layers), so that all means are over the same ones.

  Returns:
    float64 `[L]`; the ends of its 95 % interval over images with units chosen
    anew, `[2, L]`; bool `[C]`.
  """
  values, means, published = map(run.values, (key, 'mean', 'paper'))
  has = np.isfinite(published).any(axis=1)
  used = np.isfinite(means).all(axis=0) & np.isfinite(published[has]).all(axis=0)
  used = used if only is None else used & only
  mean, ends = np.full(len(values), np.nan), np.full((2, len(values)), np.nan)
  if not used.any():
    return mean, ends, used
  mean = values[:, used].mean(axis=1)
  samples, held_out = run.samples[..., used].mean(axis=2, dtype=float), run.values('held_out')[:, used].mean(axis=1)
  on = run.rows['image_id'].nunique()
  ends = np.array([inference.around(*x, photographs=on) for x in zip(mean, samples, held_out, strict=True)]).T
  return mean, ends, used


def _off_grid(run: Run) -> str:
  offsets = ', '.join(f'{layer} {signed(x, 1)}' for layer, x in run.summary['off_grid'].items())
  side = run.summary['network']['image_size']
  return (
    f'Maps are placed on a grid from which the centres of receptive fields differ, in pixels of the {side} x {side} '
    f'input (positive: below and to the right): {offsets}; --config.analysis.alignment=receptive_field places maps at '
    'these centres.'
  )


def _many(run: Run) -> np.ndarray:
  """Returns which cells have enough rows, bool `[L, C]`."""
  return np.isfinite(run.values('mean')) & (run.values('sets') >= FEWEST)


def _over_many(*runs: Run) -> str:
  """Returns which cells a sentence is about; '' for all with a number."""
  few = np.any([np.isfinite(run.values('mean')) & ~_many(run) for run in runs])
  return f' over {FEWEST} regions or more' if few else ''


def _strongest_cell(run: Run, key: str, chance: str) -> tuple[pd.Series | None, str]:
  """Returns a dissection's cell with the highest number above chance.

  The text says among which cells it is the highest, if others are higher.
  """
  if run.kind is not DISSECT:
    return None, ''
  every = run.values(key)
  values = np.where(_many(run) & ~(every <= run.values(chance)), every, 0)
  among = f' (among those above chance over {FEWEST} regions or more)' if np.nanmax(every) > values.max() else ''
  return (run.table.iloc[int(values.argmax())] if values.max() > 0 else None), among


def _agreement(run: Run) -> str:
  shared = _many(run) & np.isfinite(run.values('paper'))
  dissected = run.kind is DISSECT
  if shared.sum() < (FEWEST if dissected else 3):
    return ''
  both = run.values('mean'), run.values('paper')
  own, others = (x[shared] for x in both)
  level = (own - others).mean()
  ends = inference.of_correlation(own, run.samples.transpose(1, 0, 2)[:, shared], others)
  r = '{:.3f} [{:.3f}, {:.3f}]'.format(np.corrcoef(own, others)[0, 1], *ends)
  if dissected:
    r += ' ({:.3f} to {:.3f} when categories are resampled)'.format(*_over_columns(*both, shared))
  over = f'cells with {FEWEST} regions or more' if dissected else 'layers'
  return (
    f'Over {shared.sum()} {over}, the means correlate with those of {run.published} of the paper at r = {r}; they '
    f'are {abs(level):.2f} SD {"higher" if level > 0 else "lower"} on average.'
  )


def _over_columns(one: np.ndarray, other: np.ndarray, shared: np.ndarray) -> np.ndarray:
  """Returns the 95 % percentile interval of r, bootstrapped over columns.

  The layers of a category see the same regions, so they are drawn together. All
  arrays are `[L, C]`; `shared` says which cells count.
  """
  columns = np.flatnonzero(shared.any(axis=0))
  draws = np.random.default_rng(0).choice(columns, (2000, len(columns)))
  with np.errstate(invalid='ignore'):  # samples of a single category
    found = [np.corrcoef(one[:, c][shared[:, c]], other[:, c][shared[:, c]])[0, 1] for c in draws]
    return np.nanquantile(found, [0.025, 0.975])


def _layers(run: Run) -> str:
  """Which layer responds most and which least, and beyond chance."""
  means, ends, used = layer_means(run, only=_many(run).all(axis=0))
  if len(means) < 2 or not used.any():
    return ''
  published = layer_means(run, 'paper', used)[0]

  def mean(i: int) -> str:
    beside = f'; paper {published[i]:.2f}' if math.isfinite(published[i]) else ''
    return between(means[i], *ends[:, i]) + beside

  most, least = int(means.argmax()), int(means.argmin())
  over = f'{run.counts()[0]} arrays'
  if run.kind is DISSECT:
    over = f'{used.sum()} categor{"y" if used.sum() == 1 else "ies"}'
    if used.sum() < len(used):
      over = f'{used.sum()} of {len(used)} categories'
  return (
    f'The best units of {run.layers[most]} respond most (mean {run.kind.score} over {over} {mean(most)}), those of '
    f'{run.layers[least]} least ({mean(least)}).{_beyond(run, means, used)}'
  )


def _beyond(run: Run, means: np.ndarray, used: np.ndarray) -> str:
  """Which layers respond most and least relative to chance, if it is others.

  The best of many units that respond to any fixated pixel score highly whatever
  the labels are, so layers may rank otherwise than by their means.
  """
  beyond = means - np.mean([run.values(key)[:, used] for key in ('chance_low', 'chance_high')], axis=(0, 2))
  most, least = int(beyond.argmax()), int(beyond.argmin())
  if not np.isfinite(beyond).all() or (most, least) == (means.argmax(), means.argmin()):
    return ''
  return (
    f' Relative to chance (the middle of its band), {run.layers[most]} is highest ({signed(beyond[most])}) and '
    f'{run.layers[least]} lowest ({signed(beyond[least])}).'
  )


def _chance(run: Run) -> str:
  """How many means of the best units exceed chance."""
  known = _many(run) & np.isfinite(run.values('chance_high'))
  if known.sum() < FEWEST:
    return ''
  mean, low, high, held_out = (run.values(x)[known] for x in ('mean', 'chance_low', 'chance_high', 'held_out'))
  return (
    f'{(mean > high).sum()} of {known.sum()} means{_over_many(run)} lie above their 95 % chance band and '
    f'{(mean < low).sum()} below it; for units chosen on other images, means are {np.nanmean(mean - held_out):.2f} SD '
    'lower on average.'
  )


def _strongest(run: Run) -> str:
  """Which category has the strongest units above chance."""
  cell, among = _strongest_cell(run, 'mean', 'chance_high')
  if cell is None:
    return ''
  return (
    f'The strongest responses{among} are those to {cell.category} in {cell.layer}: mean '
    f'NSS {between(cell["mean"], cell.low, cell.high)} over {cell.sets:.0f} regions{_luck(cell)}; the best unit '
    f'is {cell.layer}:{cell.units[0]}.'
  )


def _above(run: Run) -> str:
  """The category with the most units above T, above chance."""
  cell, among = _strongest_cell(run, 'above', 'above_chance_high')
  if cell is None:
    return ''
  chance = f' (chance {cell.above_chance_low:.0f} to {cell.above_chance_high:.0f})'
  return (
    f'The category with the most units above T = {run.config["analysis"]["threshold"]:g}{among} is {cell.category} in '
    f'{cell.layer}: {cell.above:.0f} of {run.summary["units"][cell.layer]}'
    f'{chance if cell.above_chance_high >= 0 else ""}.'
  )


def _targets(run: Run) -> str:
  """On how many arrays the best layer's units respond to the target."""
  if run.kind is DISSECT or run.counts()[0] < FEWEST:
    return ''
  row = int(np.nanargmax(run.values('mean')[:, 0]))
  cell, scores = run.table.iloc[row], run.on_rows(run.layers[row], TARGET)
  return (
    f'On {(scores > 0).sum()} of {len(scores)} arrays, the best units of {cell.layer} respond more to the target than '
    f'to the whole array{_luck(cell, "mean over all arrays: ")}.'
  )


def _scored_otherwise(run: Run, other: Run, label: str) -> str:
  """Which settings differ, and so account for a part of the differences."""
  own, others = ({'alignment': 'grid'} | x.config['analysis'] for x in (run, other))  # as in older folders
  apart = [f'analysis.{x} is {own[x]} ({others[x]} in {label})' for x in own if own[x] != others.get(x, own[x])]
  return f'The runs are not scored alike: {", ".join(apart)}.' if apart else ''


def _changed(run: Run, other: Run, label: str) -> str:
  many = _many(run) & _many(other)
  changes = (run.values('mean') - other.values('mean'))[many]
  if len(changes) < FEWEST:
    return ''
  found = differences(run, other)
  drawn = f'the same {run.kind.image}s' if found.paired else f'the {run.kind.image}s of each run'
  return (
    f'The mean {run.kind.score} of the best units is {abs(changes.mean()):.2f} SD '
    f'{"higher" if changes.mean() > 0 else "lower"} on average than in {label}; it is higher in '
    f'{(changes > 0).sum()} of {len(changes)} cells{_over_many(run, other)}, and differs with p < 0.05 in '
    f'{(found.p[many] < 0.05).sum()} (bootstrap over {drawn}, corrected for all cells).'
  )


def _luck(cell, start: str = '') -> str:
  """Returns a cell's held-out value and chance band in brackets, if any."""
  said = []
  if math.isfinite(cell.held_out):
    said.append(f'held out {number(cell.held_out)}')
  if math.isfinite(cell.chance_low):
    said.append(f'chance {number(cell.chance_low)} to {number(cell.chance_high)}')
  return f' ({start}{", ".join(said)})' if said else ''
