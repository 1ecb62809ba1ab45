"""Region association on OSIE: which units respond to which salient regions."""

import ml_collections

from saliency_jax.configs import base


def get_config() -> ml_collections.ConfigDict:
  config = base.measuring()
  config.analysis.update(base.analysis_keys())
  # T: units whose mean NSS exceeds it are counted (the paper: 1.5).
  config.analysis.threshold = 1.5
  # Number of photographs that the page shows, of more at equal steps; 0 saves
  # nothing for it.
  config.report.images = 700
  return config
