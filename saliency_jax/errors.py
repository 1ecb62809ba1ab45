"""The exceptions whose messages are meant for the user."""

import re
import unicodedata
from collections.abc import Mapping

_QUOTE, _SENTENCE = 80, 1000  # characters
_LONG = re.compile(rf"""(?<!\w)(['"])((?:(?!\1(?!\w)).){{{_QUOTE + 1},}})\1""", re.DOTALL)


class InputError(Exception):
  """Something that the user gave is wrong: a file, a folder, a name.

  The message is one sentence that names the file (or the config key) and says
  what to do. Entry points print it without a traceback and exit with code 2.
  Text from files is escaped and shortened, see `plain`.
  """

  def __init__(self, message: str):
    super().__init__(plain(message))


class Stopped(BaseException):
  """A run was asked to end (SIGTERM) and has saved its results so far.

  The message says so in one sentence. Entry points print it and exit with code
  143, as programs do after SIGTERM; the same command continues. Like
  KeyboardInterrupt, it is not an `Exception`, so that error handlers let it
  pass.
  """


def at_least(least: float, numbers: Mapping[str, float]) -> None:
  """Raises an `InputError` for the first number of a config below `least`."""
  for name, number in numbers.items():
    if number < least:
      raise InputError(f'config.{name} is {number}; give {least} or more.')


def escaped(text: str) -> str:
  """Returns a text with control characters escaped as '\\n' or '\\u202e'."""
  if text.isprintable():
    return text
  return ''.join(
    x.encode('unicode_escape').decode() if unicodedata.category(x)[0] == 'C' or x in '\u2028\u2029' else x for x in text
  )


def quoted(value) -> str:
  """Returns a value from a file as a quotation, at most 80 characters."""
  text = value[: _QUOTE + 1] if isinstance(value, str) else value
  text = repr(text)
  return text if len(text) <= _QUOTE + 2 else f'{text[:_QUOTE]}...{text[-1]}'


def plain(message: str) -> str:
  """Returns a sentence on one line, escaped, with long quotations shortened.

  A quotation has at most 80 characters. A sentence of more than 1000 loses its
  middle.
  """
  if len(message) > 4 * _SENTENCE:
    message = message[: 2 * _SENTENCE] + message[-2 * _SENTENCE :]
  message = escaped(_LONG.sub(lambda x: f'{x[1]}{x[2][:_QUOTE]}...{x[1]}', message))
  if len(message) > _SENTENCE:
    return f'{message[: _SENTENCE * 2 // 3]} ... {message[-_SENTENCE // 3 :]}'
  return message
