"""Pictures inside the page, as data URIs for each ground and width."""

import base64
from collections.abc import Callable
from typing import NamedTuple

from matplotlib.figure import Figure

from saliency_jax.report import panels, style


class Image(NamedTuple):
  """One rendering of a picture."""
  uri: str
  width: int  # CSS px
  height: int
  fit: str  # 'wide' or 'narrow' screens, '' for both: the style sheet's classes


class Picture(NamedTuple):
  """A figure and what it shows, for those who do not see it."""
  alt: str
  light: list[Image]
  dark: list[Image]  # empty if the picture is the same on every ground


def chart(draw: Callable[..., Figure], alt: str) -> Picture:
  """Returns a figure for wide and narrow screens, each in light and dark.

  Args:
    draw: takes the theme and, as `narrow`, whether the screen is a phone's.
    alt: what the figure shows.
  """
  light, dark = (
      [_png(draw(theme, narrow=False), 'wide'),
       _png(draw(theme, narrow=True), 'narrow')]
      for theme in (style.LIGHT, style.DARK))
  return Picture(alt, light, dark)


def scale(draw: Callable[[style.Theme], Figure], alt: str) -> Picture:
  """Returns a figure that fits every screen, in light and dark."""
  return Picture(
      alt, [_png(draw(style.LIGHT), '')], [_png(draw(style.DARK), '')])


def panel(drawn: Figure, alt: str) -> Picture:
  """Returns a panel, which looks the same on every ground."""
  width, height = drawn.canvas.get_width_height()
  uri = _uri(panels.jpeg(drawn), 'jpeg')
  return Picture(alt, [Image(uri, width, height, '')], [])


def _png(drawn: Figure, fit: str) -> Image:
  width, height = drawn.canvas.get_width_height()
  return Image(_uri(style.png(drawn), 'png'), width // 2, height // 2, fit)


def _uri(data: bytes, kind: str) -> str:
  return f'data:image/{kind};base64,{base64.b64encode(data).decode()}'
