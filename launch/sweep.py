"""Trains all members of a sweep together, then measures each of them.

  python launch/sweep.py --config=configs/sweep_depth.py --workdir=W \\
    --config.data.dir=OSIE_DIR

The same command resumes a sweep that was interrupted at any point.
"""

import entry  # first: it puts the package on the path

from saliency_jax.data import parts
from saliency_jax.experiments import depth
from saliency_jax.training import loop

_CONFIG = entry.config('sweep_depth')
_WORKDIR = entry.path('workdir', '', 'Folder of the sweep.')
_JOINED = entry.hosts()


def main() -> None:
  config = _CONFIG()
  with _JOINED():
    sources = depth.open_sources(config)
    opened = parts.open_parts(config)
    trained = loop.sweep(config, opened, _WORKDIR.value)
    summary = depth.measure(config, trained, sources, _WORKDIR.value, learnt=opened)
  if summary:  # only in the first of several processes
    entry.show(_WORKDIR.value)


if __name__ == '__main__':
  entry.run(main, computes=True)
