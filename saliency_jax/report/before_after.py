"""The chapter `before_after`: single units before and after fine-tuning.

Figures 5 and 6 of He et al. 2019, on photographs, and the same on search
arrays.
"""

import functools
from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.figure import Figure

from saliency_jax.report import overlays, style
from saliency_jax.report.chapter import Chapter, Site
from saliency_jax.report.numbers import number
from saliency_jax.report.swept import Member, Swept, View

_SCORE = {'regions': 'NSS', 'popout': 'NMM'}
_FIGURE = {'regions': 'figure5', 'popout': 'before_after_arrays'}
_LARGE, _SMALL = 480, 240  # widths of the pictures, px
# Between a target and its outline, in image widths: outlining strokes as thin
# as a search item's would hide them.
_MARGIN = {'regions': 0., 'popout': 0.02}


class Tile(NamedTuple):
  """A picture and its caption."""
  url: str
  width: int
  height: int
  alt: str
  text: str


class Row(NamedTuple):
  """One view: the image, before, after, and every member."""
  title: str
  unit: str
  note: str
  large: list[Tile]
  small: list[Tile]


class Part(NamedTuple):
  """All views of one kind."""
  kind: str
  rows: list[Row]
  files: list


def chapter(results: Swept, site: Site) -> Chapter | None:
  """Returns the chapter on single units, if some are kept."""
  if not results.views:
    return None
  members = {member.name: member for member in results.members}
  parts = []
  for kind in dict.fromkeys(view.kind for view in results.views):
    views = [view for view in results.views if view.kind == kind]
    parts.append(Part(
        kind, [_row(view, number, results, members, site)
               for number, view in enumerate(views)],
        site.export(_FIGURE[kind], functools.partial(
            figure, views, members, results.base))))
  return Chapter(
      'before_after', 'Before and after', 'before_after.html.j2', {
          'parts': parts, 'base': members[results.base].label,
          'colour_bar': site.figure(
              'colour_bar', overlays.colour_bar,
              'Colour scale of the maps: from grey at the mean through purple '
              'and orange to yellow at 6 standard deviations.')})


def figure(
    views: Sequence[View], members: dict[str, Member], base: str,
    theme: style.Theme, *, narrow: bool = False
) -> Figure:
  """Draws the image, before and after, a row for each view.

  Args:
    views: of one kind.
    members: name -> member.
    base: the member that is before.
    theme: light or dark.
    narrow: for a phone.
  """
  wide = 3.7 if narrow else 7.
  read = [view.read() for view in views]
  heights = [
      wide / 3 * picture.shape[0] / picture.shape[1] for picture, _ in read]
  with style.drawing(theme):
    drawn = style.figure(wide, sum(heights) + 0.3 * len(views) + 0.6)
    axes = drawn.subplots(
        len(views) + 1, 3, squeeze=False,
        gridspec_kw={'height_ratios': [*heights, 0.1]})
    for view, (picture, mask), row in zip(views, read, axes, strict=False):
      maps = (None, view.maps[base], view.maps[view.best])
      titles = (
          f'{view.image_id}: {view.label}, {view.unit}',
          *(_caption(view, members[name]) for name in (base, view.best)))
      for axis, cells, title in zip(row, maps, titles, strict=True):
        overlays.draw(
            axis, picture, mask, cells, margin=_MARGIN[view.kind])
        axis.set_title(
            title, loc='left', fontsize=6 if narrow else 8,
            fontweight='normal', pad=3)
    for axis in axes[-1]:
      axis.remove()
    overlays.scale(drawn.add_subplot(axes[-1, 0].get_gridspec()[-1, :]))
  return drawn


def _caption(view: View, member: Member) -> str:
  # The kernel scores a constant map 0.
  silent = not view.maps[member.name].any()
  return (
      f'{member.label}: {_SCORE[view.kind]} '
      f'{number(view.scores[member.name], 1)}{" (constant)" if silent else ""}')


def _row(
    view: View, place: int, results: Swept, members: dict[str, Member],
    site: Site
) -> Row:
  picture, mask = view.read()
  margin, noun = _MARGIN[view.kind], (
      'photograph' if view.kind == 'regions' else 'search array')

  def tile(name: str, width: int, member: Member | None) -> Tile:
    height = max(1, round(width * picture.shape[0] / picture.shape[1]))
    data = overlays.jpeg(
        picture, mask, view.maps[member.name] if member else None,
        width=2 * width if width == _SMALL else width, margin=margin)
    url = site.picture(f'{_FIGURE[view.kind]}/{place}_{name}.jpg', data)
    if member is None:
      return Tile(
          url, width, height,
          f'{noun} {view.image_id}, the set of pixels {view.label} outlined',
          f'{noun} {view.image_id}: {view.label}')
    return Tile(
        url, width, height,
        f'map of unit {view.unit} of {member.label} over {noun} '
        f'{view.image_id}',
        _caption(view, member))

  after = [x for x in results.members if x.name != results.base]
  return Row(
      f'{view.label}, {view.unit}', view.unit, view.note,
      [tile('image', _LARGE, None),
       tile('before', _LARGE, members[results.base]),
       tile('after', _LARGE, members[view.best])],
      [tile(f'member{i}', _SMALL, x) for i, x in enumerate(after)]
      if len(after) > 1 else [])
