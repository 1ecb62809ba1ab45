"""Saliency maps of any photographs, predicted by a trained model."""

import ml_collections

from saliency_jax.configs import base


def get_config() -> ml_collections.ConfigDict:
  config = ml_collections.ConfigDict()
  # The model: the trained one of `network.checkpoint`, or a network with a tap
  # called 'saliency'.
  config.network = base.network_keys()
  config.run = base.run_keys()
  # The images; --images=FOLDER is short for --config.data.dir=FOLDER.
  config.data = base.data_keys('images')
  config.data.update(base.reading_keys())
  return config
