"""Which units of a network respond to which salient regions of photographs?

  python launch/dissect.py --config=configs/osie.py --workdir=W \\
    --config.data.dir=OSIE_DIR --config.data.regions=REGIONS_DIR
"""

import entry  # first: it puts the package on the path
from absl import flags
from ml_collections import config_flags

from saliency_jax.analysis import dissection
from saliency_jax.datasets import catalogue
from saliency_jax.report import page, tables

_CONFIG = config_flags.DEFINE_config_file(
    'config', f'{entry.ROOT}/configs/osie.py')
_WORKDIR = flags.DEFINE_string('workdir', '', 'Folder for the results.')


def main() -> None:
  config = _CONFIG.value
  dissection.dissect(config, catalogue.photographs(config), _WORKDIR.value)
  print(tables.text(_WORKDIR.value))
  print('The page:', page.write(_WORKDIR.value))


if __name__ == '__main__':
  entry.run(main)
