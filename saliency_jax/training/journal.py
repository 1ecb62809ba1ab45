"""`metrics.jsonl`: one JSON object per line, for every step and evaluation.

Nothing in it depends on the clock or on interruptions: a run that was killed
and resumed leaves the same file as an uninterrupted one.
"""

import dataclasses
import itertools
import json
import os
import pathlib
from collections.abc import Iterator, Mapping, Sequence

import jax
import numpy as np
import tqdm

from saliency_jax import files, outside
from saliency_jax.data.types import Source
from saliency_jax.errors import InputError
from saliency_jax.training.feed import DeviceBatch
from saliency_jax.training.members import Members
from saliency_jax.training.step import Metrics
from saliency_jax.training.tasks import Task

NAME = 'metrics.jsonl'


class Journal:
  """The lines of one run; a context manager."""

  def __init__(self, workdir: str | os.PathLike | None, *, step: int):
    """Opens the file and cuts it off after a step.

    Args:
      workdir: the run's folder; None writes nothing, in all processes but the
        first.
      step: the step at which the run resumes; 0 for a new run.
    """
    if workdir is None:
      self._file = open(os.devnull, 'a')  # noqa: SIM115
      return
    path = pathlib.Path(workdir) / NAME
    kept = _lines_until(path, step) if path.exists() else []
    with files.replacing(path) as temporary:
      temporary.write_text(''.join(f'{line}\n' for line in kept))
    self._file = open(path, 'a', encoding='utf-8')  # noqa: SIM115

  def write(self, step: int, kind: str, **values) -> None:
    """Adds a line."""
    line = {'step': step, 'kind': kind, **values}
    self._file.write(json.dumps(line, allow_nan=False) + '\n')
    self._file.flush()

  def __enter__(self) -> 'Journal':
    return self

  def __exit__(self, *_) -> None:
    self._file.close()


def read(workdir: str | os.PathLike) -> list[dict]:
  """Returns the lines of a run's `metrics.jsonl`."""
  path = pathlib.Path(workdir) / NAME
  with outside.reading(path, 'journal of a run'):
    lines = path.read_text(encoding='utf-8').splitlines()
    records = [json.loads(line) for line in lines]
    outside.check(records, [{'step': int, 'kind': str}])
  return records


def _lines_until(path: pathlib.Path, step: int) -> list[str]:
  kept = []
  for line in path.read_text(encoding='utf-8', errors='replace').splitlines():
    try:
      if json.loads(line)['step'] > step:
        break
    except Exception:  # noqa: BLE001
      break  # an incomplete line: the run was killed while writing
    kept.append(line)
  return kept


@dataclasses.dataclass(frozen=True)
class StepLog:
  """Records the numbers of steps and validations, and shows the latest."""

  journal: Journal
  task: Task
  members: Members
  bar: tqdm.tqdm

  def steps(self, pending: Sequence[tuple[int, Metrics]]) -> int:
    """Records the numbers of some steps; returns how many images they had.

    Raises:
      InputError: if one of them is not finite.
    """
    seen = 0
    for now, metrics in pending:
      metrics = jax.tree.map(np.asarray, metrics)
      images = int(metrics.images)
      loss = metrics.loss / max(metrics.images, 1)
      for name, norm, value in zip(self.members, metrics.gradient_norm, loss, strict=True):
        if not np.isfinite([norm, value]).all():
          raise InputError(
            f'At step {now} the gradient norm of {name} is {norm} and its loss '
            f'{value}; lower its learning rates or config.optimizer.clip_norm.'
          )
      measured = metrics_by_member(self.task, self.members, metrics.sums)
      self.journal.write(
        now,
        'train',
        images=images,
        loss=_named(self.members, loss),
        **measured,
        gradient_norm=_named(self.members, metrics.gradient_norm),
      )
      seen += images
    rate = self.bar.format_dict['rate'] or 0
    watched = np.mean([*measured[self.task.watched].values()])
    self.bar.set_postfix_str(
      f'loss {loss.mean():.3f}, '
      f'{self.task.titles[self.task.watched]} {watched:.3f}, '
      f'{rate * seen / len(pending):.1f} images/s',
      refresh=False,
    )
    return seen

  def check_finite(self, finite: jax.typing.ArrayLike, what: str, now: int) -> None:
    """Raises an `InputError` for the first member where bool `[K]` is false."""
    for name, right in zip(self.members, np.asarray(finite), strict=True):
      if not right:
        raise InputError(f'After step {now} {what} of {name} is not finite; lower its learning rates.')


def metrics_by_member(task: Task, members: Members, sums: Mapping[str, np.ndarray]) -> dict[str, dict[str, float]]:
  """Returns metric -> member -> value for sums `[K, ...]`."""
  each = [
    task.metrics({name: np.asarray(x[row], np.float64) for name, x in sums.items()}) for row in range(len(members))
  ]
  return {metric: {name: metrics[metric] for name, metrics in zip(members, each, strict=True)} for metric in each[0]}


def validate(evaluate, batches: Iterator[DeviceBatch], task: Task, members: Members) -> dict[str, dict[str, float]]:
  """Returns metric -> member -> value; {} if no image counts."""
  sums: dict[str, np.ndarray] = {}
  parts = (evaluate(*batch) for batch in batches)
  # A batch's sums are fetched while the next one is computed. More batches would
  # wait in a device's memory.
  for part, _ in itertools.pairwise(itertools.chain(parts, [None])):
    sums = {name: np.asarray(x, np.float64) + sums.get(name, 0) for name, x in part.items()}
  return metrics_by_member(task, members, sums) if sums['images'].any() else {}


def member_results(workdir: str | os.PathLike, members: Members, task: Task) -> dict[str, dict]:
  """Returns the result of every member, for `summary.json`.

  Its depth, seed and rates, its best step with the metrics there, and the last
  value of the watched metric.

  Raises:
    InputError: if the run's journal has no validation.
  """
  lines = [line for line in read(workdir) if line['kind'] == 'validate']
  if not lines:
    raise InputError(f'{workdir} has no validation scores in its metrics.jsonl; start again in another --workdir.')
  results = {}
  for name, member in members.items():
    best = max(lines, key=lambda line, name=name: (line[task.watched][name], line['step']))
    results[name] = {
      **member._asdict(),
      'step': best['step'],
      **{metric: best[metric][name] for metric in task.titles},
      f'last_{task.watched}': lines[-1][task.watched][name],
    }
  return results


def no_images(part: str, source: Source, skipped: Mapping[str, str]) -> InputError:
  """Returns the error for a part of the data in which no image counts."""
  first = next((skipped[name] for name in source.image_ids if name in skipped), 'they have no fixation')
  return InputError(
    f'None of the {part} images can be used ({first.rstrip(".")}); check '
    f'config.data.dir and, where it is given, config.data.val_dir.'
  )


def _named(members: Members, values: np.ndarray) -> dict[str, float]:
  return dict(zip(members, map(float, values), strict=True))
