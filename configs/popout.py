"""Pop-out search arrays: which units respond to the odd one out."""

import ml_collections

from saliency_jax.configs import base


def get_config() -> ml_collections.ConfigDict:
  config = base.measuring('popout')
  # Other items of every array that are scored beside its target, for the
  # chance level; of drawn arrays alone. 0 scores none.
  config.analysis.chance_items = 20
  # Arrays that the page shows, one of each kind first; with 0 nothing is kept
  # for it.
  config.report.images = 80
  return config
