"""What every entry point shares: the import path, flags, errors, exit codes."""

import contextlib
import importlib
import os
import pathlib
import re
import runpy
import sys
from collections.abc import Callable

import ml_collections
from absl import app, flags, logging
from ml_collections import config_flags

# `python launch/x.py` puts launch/ on the path; the package lies beside it.
ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from saliency_jax import old_keys  # noqa: E402
from saliency_jax.errors import InputError, Stopped  # noqa: E402

# What ml_collections raises, beside absl's own errors, for a key that is not
# there, a value of another type, and a config file that cannot be read.
_WRONG_FLAG = (
    flags.Error, AttributeError, LookupError, TypeError, ValueError, OSError)


def config(name: str) -> Callable[[], ml_collections.ConfigDict]:
  """Defines the flags `--config` and `--config.<key>`.

  Args:
    name: of the file in configs/ that is the default.

  Returns:
    A function that gives the config once the flags are parsed.
  """
  file = f'{ROOT}/configs/{name}.py'
  try:
    # A key on the command line is already looked up here.
    holder = config_flags.DEFINE_config_file('config', file)
  except _WRONG_FLAG as error:
    sys.exit(_say(_about_flag(error, file), 2))

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


def path(
    name: str, default: str | None, about: str, **options
) -> flags.FlagHolder[str | None]:
  """Defines the flag of a file or a folder, in which `~` is the user's home.

  A shell leaves `~` alone in `--flag=~/folder`.

  Args:
    name: of the flag.
    default: its value where it is not given.
    about: its help.
    **options: of `absl.flags.DEFINE`.
  """
  return flags.DEFINE(_Path(), name, default, about, **options)


class _Path(flags.ArgumentParser):
  syntactic_help = 'a path'

  def parse(self, argument: str) -> str:
    return os.path.expanduser(argument)

  def flag_type(self) -> str:
    return 'path'


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
      _check_devices()
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
  # `--help` lists the flags of the entry point alone, and these are its own.
  for flag in flags.FLAGS.flags_by_module_dict().get(__name__, ()):
    flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)
  try:
    return flags.FLAGS(arguments)
  except _WRONG_FLAG as error:
    sys.exit(_say(_about_flag(error), 2))


def _check_devices() -> None:
  """Raises an `InputError` if JAX lacks a device, before anything is fetched.
  """
  # Jobs that compute have imported it. Of several processes each one has to
  # join the others before it asks.
  sharding = sys.modules.get('saliency_jax.runtime')
  if sharding and not flags.FLAGS.flag_values_dict().get('coordinator'):
    sharding.all_devices()


def _about_flag(error: Exception, file: str = '') -> str:
  # ml_collections quotes a message within a message, line breaks and all.
  words = str(error).replace('\\n', ' ').replace("\\'", "'").split()
  sentence = ' '.join(words).rstrip('.')
  if isinstance(error, (AttributeError, LookupError, TypeError)):
    sentence = _unknown_key(file) or sentence
  return f'a flag is wrong: {sentence}; see --help.'


def _unknown_key(file: str) -> str:
  """Returns which flag has a key that is not there, or ''.

  ml_collections says the last part of the key alone.

  Args:
    file: of the config, where `--config` names no other.
  """
  arguments = '\n'.join(sys.argv)
  file = [file, *re.findall(r'^--?config[=\n](.*)', arguments, re.M)][-1]
  try:
    config = runpy.run_path(file)['get_config']()
  except (*_WRONG_FLAG, ImportError):
    return ''  # what is wrong is the file, and has been said
  for key in re.findall(r'^--?(?:no)?config\.([\w.]+)', arguments, re.M):
    part, at = config, 'config'
    for name in key.split('.'):
      names = part.keys() if isinstance(part, ml_collections.ConfigDict) else ()
      if name not in names:
        if new := old_keys.renamed(key):
          return f'--config.{key} is called --config.{new} now'
        return (f'this config has no --config.{key}; {at} has '
                f'{", ".join(names) or "no keys"}')
      part, at = part[name], f'{at}.{name}'
  return ''


def _say(sentence: str, code: int) -> int:
  print(f'\n{pathlib.Path(sys.argv[0]).name}: {sentence}', file=sys.stderr)
  return code
