"""All fine-tuning depths from one start: He et al. 2019, Sections 5.2 and 7."""

import ml_collections

from configs import base


def get_config() -> ml_collections.ConfigDict:
  config = base.training()
  # Every combination is a member. Read by training/members.py; see train.py.
  config.sweep = ml_collections.ConfigDict()
  config.sweep.depths = (0, 1, 2, 3, 4, 5, 6, 13)
  config.sweep.trunk_rates = (1e-4,)
  config.sweep.readout_rates = (3e-3,)
  config.sweep.seeds = (0,)
  # How members of one depth are computed: 'shared' one after another, 'vmap'
  # stacked; '' chooses by the device. The results are equal. Read by
  # training/loop.py.
  config.sweep.mode = ''
  return config
