"""Figures as pictures for each ground and width, and as files for a paper."""

from collections.abc import Callable
from typing import NamedTuple

from matplotlib.figure import Figure as Drawing

from saliency_jax.report import style

Draw = Callable[..., Drawing]
# Takes a file's path within the site and its bytes; returns its URL.
Store = Callable[[str, bytes], str]


class File(NamedTuple):
  """Something to download."""
  label: str  # e.g. 'SVG'
  url: str
  name: str  # that the browser saves it under


class Image(NamedTuple):
  """One rendering of a figure."""
  url: str
  width: int  # CSS px
  height: int
  fit: str  # 'wide' or 'narrow' screens: the style sheet's classes


class Figure(NamedTuple):
  """A figure and what it shows, for those who do not see it."""
  alt: str
  light: list[Image]
  dark: list[Image]
  files: list[File]


def figure(name: str, draw: Draw, alt: str, store: Store) -> Figure:
  """Returns a figure for wide and narrow screens, each in light and dark.

  Args:
    name: of the files, without a suffix.
    draw: takes the theme and, as `narrow`, whether the screen is a phone's.
    alt: what the figure shows.
    store: keeps a file.
  """
  wide = draw(style.LIGHT)
  light = [
      _image(wide, store, f'{name}_light', 'wide'),
      _image(draw(style.LIGHT, narrow=True), store, f'{name}_light', 'narrow')]
  dark = [
      _image(draw(style.DARK, narrow=narrow), store, f'{name}_dark', fit)
      for fit, narrow in (('wide', False), ('narrow', True))]
  return Figure(alt, light, dark, exported(name, wide, store))


def exported(name: str, drawn: Drawing, store: Store) -> list[File]:
  """Keeps a light figure as SVG and PDF, with text as text."""
  return [
      File(kind.upper(), store(
          f'figures/{name}.{kind}', style.vector(drawn, kind)),
          f'{name}.{kind}')
      for kind in ('svg', 'pdf')]


def _image(drawn: Drawing, store: Store, name: str, fit: str) -> Image:
  width, height = drawn.canvas.get_width_height()
  url = store(f'pictures/{name}_{fit}.png', style.png(drawn))
  return Image(url, width // 2, height // 2, fit)
