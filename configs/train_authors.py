"""The recipe of He et al. 2019, Section 4.2: made for SALICON's 10,000 images.

Adam, learning rate 0.005, times 0.8 every 500 steps, 20 images a batch.
"""

import ml_collections

from configs import train


def get_config() -> ml_collections.ConfigDict:
  config = train.get_config()
  config.train.trunk_rate = 0.005
  config.train.readout_rate = 0.005
  config.optimizer.clip_norm = 0.
  config.optimizer.weight_decay = 0.
  # `every` counts steps; read by training/optimizer.py.
  config.schedule = ml_collections.ConfigDict(
      {'name': 'staircase', 'factor': 0.8, 'every': 500})
  return config
