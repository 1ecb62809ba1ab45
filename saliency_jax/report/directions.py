"""Names that are written from right to left, among what is not.

A name may steer the direction of what follows it. Shown, it is set apart by
Unicode's isolates, without marks of its own that would lead out of them.
"""

import re
from typing import Any

from markupsafe import Markup

_MARKS = re.compile('[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]')
_LEFTWARD = re.compile('[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]')


def isolated(value: Any) -> Any:
  """Returns a text set apart where that is needed; anything else as it is.

  Of lists and dictionaries (keys too) each text is; markup is no text.
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
