"""What the page of each job is made of."""

from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

from saliency_jax.report import (
    before_after,
    depth_text,
    depths,
    evaluated,
    folder,
    images,
    layers,
    overview,
    popout,
    score_tables,
    scores,
    swept,
    tables,
    training,
    units,
)


class Job(NamedTuple):
  """A kind of results folder."""
  title: str  # of its page
  read: Callable[[Any], Any]  # its folder; raises InputError
  text: Callable[[Any], str]  # of what was read: its tables, for the terminal
  chapters: tuple[ModuleType, ...]  # each with chapter(results, site)


JOBS = {
    'dissect': Job(
        'Which units respond to what people look at?', folder.read,
        tables.text, (overview, layers, units, images)),
    'popout': Job(
        'Which units respond to the odd one out?', folder.read, tables.text,
        (overview, popout, layers, units, images)),
    'sweep': Job(
        'What does training change inside?', swept.read, depth_text.text,
        (depths, before_after, training)),
    'train': Job(
        'How does a saliency model learn?', swept.read, depth_text.text,
        (training,)),
    'evaluate': Job(
        'How well do models tell where people look?', evaluated.read,
        lambda results: score_tables.text(results.path), (scores,))}
COMPARED = ('dissect', 'popout')  # of which two folders can stand side by side
