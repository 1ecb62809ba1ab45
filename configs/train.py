"""One saliency model on OSIE: a recipe for a few hundred photographs."""

import ml_collections

from saliency_jax.configs import base


def get_config() -> ml_collections.ConfigDict:
  config = base.training()
  # Number of stages trained, from the top: 0 is the readout alone (the paper's
  # setup I); 'all' is possible. launch/networks.py lists the stages, for VGG-16
  # the convolutions. Read, like all of this group, by training/members.py.
  config.train.depth = base.either(3)
  # Seed of the readout's initial values.
  config.train.seed = 0
  # Learning rates, before the schedule, of the stages and of the head. None
  # uses the task's own: 3e-3 for saliency's readout, 1e-4 for scenes' dense
  # layers.
  config.train.trunk_rate = 1e-4
  config.train.readout_rate = base.either(None)
  return config
