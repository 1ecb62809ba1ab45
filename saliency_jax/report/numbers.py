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


def signed(value: float, digits: int = 2) -> str:
  """Returns a difference: as `number`, with a plus above zero."""
  return ('+' if round(value, digits) > 0 else '') + number(value, digits)


def counted(count: int, thing: str) -> str:
  """Returns e.g. '1 region' or '2,291 regions'."""
  return f"{count:,} {thing}{'' if count == 1 else 's'}"
