"""The authors' PyTorch recipe, made for SALICON's 10,000 images.

Adam, learning rate 0.005, times 0.8 every 500 steps, 20 images per batch, as in
the PyTorch script of their repository (SenHe/uavdvsm). The paper states no
optimiser, and the repository says that the paper's model was trained with
TensorFlow; see `train_authors_tf.py`.
"""

import ml_collections

from saliency_jax.configs import train


def get_config() -> ml_collections.ConfigDict:
  config = train.get_config()
  config.train.trunk_rate = 0.005
  config.train.readout_rate = 0.005
  config.optimizer.clip_norm = 0.0
  config.optimizer.weight_decay = 0.0
  # All learning rates are multiplied by `factor` after every `every` steps.
  # Read by training/optimizer.py.
  config.schedule = ml_collections.ConfigDict({'name': 'staircase'})
  config.schedule.factor = 0.8
  config.schedule.every = 500
  return config
