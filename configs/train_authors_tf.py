"""The authors' TensorFlow recipe, made for SALICON's 10,000 images.

Adam, learning rate 0.005 throughout, 5 images a batch, 20 epochs of 2,000
steps: what `sal_train_tf.py` of their repository (SenHe/uavdvsm) does; its
decay of the rate takes no effect. The readout starts at random here, at ones
there. They min-max the map before they resize it, which NSS does not notice.
The paper states no optimiser.
"""

import ml_collections

from saliency_jax.configs import train_authors


def get_config() -> ml_collections.ConfigDict:
  config = train_authors.get_config()
  config.data.batch_size = 5
  config.train.epochs = 20
  config.schedule.factor = 1.0
  return config
