"""Trains a saliency model, or resumes a run that was interrupted.

  python launch/train.py --config=configs/train.py --workdir=W \\
    --config.data.dir=OSIE_DIR --config.train.depth=3
"""

import entry  # first: it puts the package on the path

from saliency_jax.data import parts
from saliency_jax.training import loop

_CONFIG = entry.config('train')
_WORKDIR = entry.path('workdir', '', 'Folder of the run.')
_JOINED = entry.hosts()


def main() -> None:
  config = _CONFIG()
  with _JOINED():
    opened = parts.open_parts(config)
    summary = loop.train(config, opened, _WORKDIR.value)
  if summary:  # only in the first of several processes
    entry.show(_WORKDIR.value)


if __name__ == '__main__':
  entry.run(main, computes=True)
