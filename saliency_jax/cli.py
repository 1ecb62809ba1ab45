"""What entry points share: flags, configs, error messages and exit codes."""

import ast
import contextlib
import errno
import importlib.util
import os
import pathlib
import re
import sys
from collections.abc import Callable

import ml_collections
from absl import app, flags, logging
from ml_collections import config_flags
from ml_collections.config_flags import tuple_parser

from saliency_jax import config_help, signals
from saliency_jax.download import cache_folder
from saliency_jax.errors import InputError, Stopped

# What ml_collections raises, besides absl's own errors, for an unknown key, a
# value of another type, and a config file that cannot be read.
_WRONG_FLAG = (flags.Error, AttributeError, LookupError, TypeError, ValueError, OSError, ImportError, SyntaxError)
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)


class _Tuple(tuple_parser.TupleParser):
  """A tuple: '(1, 2)' as in Python, or '1,2' and 'a,b' for short."""

  def parse(self, argument):
    if not isinstance(argument, str) or re.match(r'\s*[(["\']', argument):
      return super().parse(argument)
    return tuple(_Value().parse(part.strip()) for part in argument.split(',') if part.strip())


class _Value(flags.ArgumentParser):
  """A number if possible, otherwise text: '3' and 'all'."""

  syntactic_help = 'a number or a word'

  def parse(self, argument):
    try:
      return ast.literal_eval(argument)
    except (SyntaxError, ValueError):
      return argument

  def flag_type(self) -> str:
    return 'value'


class _Path(flags.ArgumentParser):
  syntactic_help = 'a path'

  def parse(self, argument: str) -> str:
    return os.path.expanduser(argument)

  def flag_type(self) -> str:
    return 'path'


config_flags.register_flag_parser_for_type(tuple, _Tuple())
config_flags.register_flag_parser_for_type(object, _Value())


def config(file: pathlib.Path) -> Callable[[], ml_collections.ConfigDict]:
  """Defines the flags `--config` and `--config.<key>`.

  Args:
    file: with the function `get_config`; the default of `--config`.

  Returns:
    A function that returns the config once the flags are parsed.
  """
  default = load(file)
  about = 'The file of the config. Its keys:\n' + config_help.text(file, default)
  if unknown := _unknown_key(file):
    sys.exit(_say(f'a flag is wrong: {unknown}; see --help.', 2))
  try:
    # Values on the command line are already parsed here.
    holder = config_flags.DEFINE_config_file('config', str(file), about)
  except _WRONG_FLAG as error:
    sys.exit(_say(_about_flag(error), 2))

  def value() -> ml_collections.ConfigDict:
    try:
      given = config_help.flattened(holder.value)
    except OSError as error:  # the file could not be loaded
      raise InputError(_about_flag(error)) from error
    # The keys of a schedule depend on its name.
    missing = [key for key in config_help.flattened(default) if key not in given and not key.startswith('schedule.')]
    if missing:
      raise InputError(f'the config lacks config.{missing[0]}, which this job reads; start from configs/{file.name}.')
    if holder.value.run.compilation_cache:
      from saliency_jax import runtime  # --help imports no JAX

      runtime.keep_compiled(cache_folder(holder.value.run.cache_dir) / 'compiled')
    return holder.value

  return value


def load(file: str | os.PathLike) -> ml_collections.ConfigDict:
  """Returns what `get_config` of a file returns."""
  spec = importlib.util.spec_from_file_location('config_file', file)
  module = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(module)
  return module.get_config()


def path(name: str, default: str | None, about: str, **options) -> flags.FlagHolder[str | None]:
  """Defines the flag of a file or a folder, in which `~` is the user's home.

  A shell does not expand `~` in `--flag=~/folder`.
  """
  return flags.DEFINE(_Path(), name, default, about, **options)


def hosts() -> Callable[[], contextlib.AbstractContextManager]:
  """Defines the flags with which several processes do one job.

  Returns:
    A function that joins them for a block, once the flags are parsed.
  """
  coordinator = flags.DEFINE_string(
    'coordinator',
    '',
    "Where process 0 listens, 'address:port'; 'auto' on a TPU slice or under Slurm; '' for a single process.",
  )
  processes = flags.DEFINE_integer('processes', 1, 'Number of processes that take part.', 1)
  process_id = flags.DEFINE_integer('process_id', 0, 'Number of this process, from 0.', 0)
  heartbeat = flags.DEFINE_integer(
    'heartbeat', 100, 'Seconds without a heartbeat after which a process counts as dead and the others end.', 1
  )

  def joined() -> contextlib.AbstractContextManager:
    from saliency_jax import runtime  # jobs that need no JAX do not import it

    return runtime.joined(coordinator.value, processes.value, process_id.value, heartbeat.value)

  return joined


def run(main: Callable[[], None], *, computes: bool = False, argument: str = '') -> None:
  """Parses the flags, calls `main()` and turns exceptions into exit codes.

  Args:
    computes: whether to check for a device before anything is fetched.
    argument: the flag that takes an argument given without one.

  Raises:
    SystemExit: code 0 on success; 2 with one sentence on standard error if the
      input is at fault; 130 with one line if the user interrupts, and 143 with
      one line after SIGTERM.
  """

  def guarded(arguments: list[str]) -> None:
    if argument and len(arguments) > 1 and not flags.FLAGS[argument].present:
      flags.FLAGS[argument].value = arguments.pop(1)
    if len(arguments) > 1:
      sys.exit(_say(f'unexpected argument {arguments[1]!r}; see --help.', 2))
    # absl would show every library's messages: JAX's on each absent backend,
    # TFDS's on each file.
    logging.set_verbosity(logging.WARNING)
    try:
      if computes:
        _check_devices()
      main()
    except InputError as error:
      signals.leave(_say(str(error), 2))
    except BrokenPipeError:  # `| head` has read enough
      os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
      # A full disk, or a folder that may not be written, is no error in the
      # code. Without a file name it is something else, and needs its traceback.
      if error.errno not in _DISK and not (error.filename and error.strerror):
        raise
      signals.leave(_say(f'{error.filename or "a file"}: {error.strerror}; make room or give another folder.', 2))
    signals.finish()

  try:
    signals.unwind()
    app.run(guarded, flags_parser=_parse)
  except KeyboardInterrupt:
    signals.leave(_say(signals.SENTENCE, 130))
  except Stopped as stopped:
    signals.leave(_say(str(stopped), 143))


def _parse(arguments: list[str]) -> list[str]:
  # `--help` lists only the entry point's own flags, and these belong to it.
  for flag in flags.FLAGS.flags_by_module_dict().get(__name__, ()):
    flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)
  try:
    return flags.FLAGS(arguments)
  except SystemExit:
    sys.exit(0)  # absl exits with 1 after --help
  except _WRONG_FLAG as error:
    sys.exit(_say(_about_flag(error), 2))


def _check_devices() -> None:
  # With several processes, each must join the others first.
  if not flags.FLAGS.flag_values_dict().get('coordinator'):
    from saliency_jax import runtime

    runtime.all_devices()


def _about_flag(error: Exception) -> str:
  # ml_collections quotes messages within messages, with their line breaks.
  words = str(error).replace('\\n', ' ').replace("\\'", "'").split()
  if isinstance(error, IndexError):  # it does not name the flag
    words[:0] = [f'{x}:' for x in sys.argv if re.match(r'--?config\..*\[', x)]
  if getattr(error, 'flagname', '') in ('coordinator', 'processes'):
    return (
      'this job runs on a single host; start it without --coordinator and --processes, and give other hosts other '
      'models or images and their own --workdir.'
    )
  return f'a flag is wrong: {" ".join(words).rstrip(".")}; see --help.'


def _unknown_key(file: pathlib.Path) -> str:
  """Returns a message for a flag with an unknown key, or ''.

  ml_collections would name only the last part of the key.
  """
  arguments = '\n'.join(sys.argv)
  file = [file, *re.findall(r'^--?config[=\n](.*)', arguments, re.M)][-1]
  try:
    config = load(file)
  except _WRONG_FLAG:
    return ''  # the file is at fault, which is reported when it is read
  for key in re.findall(r'^--?(?:no)?config\.([\w.]+)', arguments, re.M):
    part, at = config, 'config'
    for name in key.split('.'):
      names = part.keys() if isinstance(part, ml_collections.ConfigDict) else ()
      if name not in names:
        if new := config_help.renamed(key):
          return f'--config.{key} is called --config.{new} now'
        return f'this config has no --config.{key}; {at} has {", ".join(names) or "no keys"}'
      part, at = part[name], f'{at}.{name}'
  return ''


def _say(sentence: str, code: int) -> int:
  if sys.argv[0].startswith('saliency '):  # the command; see `console`
    sentence = re.sub(r'(?:python )?launch/(\w+)\.py', r'saliency \1', sentence)
  print(f'\n{pathlib.Path(sys.argv[0]).name}: {sentence}', file=sys.stderr)
  return code
