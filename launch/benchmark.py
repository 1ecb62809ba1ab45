"""Measures speed as ratios, both sides in one run.

  python launch/benchmark.py --output=benchmark.json [--osie=OSIE_DIR] \\
    [--only=kernel --only=metrics]
"""

import sys

import entry  # first: it puts the package on the path
from absl import flags

from benchmarks import sections, timing
from saliency_jax import runtime

_OUTPUT = entry.path('output', 'benchmark.json', 'JSON file to write.')
_ONLY = flags.DEFINE_multi_enum(
  'only', [], list(sections.SECTIONS), 'A section to run; may be given several times. By default all are run.'
)
_OSIE = entry.path('osie', '', "A folder in OSIE's layout, on which whole jobs are timed.")
_BATCH = flags.DEFINE_integer('batch', 8, 'Images in a batch.', 1)
_ROUNDS = flags.DEFINE_integer('rounds', 10, 'How often each program is timed.', 1)
_TORCH_PYTHON = entry.path(
  'torch_python', sys.executable, 'The Python of an environment with PyTorch, to compare with.'
)


def main() -> None:
  runtime.all_devices()  # before anything is timed
  options = sections.Options(_BATCH.value, _ROUNDS.value, _OSIE.value, _TORCH_PYTHON.value)
  rows = []
  for section in sections.chosen(_ONLY.value, options).values():
    rows += section.rows(options)
    timing.write(_OUTPUT.value, rows)  # saves what there is, should the next section fail
  print(timing.text(rows))


if __name__ == '__main__':
  entry.run(main)
