"""The training loop, for one network or a sweep over depths.

Parameters come from the first of these that applies:

1. the latest whole checkpoint in the run's own folder, to resume it;
2. the trained model that `config.network.checkpoint` names, head included;
3. the network's weights, with a randomly initialised head.
"""

import contextlib
import dataclasses
import itertools
import pathlib
import shutil
import time
from collections.abc import Callable
from typing import NamedTuple

import jax
import numpy as np
import tqdm
from absl import logging
from jax.sharding import Mesh

from saliency_jax import outside, progress, runtime, schema, signals
from saliency_jax.data import fingerprints
from saliency_jax.data.parts import Data
from saliency_jax.errors import Stopped
from saliency_jax.networks.network import Network, Variables
from saliency_jax.training import feed, journal, members, plan, step, trained_models
from saliency_jax.training.checkpoints import Checkpoints, States
from saliency_jax.training.plan import Plan
from saliency_jax.workdir import Folder, alone, opening

# Steps whose metrics are fetched together while the next one is computed, so that
# an accelerator does not wait for the host.
_PENDING = 10
_FEATURES = 'features'  # cached features of frozen stages, in the run's folder
_TRAINED = schema.TRAINED.path


def train(config, data: Data, workdir: str, network: Network | None = None) -> dict:
  """Trains one network, or resumes a run that was stopped.

  Writes `checkpoints/`, `pretrained.safetensors`, `images.json` (the training
  images), `metrics.jsonl`, `config.json`, `training.json` and, last,
  `summary.json`.

  Args:
    network: the trunk, in place of the one that the config names.

  Returns:
    The summary; {} in all processes but the first.

  Raises:
    InputError: if the config, the data or the folder are at fault, or a
      computed number is not finite.
    Stopped: after SIGTERM; the same call resumes.
  """
  return execute(plan.make(config, 'train', data, network), workdir)


def sweep(config, data: Data, workdir: str, network: Network | None = None) -> dict:
  """Trains all members of a sweep on the same batches; see `train`."""
  return execute(plan.make(config, 'sweep', data, network), workdir)


class _Programs(NamedTuple):
  """The compiled functions."""

  packing: members.Packing
  update: Callable
  evaluate: Callable
  finite: Callable


def execute(run: Plan, workdir: str, title: str = 'training') -> dict:
  """Trains what a plan describes; see `train`. `title` is the progress bar's."""
  started = time.perf_counter()
  with contextlib.ExitStack() as stack:
    mesh = runtime.data_mesh(shares=run.shares)
    states = {name: step.init_member(x, run.network, run.task, run.tx, run.head) for name, x in run.members.items()}
    # Several processes share the folder, which the first one locks for all.
    first = jax.process_index() == 0
    with runtime.ending_together():
      if first:
        stack.enter_context(alone(workdir, run.job))
    with opening(workdir) as path:
      facts = run.facts({name: x.params for name, x in states.items()})
      checkpoints = stack.enter_context(Checkpoints(path, facts, list(run.members)))
    states, done, skipped = _restore(run, checkpoints, states, mesh)
    frozen = feed.freeze(run.network, run.depths(), mesh)
    inputs = feed.open_inputs(run, frozen, str(path / _FEATURES), done, skipped)

    # Written only once the config has been checked completely: the folder may
    # hold a finished run.
    if first:
      folder = Folder(workdir, run.config.to_dict())
      if not done:
        folder.clear([_TRAINED])
        fingerprints.write(path, fingerprints.of(run.data.train))
      trained_models.save_start(path, run.network)
    opened = stack.enter_context(journal.Journal(path if first else None, step=done))
    bar = stack.enter_context(progress.bar(total=run.last, done=done, unit='step', title=title))
    log = journal.StepLog(opened, run.task, run.members, bar)
    loop = _Loop(run, _compile(run, mesh), frozen.variables, checkpoints, inputs, log, bar, skipped)
    seconds = {'start': time.perf_counter() - started} | loop.run(states, done)
    checkpoints.wait()
    if not first:
      return {}
    shutil.rmtree(path / _FEATURES, ignore_errors=True)
    if done < run.last or not (path / _TRAINED).is_file():
      folder.json(_TRAINED, _facts(run, path, skipped, loop.images, seconds))
    # A finished run keeps its facts.
    facts = outside.read_json(path / _TRAINED, 'remove it', {'members': dict})
    # A sweep's folder is not complete: its members are still to be measured.
    return folder.finish(run.job, **facts) if run.job == 'train' else facts


def _facts(run: Plan, path: pathlib.Path, skipped: dict[str, str], images: int, seconds: dict[str, float]) -> dict:
  """Returns the contents of `training.json`."""
  task, data = run.task, run.data
  return {
    'task': {'name': task.name, 'watched': task.watched, 'titles': dict(task.titles)},
    'network': run.network.facts(),
    'weights': run.network.provenance._asdict(),
    'counts': {
      'train': len(data.train),
      'validation': len(data.validation),
      'steps': run.last,
      'skipped': len(skipped),
    },
    'members': journal.member_results(path, run.members, task),
    'skipped': skipped,
    'seconds': {k: round(v, 3) for k, v in seconds.items()},
    'images_per_second': round(images / max(seconds['training'], 1e-9), 3),
  }


def _restore(run: Plan, checkpoints: Checkpoints, states: States, mesh: Mesh) -> tuple[States, int, dict[str, str]]:
  """Returns the states to start from, the steps done, and the skipped images."""
  whole = runtime.everywhere(mesh)
  like = jax.tree.map(lambda x: jax.ShapeDtypeStruct(np.shape(x), x.dtype, sharding=whole), states)
  restored = checkpoints.restore(like)
  if restored:
    logging.info('Resuming after step %d of %d.', restored[1], run.last)
  return restored or (runtime.replicate(jax.tree.map(np.asarray, states), mesh), 0, {})


def _compile(run: Plan, mesh: Mesh) -> _Programs:
  everywhere = runtime.everywhere(mesh)
  packing = members.Packing(run.groups, mesh)
  trained, options = list(run.members.values()), runtime.compiler_options()
  update = step.make_step(trained, run.groups, run.network, run.task, tx=run.tx, schedule=run.schedule, mesh=mesh)
  evaluate = step.make_evaluation(trained, run.network, run.task)
  return _Programs(
    packing,
    jax.jit(update, donate_argnums=0, out_shardings=(packing.shardings, everywhere), compiler_options=options),
    jax.jit(evaluate, out_shardings=everywhere, compiler_options=options),
    jax.jit(step.all_finite, out_shardings=everywhere),
  )


@dataclasses.dataclass
class _Loop:
  """A run's steps, validations and checkpoints."""

  plan: Plan
  programs: _Programs
  variables: Variables
  checkpoints: Checkpoints
  inputs: feed.RunBatches
  log: journal.StepLog
  bar: tqdm.tqdm
  skipped: dict[str, str]
  images: int = 0  # trained on so far

  def run(self, states: States, done: int) -> dict[str, float]:
    """Runs the remaining steps; returns the seconds of each part.

    Raises:
      InputError: a number is not finite, or no image counts.
      Stopped: after SIGTERM, when everything is saved.
    """
    run, update, every = self.plan, self.programs.update, self.plan.config.train.checkpoint_every
    states = self.programs.packing.pack([states[name] for name in run.members])
    seconds = dict.fromkeys(('training', 'validation'), 0.0)
    pending: list[tuple[int, step.Metrics]] = []
    mark = time.perf_counter()
    with signals.watching() as asked_to_stop:
      for now, batch in enumerate(self.inputs.train, start=done + 1):
        states, metrics = update(states, self.variables, *batch, np.int32(now - 1))
        pending.append((now, metrics))
        self.bar.update()
        epoch_ends, stop = now % run.length == 0, asked_to_stop(now)
        saves = epoch_ends or stop or (every and now % every == 0)
        if saves or now == done + 1 or len(pending) > _PENDING:
          latest = [] if saves or now == done + 1 else [pending.pop()]
          self.images += self.log.steps(pending)
          pending = latest
        if not saves:
          continue
        whole = self.programs.packing.unpack(states)
        self.log.check_finite(self.programs.finite(whole), 'a parameter', now)
        seconds['training'] += time.perf_counter() - mark
        mark = time.perf_counter()
        scores = self._validate(whole, now, done) if epoch_ends else None
        self.checkpoints.save(now, dict(zip(run.members, whole, strict=True)), scores, self.skipped)
        seconds['validation'] += time.perf_counter() - mark
        mark = time.perf_counter()
        if stop and now < run.last:
          raise Stopped(f'stopped after step {now} of {run.last} and saved; start the same command again to go on.')
    return seconds

  def _validate(self, states: list[step.MemberState], now: int, done: int) -> dict[str, float]:
    """Validates the members; returns the watched metric of each."""
    run = self.plan
    if not self.images and now - done >= run.length:
      raise journal.no_images('training', run.data.train, self.skipped)
    measured = journal.validate(
      lambda *batch: self.programs.evaluate(states, self.variables, *batch),
      itertools.islice(self.inputs.validation, self.inputs.validation_length),
      run.task,
      run.members,
    )
    if not measured:
      raise journal.no_images('validation', run.data.validation, self.skipped)
    scores = measured[run.task.watched]
    self.log.check_finite(np.isfinite([*scores.values()]), f'the validation {run.task.titles[run.task.watched]}', now)
    self.log.journal.write(now, 'validate', epoch=now // run.length, **measured)
    return scores
