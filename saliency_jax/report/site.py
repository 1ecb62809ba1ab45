"""The site of a finished job: one page of chapters, which works offline."""

import contextlib
import os
import pathlib
import re
import shutil
import tempfile
from collections.abc import Iterator

import jinja2
from markupsafe import Markup, escape

from saliency_jax import files
from saliency_jax.errors import InputError
from saliency_jax.report import folder, paper, reading
from saliency_jax.report.chapter import Chapter, Site
from saliency_jax.report.jobs import COMPARED, JOBS
from saliency_jax.report.numbers import number

_TEMPLATES = pathlib.Path(__file__).parent / 'templates'
# The frame and what others call, before the chapters' own scripts.
_FIRST = ('report.js', 'viewer.js', 'style.css')


def write(
    workdir: str | os.PathLike, compare: str | os.PathLike = '',
    single_file: bool = False
) -> pathlib.Path:
  """Makes the page of a finished job from the files in its folder.

  The folder `report` is replaced as a whole, when the new one is whole.

  Args:
    workdir: the job's folder, which takes the page too.
    compare: another folder of the same job with the same layers; '' for none.
    single_file: write `report.html`, which holds everything, and no folder.

  Returns:
    The page's path.

  Raises:
    InputError: if a folder is not that of a finished job, or the two cannot be
      compared.
  """
  job = reading.job(workdir, JOBS)
  results = JOBS[job].read(workdir)
  other = _other(results, job, compare) if str(compare) else None
  path = pathlib.Path(workdir)
  if single_file:
    target = path / 'report.html'
    with files.replacing(target) as temporary:
      temporary.write_text(
          _page(Site(results, other, root=None), job, path), encoding='utf-8')
    return target
  with _replacing(path / 'report') as temporary:
    (temporary / 'index.html').write_text(
        _page(Site(results, other, root=temporary), job, path),
        encoding='utf-8')
  return path / 'report' / 'index.html'


def text(workdir: str | os.PathLike) -> str:
  """Returns the tables of a finished job for the terminal.

  Raises:
    InputError: if the folder is not that of a finished job.
  """
  job = JOBS[reading.job(workdir, JOBS)]
  return job.text(job.read(workdir))


def _other(results, job: str, compare: str | os.PathLike):
  """Returns the results to compare with."""
  if job not in COMPARED:
    raise InputError(
        f"--compare takes two folders of {' or of '.join(COMPARED)}, and "
        f'{results.path} is of {job}.')
  return folder.comparable(results, compare)


def _page(site: Site, job: str, workdir: pathlib.Path) -> str:
  """Returns the HTML, and keeps the other files of the site."""
  made = [
      module.chapter(site.results, site) for module in JOBS[job].chapters]
  chapters = [chapter for chapter in made if chapter is not None]
  environment = jinja2.Environment(
      loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True,
      undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
  environment.filters['number'] = number
  environment.filters['linked'] = _linker(site, chapters)
  sections = [
      (chapter, Markup(environment.get_template(chapter.template).render(
          chapter.context, site=site))) for chapter in chapters]
  return environment.get_template('index.html.j2').render(
      title=JOBS[job].title, folder=workdir.resolve().name, sections=sections,
      citation=paper.citation(), styles=_sources('css'), scripts=_sources('js'),
      blocks={name: Markup(text) for name, text in site.data_blocks.items()})


def _linker(site: Site, chapters: list[Chapter]):
  """Returns a filter that makes links of the units that a text names."""
  layers = getattr(site.results, 'layers', ())
  if not layers or all(x.name != 'units' for x in chapters):
    return escape
  unit = re.compile(
      rf"\b((?:{'|'.join(map(re.escape, layers))}):\d+)\b", re.ASCII)

  def linked(text: str) -> Markup:
    return Markup(unit.sub(
        r'<a class="unit" href="#/units/\1">\1</a>', str(escape(text))))

  return linked


def _sources(suffix: str) -> list[Markup]:
  """Returns the style sheets or scripts, to stand inside the page."""
  paths = sorted(
      _TEMPLATES.glob(f'*.{suffix}'),
      key=lambda path: (path.name not in _FIRST, path.name))
  return [Markup(path.read_text(encoding='utf-8')) for path in paths]


@contextlib.contextmanager
def _replacing(target: pathlib.Path) -> Iterator[pathlib.Path]:
  """Yields an empty folder that takes the name `target` on success."""
  new, old = (
      pathlib.Path(tempfile.mkdtemp(dir=target.parent, prefix='.report.'))
      for _ in range(2))
  try:
    # mkdtemp makes private folders; the result should obey the user's umask.
    umask = os.umask(0)
    os.umask(umask)
    new.chmod(0o777 & ~umask)
    yield new
    if target.exists():
      os.replace(target, old / 'report')
    os.replace(new, target)
  finally:
    for path in (new, old):
      shutil.rmtree(path, ignore_errors=True)
