"""What a chapter of the site is made with: charts, tables, images, data."""

import base64
import io
import json
import mimetypes
import pathlib
import re
import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup
from PIL import Image

from saliency_jax.report import charts, directions, drawing, formats, packing
from saliency_jax.report.formats import Value

# Names become paths and URLs; what comes from a results folder is checked.
_NAME = re.compile(r'[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][\w.-]*)*',
                   re.ASCII)
# JSON's escapes of what `directions` is about, and of little else.
_STEERED = re.compile(r'\\u(0[5-8]|200|202|206|fb|fd|fe)')
_TYPES = {'.md': 'text/markdown', '.tex': 'text/x-tex', '.csv': 'text/csv'}


class Chapter(NamedTuple):
  """A section of the page, shown alone at `#/<name>`."""
  name: str  # the section's id
  title: str
  template: str  # the inside of the section, a file of report/
  context: dict[str, Any]  # beside `site`


class File(NamedTuple):
  """Something to download."""
  label: str  # e.g. 'SVG'
  url: str
  name: str  # that the browser saves it under


class Table(NamedTuple):
  """A table to show and to download."""
  header: tuple[str, ...]
  rows: list[tuple[str, ...]]  # written out; a dash where there is no number
  numbers: list[bool]  # which columns hold numbers
  files: list[File]


class Chart(NamedTuple):
  """Panels to show, and their files."""
  panels: list[Markup]
  legend: list[tuple[str, str]]  # names and colours
  files: list[File]


class Site:
  """The site of one results folder while it is made.

  Attributes:
    results: what the job's reader returned.
    compare: the results to compare with, or None.
    single_file: whether all goes into one HTML file.
    data_blocks: name -> JSON text, to be embedded in a single file.
    places: what lies over the images of `place`, for the page's scripts.
  """

  def __init__(
      self, results, compare=None, *, root: pathlib.Path | None
  ):
    """Args are the attributes; `root` is the folder, None for a single file."""
    self.results, self.compare = results, compare
    self.single_file = root is None
    self.data_blocks: dict[str, str] = {}
    self.places: list[dict] = []
    self._root = root

  @property
  def labels(self) -> tuple[str, str]:
    """Short names of this run and the compared one, never equal."""
    if self.compare is None:
      return 'this run', ''
    names = [self.results.name, self.compare.name]
    if names[0] == names[1]:
      names = [
          f'{x.name} ({x.path.resolve().name})'
          for x in (self.results, self.compare)]
    if names[0] == names[1]:
      names = ['this run', 'other run']
    return names[0], names[1]

  def chart(
      self, name: str, specs: Sequence[charts.Spec], alt: str,
      legend: Mapping[str, str] | None = None
  ) -> Chart:
    """Draws panels of `charts` for the page, and as SVG and PDF for a paper.

    Args:
      name: of its files, without a suffix.
      specs: the panels.
      alt: what they show, for those who do not see it.
      legend: name -> colour, below the panels on the page.
    """
    return Chart(
        [Markup(drawing.for_page(
            spec, f'{alt} {spec["title"]}' if len(specs) > 1 else alt))
         for spec in specs],
        [*legend.items()] if legend and len(legend) > 1 else [],
        self.paper(name, specs))

  def paper(self, name: str, specs: Sequence[charts.Spec]) -> list[File]:
    """Keeps panels as SVG and PDF files alone, of what the page shows else."""
    svg, pdf = drawing.for_paper(specs)
    return [File(kind.upper(), self._store(f'figures/{name}.{kind}', data),
                 f'{name}.{kind}')
            for kind, data in (('svg', svg.encode()), ('pdf', pdf))]

  def table(
      self, name: str, header: Sequence[str], rows: Sequence[Sequence[Value]],
      *, digits: int = 2
  ) -> Table:
    """Writes a table as CSV, Markdown and LaTeX.

    Args:
      name: of its files, without a suffix.
      header: the columns' names.
      rows: text, integers, or Python floats; None or NaN where there is none.
      digits: of floats, after the point; the CSV file keeps six significant.
    """
    texts = (
        ('CSV', 'csv', formats.csv_text(header, rows)),
        ('Markdown', 'md', formats.markdown(header, rows, digits=digits)),
        ('LaTeX', 'tex', formats.latex(header, rows, digits=digits)))
    files = [File(label, self._store(f'tables/{name}.{kind}', text.encode()),
                  f'{name}.{kind}') for label, kind, text in texts]
    shown = [
        tuple(x if isinstance(x, str) else formats.fixed(
            x, digits, '\N{EN DASH}').replace('-', '\N{MINUS SIGN}')
            for x in row) for row in rows]
    numbers = [
        not any(isinstance(row[i], str) for row in rows)
        for i in range(len(header))]
    return Table(tuple(header), shown, numbers, files)

  def place(
      self, url: str, size: tuple[int, int], label: str, *,
      cells: np.ndarray | None = None, outlines: Sequence[str] = (),
      points: np.ndarray | None = None
  ) -> Markup:
    """Returns an image that the page's scripts lay a map over.

    Args:
      url: of the image.
      size: its height and width, in which outlines and points are.
      label: what it shows, in words.
      cells: a map, `[h, w]`, standard deviations above its mean.
      outlines: paths of SVG.
      points: `[N, 2]`, (y, x).
    """
    self.places.append({
        'width': size[1], 'height': size[0],
        'map': None if cells is None else packing.grid(packing.cells(cells)),
        'outlines': [{'d': path} for path in outlines],
        'points': [] if points is None else points.ravel().tolist()})
    return Markup(
        '<div class="overlay{}" data-place="{}" role="img" aria-label="{}" '
        'style="aspect-ratio:{} / {}"><img src="{}" alt="" loading="lazy">'
        '</div>').format('' if cells is None else ' grey',
                         len(self.places) - 1, label, *size[::-1], url)

  def file(self, name: str) -> Markup:
    """Returns a link to a file of the results folder, or its plain name."""
    if self.single_file:
      return Markup('<code>{}</code>').format(name)
    return Markup('<a href="../{}">{}</a>').format(
        urllib.parse.quote(name), name)

  def picture(self, name: str, data: bytes) -> str:
    """Keeps a picture and returns its URL.

    Args:
      name: with the suffix, e.g. '00001.jpg'.
      data: the file's bytes.
    """
    return self._store(f'pictures/{name}', data)

  def image(self, image) -> str:
    """Returns the URL of a `kept.Image`'s picture, which lies beside the site.
    """
    if not self.single_file:
      return f'../pictures/{image.picture.name}'
    return self.picture(image.picture.name, image.picture.read_bytes())

  def data(self, name: str, value) -> None:
    """Keeps a JSON value; `report.data(name)` promises it in the browser.

    Args:
      name: parts of letters, digits, '_', '-' and '.', with '/' between.
      value: NaN and infinities are refused; write None.

    Raises:
      ValueError: for another name, a second value of a name, or no JSON value.
    """
    text = as_json(value)
    if self.single_file:
      if name in self.data_blocks:
        raise ValueError(f'there already is {name!r}')
      self.data_blocks[_checked(name)] = text
    else:
      self._store(
          f'data/{name}.js', f'report.give({json.dumps(name)},{text});\n'
          .encode())

  def _store(self, name: str, data: bytes) -> str:
    """Writes a file of the site, or puts it into its URL."""
    if self._root is None:
      suffix = pathlib.PurePath(_checked(name)).suffix
      kind = _TYPES.get(suffix) or mimetypes.types_map[suffix]
      return f'data:{kind};base64,{base64.b64encode(data).decode()}'
    path = self._root / _checked(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, 'xb') as file:  # two of a name would be a mistake
      file.write(data)
    return name


def as_json(value) -> str:
  """Returns JSON that may stand in a script element: '<' is written \\u003c."""
  text = json.dumps(value, allow_nan=False, separators=(',', ':'))
  if _STEERED.search(text):
    text = json.dumps(directions.isolated(value), separators=(',', ':'))
  return text.replace('<', '\\u003c')


def as_jpeg(pixels: np.ndarray) -> bytes:
  """Returns an image, uint8 `[H, W, 3]`, as a file."""
  file = io.BytesIO()
  Image.fromarray(pixels).save(file, 'jpeg', quality=85)
  return file.getvalue()


def as_url(pixels: np.ndarray) -> str:
  """Returns an image, uint8 `[H, W, 3]`, as a 'data:' address."""
  return ('data:image/jpeg;base64,'
          + base64.b64encode(as_jpeg(pixels)).decode())


def _checked(name: str) -> str:
  if not _NAME.fullmatch(name):
    raise ValueError(f'{name!r} cannot be the name of a file of the site')
  return name
