"""What is trained to compare two tasks (He et al. 2019, Section 8).

pt is the pretrained trunk. From it, sp learns saliency and sr scenes, with the
same images in the same order. Controls: sr with shuffled labels; sp on either
half of the images (another sample); and a linear readout of scenes from the
frozen trunk. All seeds of a run are one program, a sweep.
"""

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import NamedTuple

import ml_collections
import numpy as np

from saliency_jax.data import split
from saliency_jax.data.parts import Data
from saliency_jax.data.subset import subset
from saliency_jax.errors import InputError
from saliency_jax.networks import cuts
from saliency_jax.networks.network import Network
from saliency_jax.networks.variants import Variant
from saliency_jax.training import checkpoints, feed, loop, plan, tasks
from saliency_jax.training.plan import Plan

PRETRAINED = 'pt'
FOLDER = 'runs'  # of the sweeps
FEATURES = 'features'  # of frozen stages, for all runs


class Run(NamedTuple):
  """How one sweep over seeds differs from another."""

  task: str
  control: str = ''  # the value of `config.tasks.controls` that selects it
  half: int | None = None  # of the training images; None uses all
  shuffled: bool = False  # whether labels are permuted among the images
  frozen: bool = False  # whether only one layer on top is trained


RUNS = {
  'sp': Run('saliency'),
  'sr': Run('scene'),
  'sr_shuffled': Run('scene', 'shuffled', shuffled=True),
  'sp_half_1': Run('saliency', 'halves', half=0),
  'sp_half_2': Run('saliency', 'halves', half=1),
  'linear': Run('scene', 'linear', frozen=True),
}


class TrainedSeed(NamedTuple):
  """One seed of a run."""

  run: str  # a key of `RUNS`, or `PRETRAINED`
  seed: int | None
  variant: Variant
  outputs: tuple[str, ...] = ()  # the scenes that its head classifies
  facts: Mapping = {}  # its step and its metrics on the validation images

  @property
  def frozen(self) -> bool:
    """Whether its trunk is the pretrained one."""
    return self.run in RUNS and RUNS[self.run].frozen

  @property
  def name(self) -> str:
    """Of its maps and scores."""
    return self.run if self.seed is None else f'{self.run}_seed_{self.seed}'


def prepare(config, data: Data, network: Network, workdir: str) -> dict[str, Plan]:
  """Returns the runs that a config selects, by name.

  Raises:
    InputError: a value or the data are at fault.
  """
  chosen = _chosen(config)
  depth = cuts.as_number(network, config.tasks.depth)
  if not depth:
    raise InputError(
      "config.tasks.depth is 0, which leaves the trunk as it is in both tasks; give 1 or more, or 'all'."
    )
  size = feed.gigabytes(feed.shapes(network, [depth]), len(data.train) + len(data.validation))
  fits = size <= config.data.features_limit
  features = config.data.features_dir or (str(pathlib.Path(workdir) / FEATURES) if fits else '')
  return {
    name: plan.make(_config(config, run, features), 'sweep', _data(data, run, config.data.seed), network)
    for name, run in chosen.items()
  }


def train(runs: Mapping[str, Plan], workdir: str) -> tuple[list[TrainedSeed], dict[str, dict]]:
  """Trains all seeds of all runs, or continues an interrupted training.

  Returns:
    `PRETRAINED` and every seed of every run; and for each run what
    `training.loop.sweep` returned.

  Raises:
    InputError: a folder or an image is at fault.
    Stopped: after SIGTERM; the same call continues.
  """
  found, facts = [TrainedSeed(PRETRAINED, None, Variant())], {}
  for name, run in runs.items():
    place = str(pathlib.Path(workdir) / FOLDER / name)
    facts[name] = loop.execute(run, place, title=f'training {name}')
    for member, about in facts[name]['members'].items():
      found.append(_read(name, place, member, about))
  return found, facts


def _chosen(config) -> dict[str, Run]:
  known = {run.control for run in RUNS.values()} - {''}
  for control in config.tasks.controls:
    if control not in known:
      raise InputError(f'config.tasks.controls names {control!r}; it takes {", ".join(sorted(known))}.')
  if config.tasks.examples < 0:
    raise InputError(f'config.tasks.examples is {config.tasks.examples}; give 0 or more.')
  return {name: run for name, run in RUNS.items() if not run.control or run.control in config.tasks.controls}


def with_task(config, task: str) -> ml_collections.ConfigDict:
  """Returns the config of one of the tasks."""
  made = ml_collections.ConfigDict(config.to_dict())
  made.task.name = task
  return made


def _config(config, run: Run, features: str) -> ml_collections.ConfigDict:
  """Returns the config of a sweep."""
  made, own = with_task(config, run.task), config.tasks
  del made.tasks, made.regions
  made.data.features_dir = features
  if run.frozen:
    made.task.update(dense=(), dropout=0.0, pretrained_dense=False)
  if run.half is not None:  # as many steps with half of the images
    made.train.epochs *= 2
  head = own.dense_rate if run.task == 'scene' else own.readout_rate
  made.sweep = ml_collections.ConfigDict(
    {
      'depths': (0 if run.frozen else own.depth,),
      'trunk_rates': (own.trunk_rate,),
      'readout_rates': (head,),
      'seeds': tuple(own.seeds),
      'mode': '',
      'shard_members': False,
    }
  )
  return made


def _data(data: Data, run: Run, seed: int) -> Data:
  """Returns the images of a run, and their labels."""
  if run.half is not None:
    half = {*split.shuffled(data.train.image_ids, seed)[run.half :: 2]}
    data = dataclasses.replace(data, train=subset(data.train, [x for x in data.train.image_ids if x in half]))
  if run.shuffled:
    rng, drawn = np.random.default_rng(seed), {}
    for part in (data.train, data.validation):
      names = [x for x in part.image_ids if x in data.scenes]
      drawn |= {x: data.scenes[names[i]] for x, i in zip(names, rng.permutation(len(names)), strict=True)}
    data = dataclasses.replace(data, scenes=drawn)
  return data


def _read(name: str, place: str, member: str, about: Mapping) -> TrainedSeed:
  """Returns a run's seed at its best epoch, with shuffled labels at its last.

  Which epoch fits shuffled labels best is luck, and may be the first.
  """
  best = checkpoints.read_best(place, member, last=RUNS[name].shuffled)
  task, params = tasks.make(best.job['task']), dict(best.params)
  head = params.pop(task.head.name)
  return TrainedSeed(
    name,
    about['seed'],
    Variant(params, task.head.apply if task.outputs else None, head),
    task.outputs,
    {**about, 'step': best.step},
  )
