"""The parameters that a job starts from: a trained model's, or a trunk's."""

import json
import os
import pathlib
from collections.abc import Mapping

import numpy as np

from saliency_jax.errors import InputError
from saliency_jax.networks import trees
from saliency_jax.networks.vgg import WIDTHS
from saliency_jax.networks.weights import known_weights, weight_cache
from saliency_jax.networks.weights.conversion import Trunk
from saliency_jax.training import checkpoints

# The trunk that a training run started from, within its folder: with it the
# folder is all that is needed, here or on another machine.
_START = 'pretrained.safetensors'


def load(init, *, widths: Mapping[str, int] = WIDTHS) -> known_weights.Weights:
  """Returns the parameters that a config names, ported and verified.

  Args:
    init: `config.init`; see `configs/base.py`.
    widths: units of every convolution; tests use fewer.

  Returns:
    The weights. Those of `init.checkpoint` have the readout among `params`.

  Raises:
    InputError: if the weights or the trained model cannot be had.
  """
  weights, preprocessing, cache_dir = (
      init.weights, init.preprocessing, init.cache_dir)
  member = init.member
  if init.checkpoint:
    return load_trained(init.checkpoint, member, widths=widths)
  if member:
    raise InputError(
        f'config.init.member is {member!r}, but config.init.checkpoint names '
        f'no sweep.')
  return known_weights.load(
      weights, cache_dir=cache_dir or None,
      preprocessing=preprocessing or None, widths=widths)


def load_trained(
    workdir: str | os.PathLike, member: str = '', *,
    widths: Mapping[str, int] = WIDTHS
) -> known_weights.Weights:
  """Returns the whole network of a training run, as it was when it was best.

  Args:
    workdir: the folder of a training run or a sweep.
    member: which member of a sweep, e.g. 'depth_3'; '' for the only one.
    widths: units of every convolution; tests use fewer.

  Returns:
    The weights, `params` with the readout.

  Raises:
    InputError: the folder holds no such model, or a part of it is damaged.
  """
  workdir = pathlib.Path(workdir).expanduser()
  trained = checkpoints.read_best(workdir, member)
  start = workdir / _START
  kept = weight_cache.load(start, widths=widths)
  if kept.sha256 != trained.job['weights']:
    raise InputError(
        f'{start} is not what the model in {workdir} was trained from; train '
        f'again.')
  params = kept.trunk.params | trained.params
  for layer, leaves in kept.trunk.params.items():
    if {k: x.shape for k, x in leaves.items()} != {
        k: x.shape for k, x in params[layer].items()}:
      raise InputError(
          f'{workdir} was trained with another architecture: {layer} has '
          f'other shapes.')
  members = trained.job['members']
  return known_weights.Weights(
      params, kept.trunk.mean,
      f'{workdir.absolute().name}:{member or "trained"}',
      digest(params, kept.trunk.mean),
      f'step {trained.step} of {workdir}, trained from {kept.origin.name}',
      str(workdir), members[member or next(iter(members))]['depth'])


def trained_image_size(workdir: str | os.PathLike) -> int:
  """Returns the side in pixels of the images that a model was trained on.

  Raises:
    InputError: the run's `config.json` cannot be read.
  """
  path = pathlib.Path(workdir).expanduser() / 'config.json'
  try:
    return int(json.loads(path.read_text())['data']['image_size'])
  except (OSError, ValueError, KeyError, TypeError) as error:
    raise InputError(
        f'{path} cannot be read; give the --workdir of launch/train.py, '
        f'complete.') from error


def keep_start(
    workdir: str | os.PathLike, weights: known_weights.Weights) -> None:
  """Writes the trunk that a run starts from into its folder.

  Raises:
    InputError: the folder cannot be written.
  """
  weight_cache.save(
      pathlib.Path(workdir) / _START, trunk_of(weights),
      weight_cache.Origin(weights.name, weights.source, weights.sha256, ''))


def trunk_of(weights: known_weights.Weights) -> Trunk:
  """Returns the convolutions alone, without a readout."""
  return Trunk(
      {name: weights.params[name] for name in WIDTHS}, weights.mean)


def digest(params: trees.Tree, mean: np.ndarray) -> str:
  """Returns the sha256 that identifies a whole network; see `store.digest`."""
  return weight_cache.digest(Trunk(params, mean))
