"""The exceptions that are meant for the person at the keyboard."""

import re
import unicodedata
from collections.abc import Mapping

_QUOTE, _SENTENCE = 80, 1000  # characters
_LONG = re.compile(rf"""(?<!\w)(['"])((?:(?!\1(?!\w)).){{{_QUOTE + 1},}})\1""", re.DOTALL)


class InputError(Exception):
  """Something that the user gave is wrong: a file, a folder, a name.

  The message is one sentence that names the file (or the config key) and
  says what to do. Entry points print it without a traceback and exit with
  code 2. Whatever a file had for it is escaped and cut, see `plain`.
  """

  def __init__(self, message: str):
    super().__init__(plain(message))


class Stopped(BaseException):
  """A run was asked to end (SIGTERM) and has saved what it has done.

  The message says so in one sentence. Entry points print it and exit with code
  143, as a program does that SIGTERM ends; the same command goes on. As with
  Ctrl-C, what handles errors does not take it for one.
  """


def at_least(least: float, numbers: Mapping[str, float]) -> None:
  """Raises an `InputError` for the first number of a config that is too small.

  Args:
    least: the smallest that makes sense.
    numbers: by their keys, without 'config.'.
  """
  for name, number in numbers.items():
    if number < least:
      raise InputError(f'config.{name} is {number}; give {least} or more.')


def escaped(text: str) -> str:
  """Returns a text without what steers a terminal: '\\n' or '\\u202e' for it."""
  if text.isprintable():
    return text
  return ''.join(
    x.encode('unicode_escape').decode() if unicodedata.category(x)[0] == 'C' or x in '\u2028\u2029' else x for x in text
  )


def quoted(value) -> str:
  """Returns what a file holds as it stands in a sentence, 80 characters of it."""
  text = value[: _QUOTE + 1] if isinstance(value, str) else value
  text = repr(text)
  return text if len(text) <= _QUOTE + 2 else f'{text[:_QUOTE]}...{text[-1]}'


def plain(message: str) -> str:
  """Returns a sentence on one line, escaped, with its quotations cut.

  A quotation has 80 characters at most, and the whole 1000: of a longer one
  the middle is left out.
  """
  if len(message) > 4 * _SENTENCE:
    message = message[: 2 * _SENTENCE] + message[-2 * _SENTENCE :]
  message = escaped(_LONG.sub(lambda x: f'{x[1]}{x[2][:_QUOTE]}...{x[1]}', message))
  if len(message) > _SENTENCE:
    return f'{message[: _SENTENCE * 2 // 3]} ... {message[-_SENTENCE // 3 :]}'
  return message
