"""The chapter of images: a gallery, and a page for each photograph or array."""

import numpy as np
import pandas as pd

from saliency_jax import progress
from saliency_jax.report import outlines, packing
from saliency_jax.report.chapter import Chapter, Site
from saliency_jax.report.kept import Image
from saliency_jax.report.units.run import DISSECT, Run

# Sigma of the blur as a share of the image's width, where `data.sigma` is not
# set: 24 pixels of OSIE's 800, one degree of visual angle.
SIGMA = 0.03
_ACROSS = 64  # cells; a sigma is 1 of them or more


def chapter(run: Run, site: Site) -> Chapter | None:
  """Returns the chapter, and stores the data that its scripts show."""
  images = run.kept.images
  if not images:
    return None
  rows = run.rows.assign(group=run.rows['group'].map({name: i for i, name in enumerate(run.groups)}))
  of_image = [rows[:0]] * len(images)
  for k, of in rows[rows['image'] >= 0].groupby('image'):
    of_image[k] = of
  runs = site.runs
  listed = [_listed(*x) for x in zip(images, of_image, strict=True)]
  degree = run.config.get('data', {}).get('sigma', 0.0)
  data = {
    'photographs': run.kind is DISSECT,
    'score': run.kind.score,
    'categories': list(run.groups),
    'layers': list(run.layers),
    'runs': site.labels[: len(runs)],
    'images': listed,
  }
  site.data('images', data)
  for k, image in enumerate(progress.track(images, total=len(images), unit='image', title='Packing images')):
    points, mask = run.kept.points[k], run.kept.mask(k)
    regions = [
      {
        'row': row.Index,
        'category': int(row.group),
        'fixations': int(getattr(row, 'fixations', 0)),
        **outlines.outline(mask == 1 + row.place, run.kind.margin),
      }
      for row in of_image[k].itertuples()
    ]
    sigma = max(degree or SIGMA * image.width, image.width / _ACROSS)
    human = packing.grid(packing.cells(density(points, image.height, image.width, sigma))) if len(points) else None
    maps = [_maps(x, image.image_id) for x in runs]
    shown = {'regions': regions, 'points': points.ravel().tolist(), 'human': human, 'sigma': sigma, 'runs': maps}
    site.data(f'images/{k}', shown)
  tiles = [x | {'url': site.picture(of.picture.name, of.picture)} for x, of in zip(listed, images, strict=True)]
  context = {'run': run, 'listed': tiles, 'total': run.summary['counts']['images']}
  return Chapter('images', f'{run.kind.image.capitalize()}s', 'units/images.html.j2', context)


def _listed(image: Image, rows: pd.DataFrame) -> dict:
  """Returns what the gallery shows of an image."""
  return {
    'id': image.image_id,
    'width': image.width,
    'height': image.height,
    'categories': np.unique(rows['group']).tolist(),
  }


def _maps(run: Run, image_id: str) -> dict | None:
  """Returns a run's maps of an image, see `Kept.packed`, and its best units.

  `best` has a list for each region, with every layer's best unit and its score;
  None for a region without a score.
  """

  def best(row: int) -> list[list] | None:
    scores = [run.scores[layer][row] for layer in run.layers]
    if any(np.isnan(x).any() for x in scores):
      return None
    return [[int(x.argmax()), round(float(x.max()), 3)] for x in scores]

  packed = run.kept.packed(image_id)
  return packed and packed | {'best': [*map(best, run.by_image.get(run.kept.numbers[image_id], ()))]}


def density(points: np.ndarray, height: int, width: int, sigma: float) -> np.ndarray:
  """Returns blurred fixations, standardised to mean 0 and deviation 1.

  Args:
    points: `[N, 2]`, (y, x) in pixels, N > 0.
    sigma: of the Gaussian, in pixels.

  Returns:
    float64 `[h, w]`: values at the centres of cells that tile the image.
    Nothing is reflected at the border.
  """
  shape = max(1, round(_ACROSS * height / width)), _ACROSS
  rows, columns = (
    np.exp(-(((_centres(size, count) - points[:, axis, None]) / sigma) ** 2) / 2)
    for axis, (size, count) in enumerate(zip((height, width), shape, strict=True))
  )
  total = rows.T @ columns
  return (total - total.mean()) / total.std()


def _centres(size: int, count: int) -> np.ndarray:
  """Returns the centres of `count` cells over `size` pixels, in pixels."""
  return (np.arange(count) + 0.5) * size / count - 0.5
