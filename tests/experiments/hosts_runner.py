"""One process of a dissection by several; see `hosts_test`.

  python -m tests.experiments.hosts_runner OUT PORT PROCESSES ID [AFTER SIGNAL]

AFTER images this process sends itself a signal; SIGNAL 0 is an image that it
cannot read.
"""

import os
import sys

from saliency_jax import ledger, runtime
from saliency_jax.errors import InputError, Stopped
from tests.experiments import made, units_test


def main() -> None:
  out, *numbers = sys.argv[1:]
  port, processes, number, *hit = map(int, numbers)
  with runtime.joined(f'localhost:{port}', processes, number, heartbeat_seconds=5):
    source = made.Photographs(11, broken=(7,) if hit[1:] == [0] else ())
    if hit and hit[1]:
      add, added = ledger.Ledger.add, []

      def dying(self, *arguments):
        added.append(arguments)
        if len(added) == hit[0]:
          self.flush()
          os.kill(os.getpid(), hit[1])
        add(self, *arguments)

      ledger.Ledger.add = dying
    try:
      units_test.dissect(source, out, batch_size=2)
    except (InputError, Stopped) as error:
      sys.exit(str(error))


if __name__ == '__main__':
  main()
