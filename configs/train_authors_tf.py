"""The authors' TensorFlow recipe, made for SALICON's 10,000 images.

Adam, learning rate 0.005 throughout, 5 images per batch, 20 epochs of 2,000
steps, as in `sal_train_tf.py` of their repository (SenHe/uavdvsm), where the
decay of the rate has no effect. The readout starts at random values here, at
ones there. They rescale the map to its minimum and maximum before they resize
it, which does not change NSS. The paper states no optimiser.
"""

import ml_collections

from saliency_jax.configs import train_authors


def get_config() -> ml_collections.ConfigDict:
  config = train_authors.get_config()
  config.data.batch_size = 5
  config.train.epochs = 20
  config.schedule.factor = 1.0
  return config
