"""Saliency maps of any photographs, from a trained model."""

import ml_collections


def get_config() -> ml_collections.ConfigDict:
  # Read, as all of it, by experiments/prediction.py.
  config = ml_collections.ConfigDict()
  config.init = ml_collections.ConfigDict()
  # The --workdir of launch/train.py or launch/sweep.py.
  config.init.checkpoint = ''
  # Which member of a sweep, e.g. 'depth_3'; '' for the only one.
  config.init.member = ''
  config.model = ml_collections.ConfigDict()
  # Type of the network's arithmetic: float32 or bfloat16.
  config.model.dtype = 'float32'
  config.data = ml_collections.ConfigDict()
  # Images in a batch over all devices; rounded up to a multiple of them.
  config.data.batch_size = 8
  # An image that cannot be read: 'raise' ends the run, 'skip' goes on and lists
  # it in summary.json.
  config.data.on_bad_image = 'raise'
  return config
