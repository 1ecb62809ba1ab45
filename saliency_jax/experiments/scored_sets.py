"""The data sets on which models are scored, and how, as values."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from saliency_jax.data.pipeline import Reading
from saliency_jax.data.source import identity, open_group
from saliency_jax.data.types import Record, Source
from saliency_jax.errors import InputError
from saliency_jax.experiments.passes import Predicted
from saliency_jax.experiments.predictors import names
from saliency_jax.schema import File
from saliency_jax.training import image_batches

MINE = 'mine'  # the group of a data set of the user's


class DataSet(NamedTuple):
  """Photographs with fixations, or search arrays."""

  name: str
  kind: str  # of `data.source`
  source: Source
  sigma: float  # of the human map, in pixels; 0 for search arrays
  identity: dict  # changes when the images or their regions do
  reading: Reading

  @property
  def searched(self) -> bool:
    """Whether these are search arrays, with `patterns`."""
    return 'targets' in self.source.gives


Scores = Mapping[str, np.ndarray]  # metric -> float64 `[N]`, NaN if undefined


class Scoring(Protocol):
  """How models and people are scored on one data set."""

  metrics: tuple[str, ...]  # names of an image's scores
  table: File  # of the mean scores, see `score_lists.means_of`
  ranked: str  # the metric by which example images are chosen
  shares: Collection[str] = ()  # those of the `compared` values that are 0 or 1 for an image
  dataset: DataSet
  images: Sequence[int]  # positions of the images that are scored
  job: dict[str, Any]  # what scores depend on besides the model, as JSON
  kinds: Sequence[str]  # of every image of the data set; '' for a photograph
  facts: dict[str, Any]  # what `summary.json` says of the data set
  observers: Sequence[int] = ()  # number for every image, if people are scored

  def measure(self, each: Predicted) -> dict[str, dict]:
    """Returns the scores of one image's maps, by model, as JSON values.

    They are {'scores': a number for each of `metrics`} and perhaps {'regions':
    ...} of `output`.
    """

  def human(self, record: Record) -> np.ndarray | None:
    """Returns a photograph's human map, `[H, W]`; None for a search array."""

  def people(self, index: int) -> dict[str, float] | None:
    """Returns the observers' mean scores on the image at a position.

    They are `metrics`, or None if fewer than 2 people have a fixation on it.
    """

  def compared(self, scores: Scores) -> Scores:
    """Returns the values that are averaged for a model; NaN if undefined."""
    return scores


def open_sets(config, source: Source | None = None) -> list[DataSet]:
  """Opens the data sets of `config.eval.sets`, or the user's, or OSIE.

  Args:
    source: the data set `mine`, if it is passed as a value.

  Raises:
    InputError: a name or a value is wrong, or a data set is at fault.
  """
  chosen = (
    names(config.eval.sets)
    or tuple(name for name, group in config.sets.items() if group.dir or group.fixations or source and name == MINE)
    or ('osie',)
  )
  if len(set(chosen)) < len(chosen):
    raise InputError(f'config.eval.sets is {config.eval.sets!r}; name each data set once, of {", ".join(config.sets)}.')
  for name in chosen:
    if name not in config.sets:
      raise InputError(f'config.eval.sets has {name!r}; name some of {", ".join(config.sets)}.')
  return [_open(name, config, source if name == MINE else None) for name in chosen]


def _open(name: str, config, given: Source | None) -> DataSet:
  group = config.sets[name]
  source = given or open_group(group, key=f'config.sets.{name}', cache_dir=config.run.cache_dir)
  searched = 'targets' in source.gives
  if not (searched or 'fixations' in source.gives):
    raise InputError(f'config.sets.{name} has no fixations; give --config.sets.{name}.kind and .fixations.')
  if not searched and not group.sigma:
    raise InputError(f'config.sets.{name}.sigma is 0; give the width of one degree of visual angle in pixels.')
  kind, known = group.kind, identity(source, group)
  if given:  # no key identifies them
    kind, known = type(given).__name__, known | {'sample': image_batches.sample(given)}
  return DataSet(name, kind, source, 0.0 if searched else group.sigma, known, Reading.of(config.data))
