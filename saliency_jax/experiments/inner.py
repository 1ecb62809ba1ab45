"""Inner saliency: what a network's own units make of the categories.

He et al. 2019, Section 6 (Figure 7): the mean NSS of the best units of the top
layer for a category, as in Table 2 and 3.
"""

from typing import NamedTuple

import numpy as np

from saliency_jax.data.pixel_sets import Chooser
from saliency_jax.data.types import Source
from saliency_jax.experiments import measurement
from saliency_jax.experiments.forward import Probe, Settings
from saliency_jax.ledger import Ledger
from saliency_jax.networks.network import Network


class UnitScores(NamedTuple):
  """What a tap's units score on T regions with fixations."""
  scores: np.ndarray  # float32 `[T, C]`, standard deviations
  images: np.ndarray  # str `[T]`
  ids: np.ndarray  # int `[T]`, the annotation's own numbers
  top: int = 10  # how many of the best units are averaged, as in the paper


def unit_scores(
    source: Source, network: Network, choose: Chooser, *, top: int,
    settings: Settings, ledger: Ledger, title: str
) -> UnitScores | None:
  """Measures the units of the tap that a network's map is made of.

  Of several processes each one measures its share; the first returns the whole,
  the others None.

  Raises:
    InputError: if an image cannot be read and is not to be skipped.
  """
  tap = network.top_tap
  measured = measurement.measure(
      Probe(network, (tap,), settings), source, choose, ledger=ledger,
      title=title)
  if not measured:
    return None
  rows = measured.rows
  fixated = rows.counts > 0
  return UnitScores(
      rows.scores[tap][fixated],
      np.array(source.image_ids)[rows.index[fixated]], rows.ids[fixated], top)
