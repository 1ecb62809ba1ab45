"""Which units of a network respond to the odd item of a search array?

python launch/popout.py --config=configs/popout.py --workdir=W
"""

import entry  # first: it puts the package on the path

from saliency_jax.data.source import open_group
from saliency_jax.experiments import units

_CONFIG = entry.config('popout')
_WORKDIR = entry.path('workdir', '', 'Folder for the results.')
_JOINED = entry.hosts()


def main() -> None:
  config = _CONFIG()
  with _JOINED():
    source = open_group(config.data, wants='targets')
    summary = units.popout(config, source, _WORKDIR.value)
  if summary:  # only in the first of several processes
    entry.show(_WORKDIR.value)


if __name__ == '__main__':
  entry.run(main, computes=True)
