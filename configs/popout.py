"""Pop-out search arrays: which units respond to the odd one out."""

import ml_collections

from saliency_jax.configs import base


def get_config() -> ml_collections.ConfigDict:
  config = base.measuring('popout')
  # How many other items of every array are scored beside its target, for the
  # chance level; 0 scores none. In arrays of yours the items are the parts of
  # `distractors/`.
  config.analysis.chance_items = 20
  # Number of arrays that the page shows, of more at equal steps; 0 saves
  # nothing for it.
  config.report.images = 80
  return config
