"""Every key that the entry points share: its meaning, its unit, its reader.

Flags change single values: `--config.data.batch_size=16`.
"""

import ml_collections


def base() -> ml_collections.ConfigDict:
  """Returns the keys of every job."""
  config = ml_collections.ConfigDict()

  # The network. Read by models/registry.py.
  config.model = ml_collections.ConfigDict()
  config.model.name = 'vgg16'
  # Layers to look into; tables list them in this order.
  config.model.layers = (
      'conv5_3', 'conv5_2', 'conv5_1', 'conv4_3', 'conv4_2', 'conv4_1')
  # Type of the network's arithmetic: float32 or bfloat16. Scores are float32.
  config.model.dtype = 'float32'

  # Where the parameters come from. Read by weights/sources.py.
  config.init = ml_collections.ConfigDict()
  # A known name ('imagenet') or the path of a weight file.
  config.init.weights = 'imagenet'
  # The family of preprocessing that a weight file expects: caffe, torchvision
  # or places365; '' takes the usual one of the file's layout.
  config.init.preprocessing = ''
  # Folder for ported weights and fetched data; '' is the user's cache.
  config.init.cache_dir = ''

  # Reading images. Read by analysis/measurement.py and datasets/.
  config.data = ml_collections.ConfigDict()
  # Side in pixels to which every image is resized; the paper takes 224.
  config.data.image_size = 224
  # Images in a batch over all devices; rounded up to a multiple of them.
  config.data.batch_size = 8
  # Processes that decode images; 0 decodes in two threads of this process.
  config.data.workers = 0
  # An image that cannot be read: 'raise' ends the run, 'skip' goes on and lists
  # it in summary.json.
  config.data.on_bad_image = 'raise'

  # The statistics of the tables. Read by analysis/statistics.py.
  config.analysis = ml_collections.ConfigDict()
  # How many of the best units are averaged (the paper: 10).
  config.analysis.top_units = 10

  # The page. Read by analysis/examples.py.
  config.report = ml_collections.ConfigDict()
  return config
