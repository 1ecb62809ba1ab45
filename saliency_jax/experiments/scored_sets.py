"""The data sets that models are scored on, as a config names them."""

import math
from typing import NamedTuple

from saliency_jax import files
from saliency_jax.data import catalogue, split
from saliency_jax.data.subset import subset
from saliency_jax.data.types import Source
from saliency_jax.errors import InputError
from saliency_jax.experiments.predictors import names


class DataSet(NamedTuple):
  """Photographs with fixations, or search arrays."""
  name: str
  kind: str  # of `datasets.catalogue`
  source: Source
  sigma: float  # pixels, of the human map; 0 for search arrays
  identity: dict  # changes when the images or their regions do

  @property
  def searched(self) -> bool:
    """Whether these are search arrays, with `patterns`."""
    return bool(getattr(self.source, 'patterns', ()))


def open_sets(config) -> list[DataSet]:
  """Opens the data sets of `config.eval.sets`.

  Args:
    config: `configs/evaluate.py`; `eval.sets`, `sets` and `init.cache_dir` are
      read.

  Raises:
    InputError: if a name or a value is wrong, or a data set is at fault.
  """
  chosen = names(config.eval.sets)
  if not chosen or len(set(chosen)) < len(chosen):
    raise InputError(
        f'config.eval.sets is {config.eval.sets!r}; name one data set or more, '
        f'each once, of {", ".join(config.sets)}.')
  for name in chosen:
    if name not in config.sets:
      raise InputError(
          f'config.eval.sets has {name!r}; name some of '
          f'{", ".join(config.sets)}.')
  return [
      _open(name, config.sets[name], config.init.cache_dir) for name in chosen]


def _open(name: str, group, cache_dir: str) -> DataSet:
  if group.kind == 'popout':
    # A folder has its own number of arrays.
    drawn = {} if group.dir else {
        'count': group.count, 'seed': group.seed, 'size': group.size}
    source = catalogue.open_source('popout', images=group.dir, **drawn)
    return DataSet(
        name, group.kind, source, 0., _identity(source, drawn, group.dir))
  given = {
      'origin': group.origin, 'drop_outside': group.drop_outside,
      'cache_dir': cache_dir}
  known = (catalogue.KINDS[group.kind].takes
           if group.kind in catalogue.KINDS else ())
  source = catalogue.open_source(
      group.kind, images=group.dir, fixations=group.fixations,
      regions=group.regions,
      **{key: value for key, value in given.items() if key in known})
  if getattr(source, 'patterns', ()):
    return DataSet(
        name, group.kind, source, 0., _identity(source, {}, group.dir))
  sigma = group.sigma
  if not (sigma > 0 and math.isfinite(sigma)):
    raise InputError(
        f'config.sets.{name}.sigma is {sigma:g}; give the width of one degree '
        f'of visual angle in pixels.')
  if group.part != 'all':
    source = subset(source, split.split(group.part))
  return DataSet(
      name, group.kind, source, sigma,
      _identity(source, {}, group.dir, group.fixations, group.regions))


def _identity(source: Source, drawn: dict, *places: str) -> dict:
  return {
      'images': list(source.image_ids), 'drawn': drawn,
      'files': [files.stamp(place) for place in places if place]}
