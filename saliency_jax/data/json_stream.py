"""Large JSON files, one element of a list at a time.

A file of 10,000 images with thousands of points each would become ten gigabytes
of Python lists; turned into arrays one by one, its annotations take a few
hundred megabytes.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

_SPACE = re.compile(r'[ \t\n\r]*')


def members(text: str) -> Iterator[tuple[str, Any]]:
  """Goes through an object; a member that is a list comes element by element.

  Args:
    text: the JSON text, an object.

  Yields:
    (key, value), or (key, element) for each element of a list.

  Raises:
    ValueError: the text is not such an object, or nested too deeply; what was
      yielded before was well-formed.
  """
  read = json.JSONDecoder().raw_decode
  place = _past(text, 0, '{')
  while text[place:place + 1] != '}':
    key, place = _value(read, text, place)
    if not isinstance(key, str):
      raise ValueError(f'a key is no text at character {place}')
    place = _past(text, place, ':')
    if text[place:place + 1] != '[':
      value, place = _value(read, text, place)
      yield key, value
    else:
      place = _past(text, place, '[')
      while text[place:place + 1] != ']':
        value, place = _value(read, text, place)
        yield key, value
        place = _next(text, place, ']')
      place = _past(text, place, ']')
    place = _next(text, place, '}')
  if _past(text, place, '}') != len(text):
    raise ValueError('something follows its end')


def _value(read, text: str, place: int) -> tuple[Any, int]:
  try:
    value, place = read(text, place)
  except RecursionError as error:
    raise ValueError('it is nested too deeply') from error
  return value, _SPACE.match(text, place).end()


def _past(text: str, place: int, sign: str) -> int:
  """Returns the place behind `sign` and the space around it."""
  place = _SPACE.match(text, place).end()
  if text[place:place + 1] != sign:
    raise ValueError(f'there is no {sign!r} at character {place}')
  return _SPACE.match(text, place + 1).end()


def _next(text: str, place: int, end: str) -> int:
  """Returns the place of the next member, or of the `end`."""
  if text[place:place + 1] == end:
    return place
  place = _past(text, place, ',')
  if text[place:place + 1] == end:
    raise ValueError(f'nothing follows the comma before character {place}')
  return place
