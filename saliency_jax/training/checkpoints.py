"""The checkpoints of a training run, kept by Orbax.

Orbax writes them in the background and renames them when they are complete, so
a killed run leaves complete checkpoints and perhaps a temporary folder, which
the next start removes. Kept are the latest two, in case the last is damaged,
and the best one of every member of a sweep.
"""

import contextlib
import os
import pathlib
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import jax
import numpy as np
import orbax.checkpoint as ocp
from absl import logging
from orbax.checkpoint import checkpoint_managers as policies

from saliency_jax.errors import InputError
from saliency_jax.networks import trees
from saliency_jax.training import checksums, disk, preservation
from saliency_jax.training.step import MemberState

FOLDER = 'checkpoints'  # within a run's folder
_ITEMS = MemberState._fields


# By member name: what each member trains, and nothing else.
States = dict[str, MemberState]


class Checkpoints:
  """The checkpoints in one run's folder; leaving the context ends the writing."""

  def __init__(self, workdir: str | os.PathLike, job: dict, members: Sequence[str]):
    """Opens the folder and removes what a killed run left incomplete.

    `job`, stored with each checkpoint, is all that the parameters depend on, as
    JSON values.
    """
    self._path = pathlib.Path(workdir).absolute() / FOLDER
    self._job = job
    self._best = preservation.Best(members)
    disk.silence_tracebacks()
    self._manager = _open_manager(
      self._path,
      cleanup_tmp_directories=True,
      # Otherwise a thread would wait ten minutes for a folder that cannot be
      # made.
      async_options=ocp.AsyncOptions(create_directories_asynchronously=False),
      preservation_policy=policies.AnyPreservationPolicy([policies.LatestN(2), self._best]),
    )
    for step in self._manager.all_steps():
      self._best.add(step, (_about(self._manager, step) or {}).get('scores'))

  def restore(self, like: States) -> tuple[States, int, dict[str, str]] | None:
    """Returns states, step and skipped images of the latest whole checkpoint.

    None if there is none. Damaged ones are skipped with a warning, and removed
    once an earlier one has been read.

    Args:
      like: the states as `jax.ShapeDtypeStruct`s with the wanted sharding, on
        any number of devices.

    Raises:
      InputError: if a checkpoint belongs to another job, or all are damaged.
    """
    damaged = []
    for step in sorted(self._manager.all_steps(), reverse=True):
      about = _about(self._manager, step)
      if about is not None:
        for name, there, here in checksums.differences(about['job'], self._job):
          raise InputError(
            f'{self._path} belongs to another run: {name} is {there} there and {here} here; name another --workdir.'
          )
        if state := _read(self._manager, step, about, _items(like), ocp.args.StandardRestore):
          # Only now that another one could be read.
          for other in damaged:
            self._manager.delete(other)
          states = {name: MemberState(*(state[item][name] for item in _ITEMS)) for name in like}
          return states, step, about['skipped']
      logging.warning('The checkpoint %s is damaged; the previous one is used.', self._path / str(step))
      damaged.append(step)
    if damaged:
      raise InputError(f'{self._path} holds no undamaged checkpoint; start again in another --workdir.')
    return None

  def save(self, step: int, states: States, scores: dict[str, float] | None, skipped: dict[str, str]) -> None:
    """Starts to write a checkpoint; the arrays may be donated afterwards.

    `scores` has every member's watched metric on the validation images, if it
    was measured.

    Raises:
      InputError: if this one or the one before cannot be written.
    """
    if step in self._manager.all_steps():
      return
    items = _items(states)
    about = {
      'job': self._job,
      'step': step,
      'scores': scores,
      'skipped': dict(skipped),
      'shapes': checksums.shapes(items['params']),
      'crc32': {name: checksums.checksums(items[name]) for name in _ITEMS},
    }
    about['digest'] = checksums.of_json(about)
    self.wait()  # as Orbax would, so that free space is measured as it will find it
    disk.check_room(self._path, items)
    self._best.add(step, scores)
    with disk.writing(self._path):
      self._manager.save(
        step,
        args=ocp.args.Composite(
          about=ocp.args.JsonSave(about), **{name: ocp.args.StandardSave(items[name]) for name in _ITEMS}
        ),
      )

  def wait(self) -> None:
    """Waits until everything is on disk.

    Raises:
      InputError: if something cannot be written.
    """
    with disk.writing(self._path):
      self._manager.wait_until_finished()

  def __enter__(self) -> 'Checkpoints':
    return self

  def __exit__(self, *_) -> None:
    with disk.writing(self._path):
      # Pending writes are completed, whatever ends the run.
      self._manager.close()


class MemberCheckpoint(NamedTuple):
  """One member at its best checkpoint."""

  params: trees.Tree  # NumPy arrays: the trained ones, the readout included
  step: int
  job: dict


def members(workdir: str | os.PathLike) -> tuple[str, ...]:
  """Returns the names of all members that a folder's run trains, sorted.

  Raises:
    InputError: there is no such folder, or no whole checkpoint.
  """
  with _reading(workdir) as manager:
    return _members(_whole(manager, workdir))


def read_best(workdir: str | os.PathLike, member: str, *, last: bool = False) -> MemberCheckpoint:
  """Reads one member's best checkpoint; among equals the latest.

  Args:
    member: its name; '' for the only one.
    last: whether to read the latest checkpoint instead.

  Raises:
    InputError: there is no such folder or member, or no whole checkpoint.
  """
  with _reading(workdir) as manager:
    whole = _whole(manager, workdir)
    names = _members(whole)
    if not member and len(names) == 1:
      member = names[0]
    if member not in names:
      raise InputError(f'{workdir} has the members {", ".join(names)}; name one of them with --config.network.member.')

    def rank(step: int) -> tuple[float, int]:
      scores = whole[step]['scores']
      return (scores[member] if scores and not last else -np.inf, step)

    for step in sorted(whole, key=rank, reverse=True):
      about = whole[step]
      # Other members of a sweep are not read.
      like = {member: checksums.structs(about['shapes'][member])}
      if state := _read(manager, step, about, {'params': like}, _partial):
        return MemberCheckpoint(jax.tree.map(np.asarray, state['params'][member]), step, about['job'])
      logging.warning('The checkpoint %s is damaged; another one is used.', pathlib.Path(workdir) / FOLDER / str(step))
  raise _no_checkpoint(workdir)


@contextlib.contextmanager
def _reading(workdir: str | os.PathLike) -> Iterator[ocp.CheckpointManager]:
  """Opens a run's checkpoints for reading."""
  path = pathlib.Path(workdir).absolute() / FOLDER
  if not path.is_dir():
    raise InputError(f'{workdir} holds no trained model; give the --workdir of launch/train.py or launch/sweep.py.')
  own = jax.process_index()
  # Not `read_only`, of which Orbax warns every time.
  manager = _open_manager(
    path,
    create=False,
    multiprocessing_options=(
      # No barrier with other processes.
      ocp.options.MultiprocessingOptions(own, {own}, f'reading{own}')
    ),
  )
  try:
    yield manager
  finally:
    manager.close()


def _open_manager(path: pathlib.Path, **options) -> ocp.CheckpointManager:
  try:
    return ocp.CheckpointManager(path, options=ocp.CheckpointManagerOptions(**options))
  except (ValueError, OverflowError) as error:
    # First of all, Orbax reads when each was written.
    raise InputError(
      f'{path}/*/_CHECKPOINT_METADATA: a damaged file ({error}); remove the '
      f'folder of its step, or train in another --workdir.'
    ) from error


def _no_checkpoint(workdir: str | os.PathLike) -> InputError:
  return InputError(f'{pathlib.Path(workdir).absolute() / FOLDER} holds no undamaged checkpoint; train again.')


def _whole(manager: ocp.CheckpointManager, workdir: str | os.PathLike) -> dict[int, dict]:
  """Returns what is stored beside the arrays of undamaged checkpoints."""
  whole = {step: about for step in manager.all_steps() if (about := _about(manager, step))}
  if not whole:
    raise _no_checkpoint(workdir)
  return whole


def _members(whole: dict[int, dict]) -> tuple[str, ...]:
  return tuple(sorted(next(iter(whole.values()))['shapes']))


def _items(states: States) -> dict[str, dict]:
  """Returns item -> member -> tree, the layout on disk."""
  return {item: {name: getattr(state, item) for name, state in states.items()} for item in _ITEMS}


def _about(manager: ocp.CheckpointManager, step: int) -> dict | None:
  """Returns what is stored beside the arrays; None if it is damaged."""
  try:
    about = manager.restore(step, args=ocp.args.Composite(about=ocp.args.JsonRestore()))['about']
    return about if checksums.is_whole(about, step) else None
  except Exception as error:  # noqa: BLE001
    disk.raise_unless_damage(step, error)
    return None


def _partial(tree: trees.Tree) -> ocp.args.PyTreeRestore:
  return ocp.args.PyTreeRestore(tree, ocp.checkpoint_utils.construct_restore_args(tree), partial_restore=True)


def _read(
  manager: ocp.CheckpointManager, step: int, about: dict, like: dict[str, dict], argument: Callable
) -> dict | None:
  """Returns some trees; None if they are damaged.

  `like`: item -> a tree of `jax.ShapeDtypeStruct`s by member; `argument` of it
  is Orbax's.
  """
  try:
    state = manager.restore(step, args=ocp.args.Composite(**{item: argument(tree) for item, tree in like.items()}))
    state = {item: state[item] for item in like}
  except Exception as error:  # noqa: BLE001
    disk.raise_unless_damage(step, error)
    return None
  for item, trees_by_member in state.items():
    # Orbax silently casts and crops to the requested types and shapes.
    if checksums.shapes(trees_by_member) != checksums.shapes(like[item]):
      return None
    sums = checksums.checksums(trees_by_member)
    if any(about['crc32'][item].get(member) != x for member, x in sums.items()):
      return None
  return state
