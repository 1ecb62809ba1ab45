"""The numbers of a run: fetched from the devices, checked, written."""

from collections.abc import Iterator, Mapping, Sequence

import jax
import numpy as np

from saliency_jax.data.types import Source
from saliency_jax.errors import InputError
from saliency_jax.training import feed, step
from saliency_jax.training.journal import Journal
from saliency_jax.training.members import Members


def write_steps(
    journal: Journal, pending: Sequence[tuple[int, step.Metrics]],
    who: Members, bar
) -> int:
  """Writes the numbers of some steps; returns how many images they had.

  Args:
    journal: of the run.
    pending: the steps, from 1, and their metrics.
    who: the K members.
    bar: the progress bar, which shows the last of them.

  Raises:
    InputError: if one of them is not finite.
  """
  images = 0
  for now, metrics in pending:
    metrics = jax.tree.map(np.asarray, metrics)
    nss = metrics.nss / max(metrics.images, 1)
    for name, norm, score in zip(
        who, metrics.gradient_norm, nss, strict=True):
      if not np.isfinite([norm, score]).all():
        raise InputError(
            f'At step {now} the gradient norm of {name} is {norm} and its NSS '
            f'{score}; lower its learning rates or config.optimizer.clip_norm.')
    journal.write(
        now, 'train', images=int(metrics.images), loss=_named(who, -nss),
        nss=_named(who, nss),
        gradient_norm=_named(who, metrics.gradient_norm))
    images += int(metrics.images)
  rate = bar.format_dict['rate'] or 0
  bar.set_postfix_str(
      f'loss {-nss.mean():.3f}, NSS {nss.mean():.3f}, '
      f'{rate * images / len(pending):.1f} images/s', refresh=False)
  return images


def check_finite(
    finite: jax.typing.ArrayLike, what: str, who: Members, now: int) -> None:
  """Raises an `InputError` that names the first member that is not finite.

  Args:
    finite: bool `[K]`.
    what: was looked at.
    who: the K members.
    now: the step after which.
  """
  for name, right in zip(who, np.asarray(finite), strict=True):
    if not right:
      raise InputError(
          f'After step {now} {what} of {name} is not finite; lower its '
          f'learning rates.')


def validate(
    evaluate, states: Sequence[step.MemberState], batches: Iterator[feed.Fed],
    who: Members
) -> dict[str, float]:
  """Returns every member's NSS, the mean over images; {} if none counts.

  Args:
    evaluate: from `evaluation.make_evaluation`, compiled.
    states: of the members.
    batches: the validation images.
    who: the members.
  """
  totals = [
      (evaluate(states, *batch), batch.valid.sum()) for batch in batches]
  nss, images = (
      np.sum([np.asarray(x) for x in part], axis=0, dtype=np.float64)
      for part in zip(*totals, strict=True))
  return _named(who, nss / images) if images else {}


def nothing(
    part: str, source: Source, skipped: Mapping[str, str]) -> InputError:
  """Returns what is said where not one image of a part of the data counts.

  Args:
    part: 'training' or 'validation'.
    source: its images.
    skipped: image_id -> why it could not be read.
  """
  first = next(
      (skipped[name] for name in source.image_ids if name in skipped),
      'they have no fixation')
  return InputError(
      f'None of the {part} images can be used ({first.rstrip(".")}); check '
      f'config.data.dir and, where it is given, config.data.val_dir.')


def _named(who: Members, values: np.ndarray) -> dict[str, float]:
  return dict(zip(who, map(float, values), strict=True))
