"""The chapter `before_after`: single units before and after fine-tuning."""

import numpy as np

from saliency_jax.ops import overlays
from saliency_jax.report import charts, outlines
from saliency_jax.report.chapter import Chapter, Site, as_jpeg, as_url
from saliency_jax.report.depths.swept import Member, Swept, View
from saliency_jax.report.numbers import number

# Between a target and its outline, in image widths: outlining strokes as thin
# as a search item's would hide them.
_MARGIN = {'regions': 0., 'popout': 0.02}
_SCORE = {'regions': 'NSS', 'popout': 'NMM'}


def chapter(swept: Swept, site: Site) -> Chapter | None:
  """Returns the chapter on single units, Figures 5 and 6, if some are kept."""
  if not swept.views:
    return None
  members = {member.name: member for member in swept.members}
  parts = []
  for kind in dict.fromkeys(view.kind for view in swept.views):
    views = [view for view in swept.views if view.kind == kind]
    specs = [spec for view in views for spec in _paper_views(
        view, members, swept.base)]
    parts.append({
        'kind': kind, 'views': [
            _view(i, view, members, swept.base, site)
            for i, view in enumerate(views)],
        'files': site.paper(
            'figure5' if kind == 'regions' else 'before_after_arrays', specs)})
  return Chapter(
      'before_after', 'Before and after', 'depths/before_after.html.j2',
      {'parts': parts, 'base': members[swept.base].label})


def _caption(view: View, member: Member) -> str:
  # The kernel scores a constant map 0.
  silent = '' if view.maps[member.name].any() else ' (constant)'
  return (f'{member.label}: {_SCORE[view.kind]} '
          f'{number(view.scores[member.name], 1)}{silent}')


def _view(
    i: int, view: View, members: dict[str, Member], base: str, site: Site
) -> dict:
  picture, mask = view.read()
  url = site.picture(f'{view.kind}/{i}.jpg', as_jpeg(picture))
  shape = outlines.outline(mask, _MARGIN[view.kind])['d']
  noun = 'photograph' if view.kind == 'regions' else 'search array'

  def tile(member: Member | None) -> dict:
    if member is None:
      text = f'{noun} {view.image_id}: {view.label}'
      label, cells = f'{text}, outlined', None
    else:
      text, cells = _caption(view, member), view.maps[member.name]
      label = (f'map of unit {view.unit} of {member.label} over {noun} '
               f'{view.image_id}')
    return {'text': text, 'place': site.place(
        url, mask.shape, label, cells=cells, outlines=[shape])}

  after = [x for x in members.values() if x.name != base]
  return {
      'title': f'{view.label}, {view.unit}', 'note': view.note,
      'large': [tile(None), tile(members[base]), tile(members[view.best])],
      'small': [tile(x) for x in after] if len(after) > 1 else []}


def _paper_views(
    view: View, members: dict[str, Member], base: str) -> list[charts.Spec]:
  """Returns the image, before and after, as panels for a paper."""
  picture, mask = view.read()
  edge = outlines.edge(mask, picture.shape[:2], _MARGIN[view.kind])
  specs = []
  for name in ('', base, view.best):
    pixels = picture if not name else overlays.under_map(
        picture, view.maps[name], coloured=view.kind == 'popout')
    pixels = np.where(edge[..., None], 255, pixels).astype(np.uint8)
    title = (_caption(view, members[name]) if name
             else f'{view.image_id}: {view.label}, {view.unit}')
    specs.append(charts.picture(as_url(pixels), picture.shape[:2], title))
  return specs
