"""What a run checks and declares before its first step, and sums up at the end.
"""

import json
from collections.abc import Sequence

import jax
import numpy as np
from jax.sharding import Mesh

from saliency_jax import runtime
from saliency_jax.data.images import check_on_bad_image
from saliency_jax.data.pixel_sets import Chooser
from saliency_jax.data.types import Source
from saliency_jax.errors import InputError
from saliency_jax.networks import registry, saliency, trees
from saliency_jax.networks.weights import known_weights, weight_cache
from saliency_jax.training import (
  feed,
  image_batches,
  journal,
  step,
  trained_models,
)
from saliency_jax.training.members import Members
from saliency_jax.workdir import Folder

# Keys that change where things lie or how fast they go, not what comes out:
# `facts` names the images and the weights themselves.
_FREE = {
    'data': ('dir', 'fixations', 'regions', 'val_dir', 'val_fixations',
             'workers', 'features_dir'),
    'init': ('weights', 'preprocessing', 'cache_dir', 'checkpoint', 'member'),
    'sweep': ('shard_members',),
    'train': ('checkpoint_every',)}
# What is done with the members when they are trained.
_AFTERWARDS = ('measured', 'regions', 'popout', 'before_after')
TRAINED = 'training.json'


def check(config, train_source: Source, val_source: Source) -> None:
  """Raises an `InputError` for a number or a data set that cannot be used."""
  registry.check_name(config.model.name)
  size = config.data.image_size
  for name, number, least in (
      ('data.image_size', size, 1),
      ('data.batch_size', config.data.batch_size, 1),
      ('data.workers', config.data.workers, 0),
      ('data.seed', config.data.seed, 0),
      ('train.epochs', config.train.epochs, 1),
      ('train.checkpoint_every', config.train.checkpoint_every, 0)):
    if number < least:
      raise InputError(f'config.{name} is {number}; give {least} or more.')
  registry.check_grid(saliency.SALIENCY, *saliency.output_grid(size), size)
  check_on_bad_image(config.data.on_bad_image)
  for title, source in (('train on', train_source), ('validate', val_source)):
    if not len(source):
      raise InputError(f'There is no image to {title} in config.data.dir.')
  both = image_batches.in_both(train_source, val_source)
  if both:
    raise InputError(
        f'{both} is both trained on and validated with; split the data set.')


def facts(
    config, weights: known_weights.Weights, who: Members,
    states: Sequence[step.MemberState], train_source: Source,
    val_source: Source, choose: Chooser
) -> dict:
  """Returns all that the parameters depend on, as JSON values.

  A run goes on from a checkpoint only where these are the same.
  """
  readout = weights.params.get(saliency.READOUT)
  kept = {
      part: {
          key: value for key, value in keys.items()
          if key not in _FREE.get(part, ())}
      for part, keys in config.to_dict().items() if part not in _AFTERWARDS}
  described = {
      'config': kept,
      'weights': weight_cache.digest(trained_models.trunk_of(weights)),
      'readout': np.asarray(readout['kernel']).ravel().tolist()
                 if readout else 'drawn',
      'images': {
          'train': image_batches.sample(train_source, choose),
          'validation': image_batches.sample(val_source, choose),
          'order': image_batches.order_digest(
              config.data.seed, len(train_source))},
      'members': {
          name: {**member._asdict(), 'shapes': {
              leaf: list(np.shape(x)) for leaf, x in zip(
                  trees.names(state.params), jax.tree.leaves(state.params),
                  strict=True)}}
          for (name, member), state in zip(who.items(), states, strict=True)}}
  return json.loads(json.dumps(described))


def abstract(tree, mesh: Mesh):
  """Returns the shapes and types of a tree that lies whole on every device."""
  return jax.tree.map(
      lambda x: jax.ShapeDtypeStruct(
          np.shape(x), x.dtype, sharding=runtime.everywhere(mesh)), tree)


def open_feed(
    config, source: Source, choose: Chooser, frozen: feed.Frozen,
    skipped: dict[str, str], title: str
) -> feed.Feed:
  """Returns a data set's batches, from the cache where the config names one."""
  size = config.data.image_size
  reading = image_batches.Reading(
      choose, size, saliency.output_grid(size), config.data.workers,
      config.data.on_bad_image, skipped)
  if not config.data.features_dir:
    return feed.Computed(source, reading, frozen)
  return feed.Cached(
      source, reading, frozen, folder=config.data.features_dir,
      batch_size=runtime.whole_batches(config.data.batch_size, frozen.mesh),
      title=title)


def finish(
    folder: Folder, job: str, facts: dict, *, idle: bool) -> dict:
  """Writes what a job says of its training, and returns it.

  That is `training.json`, and for a run `summary.json` as well. The folder of a
  sweep is not whole yet, as its members are still to be measured.

  Args:
    folder: of the job.
    job: 'train' or 'sweep'.
    facts: as JSON values.
    idle: whether everything had been trained before; what was said of it then
      is kept.
  """
  path = folder.path / TRAINED
  if idle and path.is_file():
    facts = json.loads(path.read_text(encoding='utf-8'))
  else:
    folder.json(TRAINED, facts)
  return folder.finish(job, **facts) if job == 'train' else facts


def outcome(workdir: str, who: Members) -> dict[str, dict]:
  """Returns what became of every member, for `summary.json`.

  Raises:
    InputError: if the run's journal is gone.
  """
  scores = [
      line for line in journal.read(workdir) if line['kind'] == 'validate']
  if not scores:
    raise InputError(
        f'{workdir} has lost the scores in its metrics.jsonl; start again in '
        f'another --workdir.')
  found = {}
  for name, member in who.items():
    best = max(scores, key=lambda line, name=name: (
        line['nss'][name], line['step']))
    found[name] = {
        **member._asdict(), 'nss': best['nss'][name], 'step': best['step'],
        'last_nss': scores[-1]['nss'][name]}
  return found
