"""The chapter of images: a gallery, and a page of each photograph or array."""

import numpy as np

from saliency_jax import progress
from saliency_jax.report import density, outlines, packing
from saliency_jax.report.chapter import Chapter, Site
from saliency_jax.report.units.kept_maps import KeptMaps
from saliency_jax.report.units.run import DISSECT, Run


def chapter(run: Run, site: Site) -> Chapter | None:
  """Returns the chapter, and keeps the data that its scripts show."""
  images = run.kept.images
  if not images:
    return None
  groups = {name: i for i, name in enumerate(run.groups)}
  rows = run.rows.assign(group=run.rows['group'].map(groups))
  runs = [x for x in (run, site.compare) if x]
  of_image = dict(iter(rows[rows['image'] >= 0].groupby('image')))
  listed = [
      _listed(run, site, of_image.get(k), k) for k in range(len(images))]
  site.data('images', {
      'photographs': run.kind is DISSECT, 'score': run.kind.score,
      'sigma': density.SIGMA, 'categories': list(run.groups),
      'layers': list(run.layers), 'runs': list(site.labels[:len(runs)]),
      'images': listed})
  kept = [KeptMaps(x, run.layers) for x in runs]
  for k, image in enumerate(progress.track(
      images, total=len(images), unit='image', title='Packing images')):
    points = run.kept.points[k]
    site.data(f'images/{k}', {
        'regions': _regions(run, of_image.get(k), k),
        'points': points.ravel().tolist(),
        'human': packing.grid(packing.cells(density.density(
            points, image.height, image.width))) if len(points) else None,
        'runs': [maps.of(image.image_id) for maps in kept]})
  return Chapter(
      'images', f'{run.kind.image.capitalize()}s', 'units/images.html.j2', {
          'run': run, 'listed': listed,
          'total': run.summary['counts']['images']})


def _listed(run: Run, site: Site, rows, k: int) -> dict:
  """Returns what the gallery shows of an image."""
  image = run.kept.images[k]
  first = rows.iloc[0] if rows is not None else {}
  return {
      'id': image.image_id, 'width': image.width, 'height': image.height,
      'url': site.image(image), 'about': ', '.join(filter(None, [
          first.get('background') and f"{first['background']} background",
          first.get('set_size', 0) > 0 and f"{first['set_size']:.0f} items"])),
      'categories': np.unique(rows['group']).tolist()
      if rows is not None else []}


def _regions(run: Run, rows, k: int) -> list[dict]:
  """Returns an image's regions or target, in the order of the rows."""
  if rows is None:
    return []
  mask = run.kept.mask(k)
  return [{
      'row': row.Index, 'category': int(row.group),
      'fixations': int(getattr(row, 'fixations', 0)),
      **outlines.outline(mask == 1 + row.place, run.kind.margin)}
      for row in rows.itertuples()]
