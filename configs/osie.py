"""Region association on OSIE: which units respond to which salient regions."""

import ml_collections

from configs import base


def get_config() -> ml_collections.ConfigDict:
  config = base.measuring()
  # A folder in OSIE's layout, or one written by launch/build_dataset.py; ''
  # fetches OSIE into the cache. Read by data/catalogue.py.
  config.data.dir = ''
  # A folder of labelled regions (labelme or label images); '' takes the
  # annotation in the package. A built data set has its own.
  config.data.regions = ''
  # Fixations that a region's NSS counts: 'distinct' pixels, as the paper and
  # the MIT benchmark do, or 'all', as pysaliency does.
  config.analysis.fixations = 'distinct'
  # T: units whose mean NSS exceeds it are counted (the paper: 1.5).
  config.analysis.threshold = 1.5
  # Photographs that the page shows, those with the most categories first; with
  # 0 nothing is kept for it.
  config.report.images = 700
  return config
