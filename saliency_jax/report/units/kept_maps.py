"""The maps that a run keeps of an image, for the page's scripts."""

import base64
from collections.abc import Sequence

import numpy as np

from saliency_jax.report import packing
from saliency_jax.report.units.run import Run


class KeptMaps:
  """All kept maps of a run in bytes, to be asked for image by image."""

  def __init__(self, run: Run, layers: Sequence[str]):
    """Reads the maps; `layers` gives them their numbers."""
    self._run, self._layers = run, tuple(layers)
    images = run.rows['image'].to_numpy()
    self._rows = [np.flatnonzero(images == k)
                  for k in range(len(run.kept.images))]
    self._numbers = {x.image_id: k for k, x in enumerate(run.kept.images)}
    maps = [run.kept.maps(x) for x in layers] if run.kept.images else []
    self._units = [x.units for x in maps]
    self._cells = [packing.cells(x.cells) for x in maps]
    # Positions of every image's maps, layer by layer.
    self._places = [_by_image(x.images, len(run.kept.images)) for x in maps]
    output = run.kept.saliency if run.kept.images else None
    self._output = None if output is None else packing.cells(output)

  def of(self, image_id: str) -> dict | None:
    """Returns a run's maps and best units of an image; None if it keeps none.

    Returns:
      `best`: a list for each region of the best unit of every layer and its
      score, None for a region without one; `sizes`: h and w of every layer;
      `counts` and `units`: which units are in `cells`, layer by layer;
      `saliency`: the output, if the run has one.
    """
    if image_id not in self._numbers:
      return None
    k = self._numbers[image_id]
    chosen = [places[k] for places in self._places]
    parts = [
        cells[places].tobytes()
        for cells, places in zip(self._cells, chosen, strict=True)]
    units = [
        units[places] for units, places in zip(
            self._units, chosen, strict=True)]
    return {
        'best': [self._best(row) for row in self._rows[k].tolist()],
        'sizes': [list(cells.shape[1:]) for cells in self._cells],
        'counts': [len(x) for x in units],
        'units': np.concatenate(units).tolist(),
        'cells': base64.b64encode(b''.join(parts)).decode(),
        'saliency': None if self._output is None else packing.grid(
            self._output[k])}

  def _best(self, row: int) -> list[list] | None:
    """Returns [unit, score] of every layer on one row."""
    scores = [self._run.scores[layer][row] for layer in self._layers]
    if any(np.isnan(x).any() for x in scores):
      return None
    return [[int(x.argmax()), round(float(x.max()), 3)] for x in scores]


def _by_image(images: np.ndarray, count: int) -> list[np.ndarray]:
  """Returns the positions at which each of `count` images stands."""
  order = np.argsort(images, kind='stable')
  return np.split(order, np.searchsorted(images[order], np.arange(1, count)))
