"""One trunk, two tasks: He et al. 2019, Section 8.

Saliency and scenes are trained from one pretrained trunk, on the same images in
the same order. Then the readout's tap of all trunks is dissected (Tables 7 and
8).
"""

import ml_collections

from saliency_jax.configs import base, osie, sweep_depth


def get_config() -> ml_collections.ConfigDict:
  config = base.training()
  del config.task.name  # both
  # The dense layers of the scene task. The paper's may have 4096 units each (it
  # does not say), which is 120 million parameters for every seed.
  config.task.dense = (256, 256)
  # The fraction of the labelled images for validation, of every scene.
  config.data.val_fraction = 0.2
  # Blur of the fixations with which people predict each other, see base.py; the
  # value is OSIE's. 0 leaves people out of Table 8.
  config.data.sigma = 24.0

  # Read by experiments/task_runs.py.
  config.tasks = ml_collections.ConfigDict()
  # Number of stages trained, from the top, 1 or more, or 'all' (the paper: 1).
  config.tasks.depth = base.either(1)
  # Seeds of the heads' initial values and of dropout; each makes a member.
  config.tasks.seeds = (0, 1, 2)
  # Learning rates, before the schedule, of the trunk, of the saliency readout
  # and of the dense layers.
  config.tasks.trunk_rate = 1e-4
  config.tasks.readout_rate = 3e-3
  config.tasks.dense_rate = 1e-3
  # Control runs: 'shuffled', scenes with shuffled labels; 'halves', saliency on
  # either half of the images; 'linear', a linear readout of scenes from the
  # frozen trunk.
  config.tasks.controls = ('shuffled', 'halves', 'linear')
  # Number of categories that Figure 11 shows.
  config.tasks.examples = 4

  # As in osie.py. `regions.data.dir` = '' uses the training images, including
  # those without a scene. Read by experiments/depth.py.
  config.regions = sweep_depth.nested(osie.get_config())
  del config.regions.network
  return config
