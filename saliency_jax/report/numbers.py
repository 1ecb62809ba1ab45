"""How numbers are written on the page."""

import math


def number(value: float, digits: int = 2) -> str:
  """Returns a number with fixed digits, or a dash for NaN.

  The minus sign is as wide as a digit; a zero has none.
  """
  if math.isnan(value):
    return '\N{EN DASH}'
  # Adding 0 turns -0.0, which rounding makes, into 0.0.
  return f'{round(value, digits) + 0.0:.{digits}f}'.replace(
      '-', '\N{MINUS SIGN}')
