"""The chapter `before_after`: single units before and after fine-tuning."""

from saliency_jax.report.chapter import Chapter, Picture, Site, as_jpeg
from saliency_jax.report.depths.swept import Member, Swept, View
from saliency_jax.report.numbers import number

# Between a target and its outline, in image widths: outlining strokes as thin
# as a search item's would hide them.
_MARGIN = {'regions': 0.0, 'popout': 0.02}
_SCORE = {'regions': 'NSS', 'popout': 'NMM'}
_NOUN = {'regions': 'photograph', 'popout': 'search array'}


def chapter(swept: Swept, site: Site) -> Chapter | None:
  """Returns the chapter on single units, Figures 5 and 6, if some are kept."""
  if not swept.views:
    return None
  members = {member.name: member for member in swept.members}
  base = members[swept.base]
  parts = []
  for kind in dict.fromkeys(view.kind for view in swept.views):
    views, specs = [], []
    for i, view in enumerate(x for x in swept.views if x.kind == kind):
      url = site.picture(f'{kind}/{i}.jpg', as_jpeg(view.picture()))
      pictures = {member and member.name: _picture(view, member, url) for member in (None, *swept.members)}
      large = [pictures[x] for x in (None, base.name, view.best)]
      small = [x for name, x in pictures.items() if name not in (None, base.name)]
      specs += [large[0]._replace(text=f'{large[0].text}, {view.unit}'), *large[1:]]
      views.append(
        {
          'title': f'{view.label}, {view.unit}',
          'note': view.note,
          'large': large,
          'small': small if len(small) > 1 else [],
        }
      )
    parts.append(
      {
        'kind': kind,
        'views': views,
        'files': site.paper('figure5' if kind == 'regions' else 'before_after_arrays', specs),
      }
    )
  return Chapter(
    'before_after', 'Before and after', 'depths/before_after.html.j2', {'parts': parts, 'base': base.label}
  )


def _picture(view: View, member: Member | None, url: str) -> Picture:
  """Returns the image of a view, under the unit's map in a member."""
  pixels, mask = view.read()
  noun = f'{_NOUN[view.kind]} {view.image_id}'
  shown = Picture(
    url,
    pixels,
    mask.shape,
    f'{noun}: {view.label}',
    f'{noun}: {view.label}, outlined',
    mask=mask,
    margin=_MARGIN[view.kind],
    coloured=view.kind == 'popout',
  )
  if member is None:
    return shown
  cells = view.maps[member.name]
  # The kernel scores a constant map 0.
  silent = '' if cells.any() else ' (constant)'
  return shown._replace(
    cells=cells,
    text=f'{member.label}: {_SCORE[view.kind]} {number(view.scores[member.name], 1)}{silent}',
    label=f'map of unit {view.unit} of {member.label} over {noun}',
  )
