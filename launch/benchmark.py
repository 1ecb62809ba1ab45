"""How fast is it? Ratios, measured side by side in one run.

  python launch/benchmark.py --output=benchmark.json [--osie=OSIE_DIR]
"""

import entry  # first: it puts the package on the path
import jax
from absl import flags

from saliency_jax.benchmark import accelerator, kernel, metrics, timing

_OUTPUT = flags.DEFINE_string('output', 'benchmark.json', 'JSON to write.')
_OSIE = flags.DEFINE_string(
    'osie', '', 'A folder in OSIE\'s layout; the whole job is timed on it.')
_BATCH = flags.DEFINE_integer('batch', 8, 'Images in a batch.', 1)
_ROUNDS = flags.DEFINE_integer('rounds', 10, 'Times that each is timed.', 1)


def main() -> None:
  rows = []
  if _OSIE.value:
    # Imported here: machines that time the network alone may lack Grain.
    from saliency_jax.benchmark import dissection
    from saliency_jax.datasets.osie import Osie
    rows += dissection.compare(Osie(_OSIE.value), _BATCH.value)
  if jax.default_backend() == 'cpu':
    rows += kernel.compare(_BATCH.value, _ROUNDS.value)
    rows += metrics.compare(images=10, rounds=2)
  else:
    rows += accelerator.compare(_BATCH.value, _ROUNDS.value)
  timing.write(_OUTPUT.value, rows)
  print(timing.text(rows))


if __name__ == '__main__':
  entry.run(main)
