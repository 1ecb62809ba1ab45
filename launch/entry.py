"""What every entry point shares: the import path, flags, errors, exit codes."""

import contextlib
import importlib
import pathlib
import sys
from collections.abc import Callable

import ml_collections
from absl import app, flags, logging
from ml_collections import config_flags

# `python launch/x.py` puts launch/ on the path; the package lies beside it.
ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from saliency_jax.errors import InputError, Stopped  # noqa: E402

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
    default = importlib.import_module(f'configs.{name}').get_config()
    missing = sorted(_keys(default) - _keys(holder.value))
    if missing:
      raise InputError(
          f'the config of this job has {missing[0]}, and the one given has '
          f'not; start from configs/{name}.py.')
    return holder.value

  return value


def _keys(config: ml_collections.ConfigDict, at: str = 'config.') -> set[str]:
  # A schedule has keys of its own for each of its names.
  return {at + 'schedule'} if at == 'config.schedule.' else set().union(*(
      _keys(value, f'{at}{key}.')
      if isinstance(value, ml_collections.ConfigDict) else {at + key}
      for key, value in config.items()))


def hosts() -> Callable[[], contextlib.AbstractContextManager]:
  """Defines the flags that let several processes train one model.

  Returns:
    A function that joins them for a block, once the flags are parsed.
  """
  coordinator = flags.DEFINE_string(
      'coordinator', '', "Where process 0 listens, 'address:port'; 'auto' on a "
      "TPU slice or under Slurm; '' for one process alone.")
  processes = flags.DEFINE_integer('processes', 1, 'How many take part.', 1)
  process_id = flags.DEFINE_integer('process_id', 0, 'Which one this is.', 0)
  heartbeat = flags.DEFINE_integer(
      'heartbeat', 100, 'Seconds without a sign of life after which a process '
      'counts as dead and the others end.', 1)

  def joined() -> contextlib.AbstractContextManager:
    from saliency_jax import hosts  # jobs that need no JAX do not import it
    return hosts.joined(hosts.Hosts(
        coordinator.value, processes.value, process_id.value, heartbeat.value))

  return joined


def run(main: Callable[[], None]) -> None:
  """Parses the flags, calls `main()` and turns what it raises into an exit.

  Args:
    main: the job; it reads its own flags.

  Raises:
    SystemExit: code 0 on success; 2 with one sentence on standard error if the
      input is at fault; 130 if the user interrupts and 143 after SIGTERM, after
      one line.
  """
  def guarded(arguments: list[str]) -> None:
    if len(arguments) > 1:
      sys.exit(_say(f'unexpected argument {arguments[1]!r}; see --help.', 2))
    # absl lets every library's remarks through: JAX's on each absent backend,
    # TFDS's on each file.
    logging.set_verbosity(logging.WARNING)
    try:
      main()
    except InputError as error:
      sys.exit(_say(str(error), 2))
    except Stopped as stopped:
      sys.exit(_say(str(stopped), 143))
    except OSError as error:
      # A full disk, a folder that may not be written: nobody's mistake in the
      # code. Without a file it is something else, and wants its traceback.
      if not (error.filename and error.strerror):
        raise
      sys.exit(_say(f'{error.filename}: {error.strerror}; make room or give '
                    'another folder.', 2))
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
