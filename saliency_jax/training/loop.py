"""The training loop, of one network or of a sweep over depths.

Where the parameters come from, first of all that applies:
  1. the latest whole checkpoint in the run's own folder: the run goes on;
  2. the trained model that `config.init.checkpoint` names, readout included;
  3. the weights that `config.init.weights` names, and a drawn readout.
"""

import contextlib
import itertools
import time
from collections.abc import Mapping, Sequence

import jax
import numpy as np
from absl import logging

from saliency_jax import compiling, hosts, progress, runtime
from saliency_jax.data import pixel_sets
from saliency_jax.data.types import Source
from saliency_jax.errors import Stopped
from saliency_jax.networks import registry, vgg
from saliency_jax.training import (
  feed,
  groups,
  image_batches,
  members,
  optimizer,
  setup,
  step,
  step_log,
  termination,
  trained_models,
  validation,
)
from saliency_jax.training.checkpoints import Checkpoints, State
from saliency_jax.training.journal import Journal
from saliency_jax.workdir import Folder, alone, opening

# Steps whose numbers are fetched together, so that an accelerator is not kept
# waiting for the host.
_PENDING = 10


def train(
    config, train_source: Source, val_source: Source, workdir: str, *,
    choose: pixel_sets.Chooser = pixel_sets.distinct_fixations,
    widths: Mapping[str, int] = vgg.WIDTHS,
    devices: Sequence[jax.Device] | None = None
) -> dict:
  """Trains one network, or goes on with a run that was stopped.

  Files: `checkpoints/`, `pretrained.safetensors`, `metrics.jsonl`,
  `tensorboard/`, `config.json`, `training.json` and, last, `summary.json`.

  Args:
    config: `configs/train.py`.
    train_source: photographs with fixations to learn from.
    val_source: photographs that are never learnt from.
    workdir: the run's folder.
    choose: the one set of pixels of an image that its map is to find.
    widths: units of every convolution; tests use fewer.
    devices: over which batches are split; all by default.

  Returns:
    The summary.

  Raises:
    InputError: if the config, the data or the folder are at fault, or a number
      that was computed is not finite.
    Stopped: after SIGTERM; the same call goes on.
  """
  with contextlib.ExitStack() as stack:
    return _run(
        stack, config, 'train', members.single(config.train),
        groups.of_run(config.train), train_source, val_source, workdir, choose,
        widths, devices)


def sweep(
    config, train_source: Source, val_source: Source, workdir: str, *,
    choose: pixel_sets.Chooser = pixel_sets.distinct_fixations,
    widths: Mapping[str, int] = vgg.WIDTHS,
    devices: Sequence[jax.Device] | None = None
) -> dict:
  """Trains all members of a sweep on the same batches; see `train`.

  Args:
    config: `configs/sweep_depth.py`.
    train_source: see `train`, as all others.
    val_source: see `train`.
    workdir: see `train`.
    choose: see `train`.
    widths: see `train`.
    devices: see `train`.
  """
  who = members.sweep(config.sweep)
  with contextlib.ExitStack() as stack:
    return _run(
        stack, config, 'sweep', who, groups.of_sweep(
            config.sweep, [member.depth for member in who.values()],
            len(devices or jax.devices())),
        train_source, val_source, workdir, choose, widths, devices)


def _run(
    stack, config, job, who, division, train_source, val_source, workdir,
    choose, widths, devices
) -> dict:
  started = time.perf_counter()
  setup.check(config, train_source, val_source)
  mesh = runtime.data_mesh(devices, division.shares)
  length = image_batches.batches_of(len(train_source), config.data.batch_size)
  last = config.train.epochs * length
  tx = optimizer.make_direction(config.optimizer)
  schedule = optimizer.make_schedule(config.schedule, steps=last)
  dtype = registry.arithmetic(config.model.dtype)

  # Parameters; see the module for their order.
  weights = trained_models.load(config.init, widths=widths)
  first_states = [
      step.init_member(member, weights.params, tx) for member in who.values()]
  facts = setup.facts(
      config, weights, who, first_states, train_source, val_source, choose)
  # Several processes share the folder, which the first one keeps for them.
  first = jax.process_index() == 0
  with hosts.ending_together():
    if first:
      stack.enter_context(alone(workdir, (job,)))
  with opening(workdir) as path:
    checkpoints = stack.enter_context(Checkpoints(path, facts, list(who)))
  restored = checkpoints.restore(
      setup.abstract(_state(who, first_states), mesh))
  skipped: dict[str, str] = {}
  if restored:
    state, done, skipped = restored
    states = [step.MemberState(state.params[name], state.optimizer[name])
              for name in who]
    logging.info('Going on after step %d of %d.', done, last)
  else:
    states, done = runtime.replicate(
        jax.tree.map(np.asarray, first_states), mesh), 0

  # Data: the same batches whatever the devices, which may pad them.
  frozen = feed.freeze(
      trained_models.trunk_of(weights),
      tuple(sorted({m.depth for m in who.values()})),
      image_size=config.data.image_size, dtype=config.model.dtype, mesh=mesh,
      widths=widths)
  train_feed, val_feed = (
      setup.open_feed(config, source, choose, frozen, skipped, title)
      for source, title in (
          (train_source, 'Frozen layers, training'),
          (val_source, 'Frozen layers, validation')))
  padded = runtime.whole_batches(config.data.batch_size, mesh)
  fed = train_feed.batches(image_batches.training_order(
      config.data.seed, len(train_source), batch_size=config.data.batch_size,
      padded=padded, first=done, last=last))
  val_rows = image_batches.in_order(
      len(val_source), batch_size=config.data.batch_size, padded=padded)
  # One iterator for all evaluations, so that workers are started once.
  val_batches = val_feed.batches(
      np.tile(val_rows, (config.train.epochs - done // length, 1)))

  # The folder, once nothing of the config can be at fault any more: what lies
  # there may be a run that has ended.
  if first:
    folder = Folder(workdir, config.to_dict())
    if not restored:
      folder.clear([setup.TRAINED])
    trained_models.keep_start(path, weights)
  journal = stack.enter_context(Journal(path if first else None, step=done))

  # Programs.
  everywhere = runtime.everywhere(mesh)
  packing = groups.Packing(division.groups, mesh)
  states = packing.pack(states)
  update = jax.jit(
      step.make_step(
          list(who.values()), division.groups, tx=tx, schedule=schedule,
          mesh=mesh, widths=widths, dtype=dtype),
      donate_argnums=0, out_shardings=(packing.shardings, everywhere),
      compiler_options=compiling.options())
  evaluate = jax.jit(
      validation.make_evaluation(
          list(who.values()), widths=widths, dtype=dtype),
      out_shardings=everywhere, compiler_options=compiling.options())
  finite = jax.jit(validation.all_finite, out_shardings=everywhere)

  pending: list[tuple[int, step.Metrics]] = []
  seconds = dict.fromkeys(('start', 'training', 'validation'), 0.)
  seconds['start'] = time.perf_counter() - started
  asked_to_stop = stack.enter_context(termination.watching())
  bar = stack.enter_context(
      progress.bar(total=last, done=done, unit='step', title=job))
  mark, images = time.perf_counter(), 0
  for number, batch in enumerate(fed, start=done):
    states, metrics = update(
        states, batch.features, batch.weights, batch.valid, np.int32(number))
    now = number + 1
    pending.append((now, metrics))
    bar.update()
    epoch_ends, stop = now % length == 0, asked_to_stop(now)
    wants_saving = epoch_ends or stop or (
        config.train.checkpoint_every
        and now % config.train.checkpoint_every == 0)
    if wants_saving or len(pending) == _PENDING or now == done + 1:
      images += step_log.write_steps(journal, pending, who, bar)
      pending.clear()
    if not wants_saving:
      continue
    whole = packing.unpack(states)
    step_log.check_finite(finite(whole), 'a parameter', who, now)
    seconds['training'] += time.perf_counter() - mark
    mark, scores = time.perf_counter(), None
    if epoch_ends:
      if not images and now - done >= length:
        raise step_log.nothing('training', train_source, skipped)
      scores = step_log.validate(
          evaluate, whole, itertools.islice(val_batches, len(val_rows)), who)
      if not scores:
        raise step_log.nothing('validation', val_source, skipped)
      step_log.check_finite(
          np.isfinite([*scores.values()]), 'the validation NSS', who, now)
      journal.write(now, 'validate', epoch=now // length, nss=scores)
    checkpoints.save(now, _state(who, whole), scores, skipped)
    seconds['validation'] += time.perf_counter() - mark
    mark = time.perf_counter()
    if stop and now < last:
      raise Stopped(
          f'stopped after step {now} of {last} and saved; start the same '
          f'command again to go on.')
  checkpoints.wait()
  if not first:
    return {}
  return setup.finish(folder, job, {
      'weights': {'name': weights.name, 'sha256': weights.sha256},
      'counts': {
          'train': len(train_source), 'validation': len(val_source),
          'steps': last, 'skipped': len(skipped)},
      'members': setup.outcome(path, who), 'skipped': skipped,
      'seconds': {k: round(v, 3) for k, v in seconds.items()},
      'images_per_second': round(
          images / max(seconds['training'], 1e-9), 3)}, idle=done == last)


def _state(who: members.Members, states: Sequence[step.MemberState]) -> State:
  return State(
      {name: x.params for name, x in zip(who, states, strict=True)},
      {name: x.optimizer for name, x in zip(who, states, strict=True)})
