"""The chapter `before_after`: single units before and after fine-tuning."""

from saliency_jax.report.chapter import Chapter, Picture, Site, as_jpeg
from saliency_jax.report.depths.swept import Member, Swept, View
from saliency_jax.report.numbers import number
from saliency_jax.report.units.run import DISSECT, POPOUT

_KINDS = {'regions': DISSECT, 'popout': POPOUT}


def chapter(swept: Swept, site: Site) -> Chapter | None:
  """Returns the chapter on single units, Figures 5 and 6, if any."""
  if not swept.views:
    return None
  base = next(x for x in swept.members if x.name == swept.base)
  parts = []
  for kind in dict.fromkeys(view.kind for view in swept.views):
    views, panels = [], []
    for i, view in enumerate(x for x in swept.views if x.kind == kind):
      image = _image(view, site.picture(f'{kind}/{i}.jpg', as_jpeg(view.picture())))
      maps = {member.name: _under_map(image, view, member) for member in swept.members}
      before = maps.pop(base.name)
      large = [image, before, maps.get(view.best, before)]
      panels += [image._replace(text=f'{image.text}, {view.unit}'), *large[1:]]
      title = f'{view.label}, {view.unit}'
      small = [*maps.values()] if len(maps) > 1 else []
      views.append({'title': title, 'large': large, 'small': small})
    files = site.paper('figure5' if kind == 'regions' else 'before_after_arrays', panels)
    parts.append({'kind': kind, 'views': views, 'files': files})
  context = {'parts': parts, 'base': base.label}
  return Chapter('before_after', 'Before and after', 'depths/before_after.html.j2', context)


def _image(view: View, url: str) -> Picture:
  """Returns the image of a view, with its set outlined."""
  kind, (pixels, mask) = _KINDS[view.kind], view.read()
  text = f'{kind.image} {view.image_id}: {view.label}'
  outlined = f'{text}, outlined'
  return Picture(url, pixels, mask.shape, text, outlined, mask=mask, margin=kind.margin, coloured=kind.coloured)


def _under_map(image: Picture, view: View, member: Member) -> Picture:
  """Returns the image under the unit's map in a member."""
  cells, kind = view.maps[member.name], _KINDS[view.kind]
  # The kernel scores a constant map 0.
  silent = '' if cells.any() else ' (constant)'
  return image._replace(
    cells=cells,
    placement=view.placement,
    text=f'{member.label}: {kind.score} {number(view.scores[member.name], 1)}{silent}',
    label=f'map of unit {view.unit} of {member.label} over {kind.image} {view.image_id}',
  )
