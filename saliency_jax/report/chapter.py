"""What chapters of the site are made of: charts, tables, images, data."""

import base64
import io
import json
import mimetypes
import os
import pathlib
import re
import shutil
import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup
from PIL import Image

from saliency_jax.ops import overlays
from saliency_jax.ops.resize import TILING, Placement
from saliency_jax.report import chart_files, charts, directions, formats, outlines, packing
from saliency_jax.report.matrices import Matrix

# Names become paths and URLs, and some come from a results folder.
_NAME = re.compile(r'[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][\w.-]*)*', re.ASCII)
# JSON's escapes of the characters that `directions` handles, and of few others.
_STEERED = re.compile(r'\\u(0[5-8]|200|202|206|fb|fd|fe)')
_TYPES = {'.md': 'text/markdown', '.tex': 'text/x-tex', '.csv': 'text/csv'}


class Chapter(NamedTuple):
  """A section of the page, shown alone at `#/<name>`."""

  name: str  # the section's id
  title: str
  template: str  # of the section's content, a file of report/
  context: dict[str, Any]  # variables besides `site`


class File(NamedTuple):
  """A file to download."""

  label: str  # e.g. 'SVG'
  url: str
  name: str  # under which the browser saves it


class Table(NamedTuple):
  """A table to show and to download."""

  header: Sequence[str]
  rows: list[list[str]]  # as text; a dash if there is no number
  numbers: list[bool]  # which columns hold numbers
  files: list[File]


class Chart(NamedTuple):
  """Panels to show, and their files."""

  panels: list[Markup]
  legend: list[tuple[str, str]]  # names and colours
  files: list[File]


class Picture(NamedTuple):
  """An image with overlays."""

  url: str  # see `Site.picture`
  pixels: np.ndarray  # uint8 `[H', W', 3]`, maybe smaller than the image
  size: tuple[int, int]  # H and W of the image, pixels
  text: str  # below it
  label: str  # alternative text
  cells: np.ndarray | None = None  # map `[h, w]`, standard deviations
  placement: Placement = TILING  # of the cells on the image
  mask: np.ndarray | None = None  # bool `[H, W]`, to outline
  margin: float = 0.0  # between a thin set and its outline, in image widths
  points: np.ndarray | None = None  # `[N, 2]`, (y, x), pixels of the image
  coloured: bool = False  # in files, whether the image under a map keeps its colours

  def spec(self) -> charts.Spec:
    """Returns a panel of a figure for a paper, without the points."""
    pixels = self.pixels
    if self.cells is not None:
      pixels = overlays.under_map(pixels, self.cells, self.placement, coloured=self.coloured)
    if self.mask is not None:
      pixels = pixels.copy()
      pixels[outlines.edge(self.mask, pixels.shape[:2], self.margin)] = 255
    url = 'data:image/jpeg;base64,' + base64.b64encode(as_jpeg(pixels)).decode()
    return chart_files.picture(url, self.size, self.text)


class Site:
  """The site of one results folder, while it is made.

  Attributes:
    results: what the job's reader returned.
    compare: the results to compare with, or None.
    single_file: whether everything goes into one HTML file.
    data_blocks: name -> JSON text, embedded in a single file.
    places: overlays of the images of `place`, for the page's scripts.
  """

  def __init__(self, results, compare=None, *, root: pathlib.Path | None):
    """Takes the attributes; `root` is the folder, None for a single file."""
    self.results, self.compare = results, compare
    self.single_file = root is None
    self.data_blocks: dict[str, str] = {}
    self.places: list[dict] = []
    self._root = root
    self._urls: dict[pathlib.Path, str] = {}  # of copied pictures

  @property
  def runs(self) -> list:
    """The results, and those to compare with if any."""
    return [x for x in (self.results, self.compare) if x]

  @property
  def labels(self) -> tuple[str, ...]:
    """Short, different names of this run and the compared one."""
    if not self.compare:
      return 'this run', ''
    names = tuple(x.name for x in self.runs)
    folders = tuple(f'{x.name} ({x.path.resolve().name})' for x in self.runs)
    return next(x for x in (names, folders, ('this run', 'other run')) if x[0] != x[1])

  def chart(self, name: str, specs: Sequence[charts.Spec], alt: str, legend: Mapping[str, str] | None = None) -> Chart:
    """Draws panels of `charts` for the page, and as SVG and PDF for a paper."""
    return Chart(
      [Markup(chart_files.for_page(spec, f'{alt} {spec["title"]}' if len(specs) > 1 else alt)) for spec in specs],
      [*legend.items()] if legend and len(legend) > 1 else [],
      self.paper(name, specs),
    )

  def paper(self, name: str, shown: Sequence[charts.Spec | Matrix | Picture]) -> list[File]:
    """Writes panels that the page shows in another way, as SVG and PDF."""
    svg, pdf = chart_files.for_paper([x.spec() if isinstance(x, Matrix | Picture) else x for x in shown])
    return self._files('figures', name, {('SVG', 'svg'): svg.encode(), ('PDF', 'pdf'): pdf})

  def table(self, name: str, rows: Sequence, header: Sequence[str] = (), *, digits: int = 2) -> Table:
    """Writes a table as CSV, Markdown and LaTeX.

    Args:
      rows: text, integers or Python floats; None or NaN for no number. Each is
        a dictionary by column, and there is at least one; or a sequence, with a
        `header`.
      header: the columns, needed where names of any kind are among them.
      digits: of floats, after the point; CSV keeps six significant digits.
    """
    header, lines = (header, rows) if header else ([*rows[0]], [[*x.values()] for x in rows])
    texts = {
      ('CSV', 'csv'): formats.csv_text(header, lines),
      ('Markdown', 'md'): formats.markdown(header, lines, digits=digits),
      ('LaTeX', 'tex'): formats.latex(header, lines, digits=digits),
    }
    return Table(
      header,
      formats.written(header, lines, str, digits, '\N{EN DASH}', lambda x: x.replace('-', '\N{MINUS SIGN}'))[1:],
      formats.are_numbers(header, lines),
      self._files('tables', name, {key: text.encode() for key, text in texts.items()}),
    )

  def place(self, of: Picture) -> int:
    """Returns the number of an image over which scripts lay a map."""
    height, width = of.size
    place = {'width': width, 'height': height, 'map': None, 'outlines': [], 'points': []}
    if of.cells is not None:
      place['map'] = packing.grid(packing.cells(of.cells), of.placement)
    if of.mask is not None:
      place['outlines'] = [{'d': outlines.outline(of.mask, of.margin)['d']}]
    if of.points is not None:
      place['points'] = of.points.ravel().tolist()
    self.places.append(place)
    return len(self.places) - 1

  def file(self, name: str) -> Markup:
    """Returns a link to a file of the results folder, or its plain name."""
    if self.single_file:
      return Markup('<code>{}</code>').format(name)
    return Markup('<a href="../{}">{}</a>').format(urllib.parse.quote(name), name)

  def picture(self, name: str, data: bytes | pathlib.Path) -> str:
    """Stores a picture and returns its URL.

    Args:
      name: with the suffix, e.g. '00001.jpg'.
      data: the file's bytes; or a file of the results folder, which is linked
        to where the disk allows it, so that the site can be copied alone.
    """
    name = f'pictures/{name}'
    if isinstance(data, bytes):
      return self._store(name, data)
    if data in self._urls:
      return self._urls[data]
    if self._root is None:
      name = self._store(name, data.read_bytes())
    else:
      path = self._path(name)
      try:
        os.link(data, path)
      except OSError:
        shutil.copyfile(data, path)
    return self._urls.setdefault(data, name)

  def data(self, name: str, value) -> None:
    """Stores a JSON value, which `report.data(name)` promises in the browser.

    Args:
      name: parts of letters, digits, '_', '-' and '.', separated by '/'.
      value: without NaN and infinities; use None.

    Raises:
      ValueError: an invalid name, a second value for one name, or not JSON.
    """
    text = as_json(value)
    if self.single_file:
      if name in self.data_blocks:
        raise ValueError(f'there already is {name!r}')
      self.data_blocks[_checked(name)] = text
    else:
      self._store(f'data/{name}.js', f'report.give({json.dumps(name)},{text});\n'.encode())

  def _files(self, folder: str, name: str, data: Mapping[tuple[str, str], bytes]) -> list[File]:
    """Writes files of one name; `data` is by label and suffix."""
    return [
      File(label, self._store(f'{folder}/{name}.{kind}', x), f'{name}.{kind}') for (label, kind), x in data.items()
    ]

  def _store(self, name: str, data: bytes) -> str:
    """Writes a file of the site and returns its URL, or a data URL."""
    if self._root is None:
      suffix = pathlib.PurePath(_checked(name)).suffix
      kind = _TYPES.get(suffix) or mimetypes.types_map[suffix]
      return f'data:{kind};base64,{base64.b64encode(data).decode()}'
    with open(self._path(name), 'xb') as file:  # two files of one name would be a mistake
      file.write(data)
    return name

  def _path(self, name: str) -> pathlib.Path:
    path = self._root / _checked(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def as_json(value) -> str:
  """Returns JSON that may stand in a script element: '<' becomes \\u003c."""
  text = json.dumps(value, allow_nan=False, separators=(',', ':'))
  if _STEERED.search(text):
    text = json.dumps(directions.isolated(value), separators=(',', ':'))
  return text.replace('<', '\\u003c')


def as_jpeg(pixels: np.ndarray) -> bytes:
  """Returns an image, uint8 `[H, W, 3]`, as a JPEG file."""
  file = io.BytesIO()
  Image.fromarray(pixels).save(file, 'jpeg', quality=85)
  return file.getvalue()


def _checked(name: str) -> str:
  if not _NAME.fullmatch(name):
    raise ValueError(f'{name!r} cannot be the name of a file of the site')
  return name
