"""The data sets that models are scored on, as a config names them."""

from typing import NamedTuple

from saliency_jax import files
from saliency_jax.data.source import open_group
from saliency_jax.data.types import Source
from saliency_jax.errors import InputError
from saliency_jax.experiments.predictors import names


class DataSet(NamedTuple):
  """Photographs with fixations, or search arrays."""
  name: str
  kind: str  # of `data.source`
  source: Source
  sigma: float  # pixels, of the human map; 0 for search arrays
  identity: dict  # changes when the images or their regions do

  @property
  def searched(self) -> bool:
    """Whether these are search arrays, with `patterns`."""
    return 'targets' in self.source.gives


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
  source = open_group(group, key=f'config.sets.{name}', cache_dir=cache_dir)
  searched = 'targets' in source.gives
  if not (searched or 'fixations' in source.gives):
    raise InputError(
        f'config.sets.{name} has no fixations; give --config.sets.{name}.kind '
        'and .fixations.')
  if not searched and not group.sigma:
    raise InputError(
        f'config.sets.{name}.sigma is 0; give the width of one degree of '
        'visual angle in pixels.')
  return DataSet(
      name, group.kind, source, 0. if searched else group.sigma,
      _identity(source, group))


def _identity(source: Source, group) -> dict:
  return {
      'images': list(source.image_ids), 'options': dict(group.items()),
      'files': [files.stamp(place) for place in (
          group.dir, group.fixations, group.regions) if place]}
