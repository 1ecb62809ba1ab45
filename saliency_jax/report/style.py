"""The look that all figures share: colours, type, light and dark.

Figures are transparent, so that they stand on the page's own ground. Colours
are safe for the colour-blind: viridis, magma, and Okabe and Ito's palette.
"""

import contextlib
import io
from collections.abc import Iterator
from typing import NamedTuple

import matplotlib
from matplotlib import colors
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

DPI = 192  # two pixels for one of the page's, which has 96 to the inch


class Theme(NamedTuple):
  """Colours that depend on the ground."""
  ink: str
  faint: str  # grid lines and edges
  missing: str  # a cell without a number
  run: str
  other: str  # the run that it is compared with
  paper: str


LIGHT = Theme(
    '#1f2328', '#d6dae0', '#eceef1', '#0072b2', '#e69f00', '#b4b9c1')
DARK = Theme(
    '#e6e8eb', '#3d434b', '#2b3036', '#56b4e9', '#e69f00', '#767d87')

_TYPE = {
    'font.family': 'sans-serif', 'font.sans-serif': ['DejaVu Sans'],
    'font.size': 9, 'axes.titlesize': 10, 'axes.titleweight': 'bold',
    'axes.labelsize': 9, 'xtick.labelsize': 9, 'ytick.labelsize': 9,
    'legend.fontsize': 9, 'legend.frameon': False, 'axes.axisbelow': True,
    'axes.spines.top': False, 'axes.spines.right': False,
    'axes.linewidth': 0.8, 'xtick.major.width': 0.8, 'ytick.major.width': 0.8,
    'figure.facecolor': 'none', 'axes.facecolor': 'none',
    # A category's dollar sign is no mathematics.
    'text.parse_math': False}


@contextlib.contextmanager
def drawing(theme: Theme) -> Iterator[None]:
  """Draws what is made inside in the colours of a theme."""
  with matplotlib.rc_context({
      **_TYPE, 'text.color': theme.ink, 'axes.labelcolor': theme.ink,
      'axes.titlecolor': theme.ink, 'axes.edgecolor': theme.ink,
      'xtick.color': theme.ink, 'ytick.color': theme.ink,
      'grid.color': theme.faint}):
    yield


def figure(width: float, height: float) -> Figure:
  """Returns an empty figure, its sides in inches, that pyplot does not know."""
  new = Figure((width, height), dpi=DPI, layout='constrained')
  FigureCanvasAgg(new)
  return new


def png(drawn: Figure) -> bytes:
  """Returns a figure as a PNG file, without a ground."""
  return _saved(drawn, 'png', dpi=drawn.dpi)


def vector(drawn: Figure, kind: str) -> bytes:
  """Returns a figure for a paper as an 'svg' or 'pdf' file, on white.

  Text stays text: a PDF holds the fonts, an SVG names them. The same figure
  gives the same bytes.
  """
  # A font embedded as type 42 can be searched and edited.
  with matplotlib.rc_context({
      'svg.fonttype': 'none', 'pdf.fonttype': 42,
      'svg.hashsalt': 'saliency_jax'}):
    return _saved(
        drawn, kind, facecolor='white',
        metadata={'Date' if kind == 'svg' else 'CreationDate': None})


def _saved(drawn: Figure, kind: str, **settings) -> bytes:
  file = io.BytesIO()
  drawn.savefig(file, format=kind, **settings)
  # Its parts have found their places, and keep them in other formats.
  drawn.set_layout_engine('none')
  return file.getvalue()


def legible(colour: tuple[float, ...]) -> str:
  """Returns black or white, whichever stands out more from a colour.

  By the contrast ratio of WCAG 2.2: (L1 + 0.05) / (L2 + 0.05), with L the
  relative luminance.
  """
  linear = [
      x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4
      for x in colors.to_rgb(colour)]
  luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
  over_white, over_black = 1.05 / (luminance + 0.05), (luminance + 0.05) / 0.05
  return '#000000' if over_black > over_white else '#ffffff'
