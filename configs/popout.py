"""Pop-out search arrays: which units respond to the odd one out."""

import ml_collections

from configs import base


def get_config() -> ml_collections.ConfigDict:
  config = base.measuring()
  # A folder with images/ and targets/ (README), or one written by
  # launch/build_dataset.py; '' draws the arrays. Read by data/catalogue.py.
  config.data.dir = ''
  # Arrays to draw (the paper took 80), the seed that draws them, and their side
  # in pixels.
  config.data.count = 80
  config.data.seed = 0
  config.data.size = 512
  # Arrays that the page shows, one of each kind first; with 0 nothing is kept
  # for it.
  config.report.images = 80
  return config
