"""One process of a run of several; see `hosts_test`.

python -m tests.training.hosts_runner FOLDER PORT PROCESSES ID [STEP SIGNAL]
"""

import os
import pathlib
import sys
import time

from saliency_jax import runtime
from saliency_jax.errors import InputError, Stopped
from saliency_jax.training import journal, loop
from tests.training import made


def main() -> None:
  folder = pathlib.Path(sys.argv[1])
  port, processes, number, *hit = map(int, sys.argv[2:])
  with runtime.joined(f'localhost:{port}', processes, number, heartbeat_seconds=5):
    if hit:
      write = journal.Journal.write

      def dying(self, at, kind, **values):
        if at == hit[0]:
          os.kill(os.getpid(), hit[1])
          # JAX looks once a second whether it was told to end, and then the
          # processes agree on a step; nine steps can be over before that.
          time.sleep(5)
        write(self, at, kind, **values)

      journal.Journal.write = dying
    try:
      loop.train(made.run(), made.DATA, str(folder / 'run'))
    except (InputError, Stopped) as error:
      sys.exit(str(error))


if __name__ == '__main__':
  main()
