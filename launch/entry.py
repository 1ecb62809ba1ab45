"""What every entry point shares: the import path, flags, errors, exit codes."""

import logging
import pathlib
import sys
from collections.abc import Callable

import ml_collections
from absl import app, flags
from ml_collections import config_flags

# `python launch/x.py` puts launch/ on the path; the package lies beside it.
ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from saliency_jax.errors import InputError  # noqa: E402

# What ml_collections raises, beside absl's own errors, for a key that is not
# there, a value of another type, and a config file that cannot be read.
_WRONG_FLAG = (
    flags.Error, AttributeError, KeyError, TypeError, ValueError, OSError)


def config(name: str) -> Callable[[], ml_collections.ConfigDict]:
  """Defines the flags `--config` and `--config.<key>`.

  Args:
    name: of the file in configs/ that is the default.

  Returns:
    A function that gives the config once the flags are parsed.
  """
  try:
    # A key on the command line is already looked up here.
    holder = config_flags.DEFINE_config_file(
        'config', f'{ROOT}/configs/{name}.py')
  except _WRONG_FLAG as error:
    sys.exit(_say(_about_flag(error), 2))

  def value() -> ml_collections.ConfigDict:
    try:
      holder.value.keys()  # a file that could not be loaded fails here
    except OSError as error:
      raise InputError(_about_flag(error)) from error
    return holder.value

  return value


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

  app.run(guarded, flags_parser=_parse)


def _parse(arguments: list[str]) -> list[str]:
  try:
    return flags.FLAGS(arguments)
  except _WRONG_FLAG as error:
    sys.exit(_say(_about_flag(error), 2))


def _about_flag(error: Exception) -> str:
  # ml_collections quotes a message within a message, line breaks and all.
  words = str(error).replace('\\n', ' ').replace("\\'", "'").split()
  sentence = ' '.join(words).rstrip('.')
  return f'a flag is wrong: {sentence}; see --help.'


def _say(sentence: str, code: int) -> int:
  print(f'\n{pathlib.Path(sys.argv[0]).name}: {sentence}', file=sys.stderr)
  return code
