"""What every entry point shares: the import path, errors and exit codes."""

import logging
import pathlib
import sys
from collections.abc import Callable

from absl import app

# `python launch/x.py` puts launch/ on the path; the package lies beside it.
ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from saliency_jax.errors import InputError  # noqa: E402


def run(main: Callable[[], None]) -> None:
  """Parses the flags, calls `main()` and turns what it raises into an exit.

  Args:
    main: the job; it reads its own flags.

  Raises:
    SystemExit: code 0 on success; 2 with one sentence on standard error if the
      input is at fault; 130 if the user interrupts, after one line.
  """
  def guarded(arguments: list[str]) -> None:
    if len(arguments) > 1:
      sys.exit(_say(f'unexpected argument {arguments[1]!r}; see --help.', 2))
    # absl lets every library's remarks through; JAX has one for each backend
    # that is absent.
    logging.getLogger('jax').setLevel(logging.WARNING)
    try:
      main()
    except InputError as error:
      sys.exit(_say(str(error), 2))
    except KeyboardInterrupt:
      sys.exit(_say('stopped; start the same command again to go on.', 130))

  app.run(guarded)


def _say(sentence: str, code: int) -> int:
  print(f'\n{pathlib.Path(sys.argv[0]).name}: {sentence}', file=sys.stderr)
  return code
