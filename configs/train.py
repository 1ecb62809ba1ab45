"""One saliency model on OSIE: a recipe for a few hundred photographs."""

import ml_collections

from saliency_jax.configs import base


def get_config() -> ml_collections.ConfigDict:
  config = base.training()
  # Stages trained, counted from the top (launch/networks.py lists them, of
  # VGG-16 the convolutions): 0 is the readout alone (the paper's setup I), or
  # 'all'. Read, as all of this group, by training/members.py.
  config.train.depth = base.either(3)
  # Seed of the readout's first values.
  config.train.seed = 0
  # Learning rates, before the schedule, of the convolutions and the head; None
  # is the task's own: 3e-3 of saliency's readout, 1e-4 of scenes' dense layers.
  config.train.trunk_rate = 1e-4
  config.train.readout_rate = base.either(None)
  return config
