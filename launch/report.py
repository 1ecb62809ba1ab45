"""Prints the tables and writes the pages of a finished run, from its folder.

  python launch/report.py --workdir=W [--compare=W2] [--single_file]

W is the folder of any job. The pages open in any browser from disk; nothing is
loaded from elsewhere.
"""

import entry  # first: it puts the package on the path
from absl import flags

from saliency_jax.report import site

_WORKDIR = entry.path('workdir', '', 'Folder of a finished run.')
_COMPARE = entry.path(
  'compare',
  '',
  'Folder of another run of the same job with the same layers '
  '(dissect or popout), to show both side by side with their differences.',
)
_SINGLE = flags.DEFINE_bool(
  'single_file', False, 'Write everything into the file W/report.html instead of the folder W/report.'
)


def main() -> None:
  page = site.write(_WORKDIR.value, compare=_COMPARE.value, single_file=_SINGLE.value)
  print(site.text(_WORKDIR.value, _COMPARE.value))
  print('The page:', page)


if __name__ == '__main__':
  entry.run(main)
