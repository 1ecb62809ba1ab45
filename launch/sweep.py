"""Trains all members of a sweep together, or goes on with a stopped sweep.

  python launch/sweep.py --config=configs/sweep_depth.py --workdir=W \\
    --config.data.dir=OSIE_DIR
"""

import entry  # first: it puts the package on the path
from absl import flags

from saliency_jax.datasets import parts
from saliency_jax.training import loop

_CONFIG = entry.config('sweep_depth')
_WORKDIR = flags.DEFINE_string('workdir', '', 'Folder of the sweep.')
_JOINED = entry.hosts()


def main() -> None:
  config = _CONFIG()
  with _JOINED():
    opened = parts.open_parts(config)
    summary = loop.sweep(
        config, opened.train, opened.validation, _WORKDIR.value,
        choose=opened.choose)
  for name, member in summary.get('members', {}).items():
    print(f"{name}: NSS {member['nss']:.3f} after step {member['step']}")


if __name__ == '__main__':
  entry.run(main)
