"""Which units of a network respond to which salient regions of photographs?

  python launch/dissect.py --config=configs/osie.py --workdir=W \\
    --config.data.dir=OSIE_DIR --config.data.regions=REGIONS_DIR
"""

import entry  # first: it puts the package on the path

from saliency_jax.data.source import open_group
from saliency_jax.experiments import units

_CONFIG = entry.config('osie')
_WORKDIR = entry.path('workdir', '', 'Folder for the results.')
_JOINED = entry.hosts()


def main() -> None:
  config = _CONFIG()
  with _JOINED():
    source = open_group(config.data, cache_dir=config.run.cache_dir, wants='regions')
    summary = units.dissect(config, source, _WORKDIR.value)
  if summary:  # only in the first of several processes
    entry.show(_WORKDIR.value)


if __name__ == '__main__':
  entry.run(main, computes=True)
