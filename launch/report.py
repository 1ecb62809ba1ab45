"""The tables and the page of a finished run, drawn from its folder alone.

  python launch/report.py --workdir=W
"""

import entry  # first: it puts the package on the path
from absl import flags

from saliency_jax.report import folder, page, tables

_WORKDIR = flags.DEFINE_string('workdir', '', 'Folder of a finished run.')


def main() -> None:
  print(tables.text(folder.read(_WORKDIR.value)))
  print('The page:', page.write(_WORKDIR.value))


if __name__ == '__main__':
  entry.run(main)
