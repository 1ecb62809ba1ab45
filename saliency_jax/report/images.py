"""The chapter of images: a gallery, and a page of each photograph or array."""

import numpy as np

from saliency_jax import progress
from saliency_jax.report import density, kept_maps, outlines, packing
from saliency_jax.report.chapter import Chapter, Site
from saliency_jax.report.folder import Results
from saliency_jax.report.sets import Sets, sets

# Between a target and its outline, in image widths: outlining strokes as thin
# as a search item's would hide them.
_MARGIN = 0.02


def chapter(results: Results, site: Site) -> Chapter | None:
  """Returns the chapter, and keeps the data that its scripts show."""
  shown, rows = results.kept.images, sets(results)
  if not shown:
    return None
  dissect = results.job == 'dissect'
  runs = [results, *filter(None, [site.compare])]
  site.data('images', {
      'photographs': dissect, 'score': 'NSS' if dissect else 'NMM',
      'sigma': density.SIGMA, 'categories': list(rows.categories),
      'layers': list(results.layers), 'runs': list(site.labels[:len(runs)]),
      'images': [_listed(results, site, rows, k) for k in range(len(shown))]})
  kept = [kept_maps.KeptMaps(run, results.layers) for run in runs]
  for k, image in enumerate(progress.track(
      shown, total=len(shown), unit='image', title='Packing images')):
    site.data(f'images/{k}', {
        'regions': _regions(results, rows, k),
        'points': results.kept.points[k].ravel().tolist(),
        'human': _human(results, k),
        'runs': [maps.of(image.image_id) for maps in kept]})
  return Chapter(
      'images', 'Images' if dissect else 'Arrays', 'images.html.j2', {
          'dissect': dissect, 'categories': rows.categories,
          'count': len(shown), 'total': results.summary['counts']['images']})


def _listed(results: Results, site: Site, rows: Sets, k: int) -> dict:
  """Returns what the gallery shows of an image."""
  image, mine = results.kept.images[k], rows.of_image(k)
  about = results.rows[mine[0]] if len(mine) else {}
  return {
      'id': image.image_id, 'width': image.width, 'height': image.height,
      'url': site.picture(image.picture.name, image.picture.read_bytes()),
      'about': ', '.join(filter(None, [
          about.get('background') and f"{about['background']} background",
          about.get('set_size') and f"{about['set_size']} items"])),
      'categories': np.unique(rows.category[mine]).tolist()}


def _regions(results: Results, rows: Sets, k: int) -> list[dict]:
  """Returns an image's regions or target, in the order of the rows."""
  mask, dissect = results.kept.mask(k), results.job == 'dissect'
  return [{
      'row': row,
      'name': results.rows[row].get('region_id', ''),
      'category': int(rows.category[row]),
      'fixations': int(results.rows[row].get('fixations', 0)),
      **outlines.outline(
          mask == 1 + rows.place[row], 0. if dissect else _MARGIN)}
      for row in rows.of_image(k).tolist()]


def _human(results: Results, k: int) -> dict | None:
  points, image = results.kept.points[k], results.kept.images[k]
  if not len(points):
    return None
  return packing.grid(
      packing.cells(density.density(points, image.height, image.width)))
