"""What a chapter of the site is made with: figures, tables, pictures, data."""

import base64
import json
import mimetypes
import pathlib
import re
import urllib.parse
from collections.abc import Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from saliency_jax.report import formats, pictures, style
from saliency_jax.report.formats import Value
from saliency_jax.report.pictures import Draw, Figure, File

# Names become paths and URLs; what comes from a results folder is checked.
_NAME = re.compile(r'[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][\w.-]*)*',
                   re.ASCII)
_TYPES = {'.md': 'text/markdown', '.tex': 'text/x-tex', '.csv': 'text/csv'}


class Chapter(NamedTuple):
  """A section of the page, shown alone at `#/<name>`."""
  name: str  # the section's id
  title: str
  template: str  # the inside of the section, a file of templates/
  context: dict[str, Any]  # beside `site`


class Table(NamedTuple):
  """A table to show and to download."""
  header: tuple[str, ...]
  rows: list[tuple[str, ...]]  # written out; a dash where there is no number
  numbers: list[bool]  # which columns hold numbers
  files: list[File]


class Site:
  """The site of one results folder while it is made.

  Attributes:
    results: what the job's reader returned.
    compare: the results to compare with, or None.
    single_file: whether all goes into one HTML file.
    data_blocks: name -> JSON text, to be embedded in a single file.
  """

  def __init__(
      self, results, compare=None, *, root: pathlib.Path | None
  ):
    """Args are the attributes; `root` is the folder, None for a single file."""
    self.results, self.compare = results, compare
    self.single_file = root is None
    self.data_blocks: dict[str, str] = {}
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

  def figure(self, name: str, draw: Draw, alt: str) -> Figure:
    """Draws a figure for the page, and as SVG and PDF for a paper.

    Args:
      name: of its files, without a suffix.
      draw: `draw(theme, narrow=False)` returns a matplotlib figure.
      alt: what the figure shows, for those who do not see it.
    """
    return pictures.figure(name, draw, alt, self._store)

  def export(self, name: str, draw: Draw) -> list[File]:
    """As `figure`, for what the page shows otherwise: only SVG and PDF."""
    return pictures.exported(name, draw(style.LIGHT), self._store)

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
    texts = {
        'csv': formats.csv_text(header, rows),
        'md': formats.markdown(header, rows, digits=digits),
        'tex': formats.latex(header, rows, digits=digits)}
    files = [
        File(label, self._store(
            f'tables/{name}.{kind}', texts[kind].encode()), f'{name}.{kind}')
        for label, kind in (('CSV', 'csv'), ('Markdown', 'md'),
                            ('LaTeX', 'tex'))]
    shown = [
        tuple(x if isinstance(x, str) else formats.fixed(
            x, digits, '\N{EN DASH}').replace('-', '\N{MINUS SIGN}')
            for x in row) for row in rows]
    numbers = [
        not any(isinstance(row[i], str) for row in rows)
        for i in range(len(header))]
    return Table(tuple(header), shown, numbers, files)

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

  def data(self, name: str, value) -> None:
    """Keeps a JSON value; `report.data(name)` promises it in the browser.

    Args:
      name: parts of letters, digits, '_', '-' and '.', with '/' between.
      value: NaN and infinities are refused; write None.

    Raises:
      ValueError: for another name, a second value of a name, or no JSON value.
    """
    # What could end a script element is written as \u003c.
    text = json.dumps(
        value, allow_nan=False, separators=(',', ':')).replace('<', '\\u003c')
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


def _checked(name: str) -> str:
  if not _NAME.fullmatch(name):
    raise ValueError(f'{name!r} cannot be the name of a file of the site')
  return name
