"""The site of a finished job: one page of chapters, which works offline."""

import base64
import contextlib
import hashlib
import os
import pathlib
import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jinja2
import numpy as np
from markupsafe import Markup, escape

from saliency_jax import files
from saliency_jax.errors import InputError, escaped
from saliency_jax.ops import overlays
from saliency_jax.report import directions, facts, packing, paper, reading
from saliency_jax.report.chapter import Chapter, Site, as_json
from saliency_jax.report.depths import depths_page, swept
from saliency_jax.report.maps import maps_page
from saliency_jax.report.numbers import counted, number
from saliency_jax.report.scores import evaluated, scores_page
from saliency_jax.report.tasks import compared, tasks_page
from saliency_jax.report.units import run, units_page

_FOLDER = pathlib.Path(__file__).parent
# The frame and shared functions, before the scripts that use them.
_FIRST = ('report.js', 'viewer.js', 'overlay.js', 'photograph.js', 'unit.js', 'listing.js')


class Job(NamedTuple):
  """A kind of results folder."""

  title: str  # of the page
  folder: str  # of report/, with the job's templates and scripts
  read: Callable[[Any], Any]  # reads a folder; raises InputError
  # Returns the tables of what was read for the terminal; also takes a second
  # folder's and its label.
  text: Callable[..., str]
  chapters: Callable[[Any, Site], list[Chapter | None]]
  coloured: bool = False  # whether colours are the images' subject
  # Reads a second folder to compare with; None if that is not possible.
  beside: Callable[[Any, Any], Any] | None = None


_UNITS = ('units', run.read, units_page.text, units_page.chapters)
_DEPTHS = ('depths', swept.read, depths_page.text, depths_page.chapters)
JOBS = {
  'dissect': Job('Which units respond to what people look at?', *_UNITS, beside=run.beside),
  'popout': Job('Which units respond to the odd one out?', *_UNITS, coloured=True, beside=run.beside),
  'sweep': Job('What does training change inside the network?', *_DEPTHS),
  'train': Job('How does a saliency model learn?', *_DEPTHS),
  'predict': Job('Where does the model look?', 'maps', maps_page.read, maps_page.text, maps_page.chapters),
  'tasks': Job('Is it the task or the data?', 'tasks', compared.read, tasks_page.text, tasks_page.chapters),
  'evaluate': Job(
    'How well do models predict where people look?', 'scores', evaluated.read, scores_page.text, scores_page.chapters
  ),
}


def write(workdir: str | os.PathLike, compare: str | os.PathLike = '', single_file: bool = False) -> pathlib.Path:
  """Makes the page of a finished job in its folder, and returns its path.

  The folder `report` is replaced when the new one is complete.

  Args:
    compare: another folder of the same job with the same layers; '' for none.
    single_file: write `report.html`, which contains everything, and no folder.

  Raises:
    InputError: a folder is not that of a finished job, or the two cannot be
      compared.
  """
  job = JOBS[reading.job(workdir, JOBS)]
  path = pathlib.Path(workdir)
  with contextlib.ExitStack() as stack:
    try:
      stack.enter_context(files.locked(path, wait=False))
    except BlockingIOError as error:
      raise InputError(f'Another process is at work in {workdir}; wait for it.') from error
    files.remove_leftovers(path, ())
    stack.enter_context(reading.fitting(workdir))
    results, other = _read(job, workdir, compare)
    if single_file:
      target = path / 'report.html'
      with files.replacing(target) as temporary:
        temporary.write_text(_page(Site(results, other, root=None), job, path), encoding='utf-8')
      return target
    temporary = stack.enter_context(_replacing(path / 'report'))
    (temporary / 'index.html').write_text(_page(Site(results, other, root=temporary), job, path), encoding='utf-8')
  return path / 'report' / 'index.html'


def text(workdir: str | os.PathLike, compare: str | os.PathLike = '') -> str:
  """Returns the tables and the findings of a finished job for the terminal.

  Args and errors are those of `write`.
  """
  job = JOBS[reading.job(workdir, JOBS)]
  with reading.fitting(workdir):
    results, other = _read(job, workdir, compare)
    beside = (other, Site(results, other, root=None).labels[1]) if other else ()
    # Names are untrusted and must not control the terminal.
    return '\n'.join(map(escaped, job.text(results, *beside).split('\n')))


def _read(job: Job, workdir: str | os.PathLike, compare: str | os.PathLike) -> tuple[Any, Any]:
  """Returns a folder's results and those to compare with, or None."""
  results = job.read(workdir)
  if not str(compare):
    return results, None
  if job.beside is None:
    raise InputError(f'--compare takes two folders of dissect or of popout, and {results.path} is of another job.')
  return results, job.beside(results, compare)


def _page(site: Site, job: Job, workdir: pathlib.Path) -> str:
  """Returns the HTML, and writes the other files of the site."""
  chapters = [x for x in job.chapters(site.results, site) if x is not None]
  environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_FOLDER),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=directions.isolated,
  )
  environment.filters |= {'number': number, 'linked': _linker(site, chapters)}
  environment.globals |= {
    'site': site,
    'paper': paper.facts(),
    'facts': facts.beside(*site.runs),
    'named': facts.named,
    'counted': counted,
    'map_bar': _map_bar(),
  }
  sections = [(x, Markup(environment.get_template(x.template).render(x.context))) for x in chapters]
  site.data('places', site.places)
  scripts = [Markup(x.read_text(encoding='utf-8')) for x in _scripts(job)]
  return environment.get_template('web/index.html.j2').render(
    title=job.title,
    folder=workdir.resolve().name,
    sections=sections,
    coloured=job.coloured,
    colours=Markup(as_json(_colours())),
    style=Markup((_FOLDER / 'web' / 'style.css').read_text('utf-8')),
    scripts=scripts,
    hashes=[base64.b64encode(hashlib.sha256(x.encode()).digest()).decode() for x in scripts],
    blocks={name: Markup(text) for name, text in site.data_blocks.items()},
  )


def _scripts(job: Job) -> list[pathlib.Path]:
  """Returns the scripts of the frame and of a job, in order."""
  paths = [*(_FOLDER / 'web').glob('*.js'), *(_FOLDER / job.folder).glob('*.js')]
  return sorted(paths, key=lambda x: (_FIRST.index(x.name) if x.name in _FIRST else len(_FIRST), x.name))


def _colours() -> dict[str, list]:
  """Returns the colours of maps by byte: RGB and opacity; and for 256 shares of
  the other scales, the colour and the ink that is legible on it."""
  shades = overlays.shades(packing.LOWEST + packing.STEP * np.arange(256))
  scales = {name: overlays.colours(name, np.linspace(0, 1, 256)) for name in ('values', 'differences')}
  return {'maps': np.round(255 * shades).astype(int).tolist()} | {
    name: [(overlays.hexed(x), overlays.legible(x)) for x in of] for name, of in scales.items()
  }


def _map_bar() -> str:
  """Returns gradient stops of maps over a photograph of middle grey."""
  line = overlays.under_map(np.full((1, 25, 3), 128, np.uint8), np.linspace(*overlays.RANGE, 25)[None])
  return ', '.join(overlays.hexed(x / 255) for x in line[0])


def _linker(site: Site, chapters: list[Chapter]):
  """Returns a filter that turns units' names in a text into links."""
  layers = getattr(site.results, 'layers', ())
  if not layers or all(x.name != 'units' for x in chapters):
    return escape
  unit = re.compile(rf'\b((?:{"|".join(map(re.escape, layers))}):\d+)\b', re.ASCII)

  def linked(text: str) -> Markup:
    return Markup(unit.sub(r'<a class="unit" href="#/units/\1">\1</a>', str(escape(text))))

  return linked


@contextlib.contextmanager
def _replacing(target: pathlib.Path) -> Iterator[pathlib.Path]:
  """Yields an empty folder that takes the name `target` on success."""
  # No other process uses these names: the folder is locked, without leftovers.
  new, old = (target.parent / f'{files.TEMPORARY}{name}' for name in ('new', 'old'))
  try:
    with files.naming(target):
      new.mkdir()
      yield new
    if target.exists():
      os.replace(target, old)
    os.replace(new, target)
  finally:
    for path in (new, old):
      shutil.rmtree(path, ignore_errors=True)
