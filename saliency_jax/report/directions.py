"""Names written from right to left, within text from left to right.

A name can change the direction of the text after it. Here it is enclosed in
Unicode's isolates, without marks of its own that would end them.
"""

import re
from typing import Any

from markupsafe import Markup

_MARKS = re.compile('[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]')
_LEFTWARD = re.compile('[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]')


def isolated(value: Any) -> Any:
  """Returns a text isolated if necessary, and other values as they are.

  Texts in lists and dictionaries (keys too) are isolated; markup is not.
  """
  if isinstance(value, str) and not isinstance(value, Markup):
    plain = _MARKS.sub('', value)
    if plain != value or _LEFTWARD.search(value):
      return f'\u2068{plain}\u2069'
  if isinstance(value, list | tuple):
    return [isolated(x) for x in value]
  if isinstance(value, dict):
    return {isolated(key): isolated(x) for key, x in value.items()}
  return value
