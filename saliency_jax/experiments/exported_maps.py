"""What the page draws: pictures, masks, fixations and maps of some units.

Kept in a second pass over the images that are shown, once the scores say which
units answer best. What is not kept never leaves the devices, so memory grows
with what is kept and not with the activations.
"""

import contextlib
import time
from collections.abc import Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from saliency_jax import progress
from saliency_jax.data import pixel_sets
from saliency_jax.data.types import Source
from saliency_jax.experiments import exhibits, map_volume, thumbnails
from saliency_jax.experiments.forward import Forward, Step
from saliency_jax.experiments.job import Job
from saliency_jax.experiments.partial import Block
from saliency_jax.networks import registry, saliency
from saliency_jax.ops import association

# The maps that are copied out of a batch are padded to a multiple of this.
_MULTIPLE = 64
_IMAGES = ('image_id', 'picture', 'height', 'width')


def keep(
    job: Job, source: Source, rows: Block, shown: np.ndarray, *,
    columns: Sequence[str], masks: pixel_sets.Chooser,
    devices: Sequence[jax.Device] | None = None
) -> float:
  """Writes what the page shows of some images.

  Position k is that of an image among the shown ones. Files:
  - `images.csv`: image_id, picture, height and width in pixels, in the order of
    k; the header alone where no image is shown, and then no other file;
  - `pictures/<k>.jpg`, at most 640 pixels wide or high, and `masks/<k>.png`, 16
    bits: 1 + the set's place in the image, 0 elsewhere, at the image's size;
  - `fixations.npz`: `points` int32 `[N, 2]` (y, x) of all images one after
    another, `offsets` int64 `[K + 1]`;
  - `maps/<layer>.npz`: `units` and `images` (k) int32 `[M]`, see
    `choice.pairs`, and `maps` float16 `[M, h, w]`, see
    `association.standardise`;
  - `saliency.npz`: `maps` float16 `[K, h, w]`, the output of a trained network,
    standardised likewise;
  - `maps/all.h5`, where it is asked for: the maps of all units, a dataset
    `[K, units, h, w]` float16 for each layer.

  Args:
    job: the network, the folder and what is wanted.
    source: the images.
    rows: the scores of all images.
    shown: int `[K]`, ascending positions in the data set; none of an image that
      could not be read.
    columns: the labels by which the table ranks units.
    masks: the sets of an image as masks, in the order of the rows.
    devices: over which the batch is split; all by default.

  Returns:
    How long it took, in seconds.

  Raises:
    InputError: if an image cannot be read any more.
  """
  start = time.perf_counter()
  folder = job.folder
  if not len(shown):
    folder.table('images.csv', _IMAGES, ())
    return 0.
  chosen = exhibits.pairs(rows, shown, job.wanted, columns)
  every = np.arange(len(shown), dtype=np.int32)
  if saliency.SALIENCY in job.whole.layers:
    chosen[saliency.SALIENCY] = exhibits.Pairs(np.zeros_like(every), every)
  run = Forward(job.whole, job.params, job.settings, devices)
  gathering = {
      layer: _Gathering(pairs, run.grids[layer], len(shown), run.batch_size)
      for layer, pairs in chosen.items()}
  drawn: list[thumbnails.Drawn] = []
  with (_all_units(job, len(shown)) as everything,
        progress.bar(
            total=len(shown), unit='image', title='Keeping maps') as bar):
    for step in run.steps(
        source, shown.tolist(), choose=pixel_sets.nothing, on_bad_image='raise',
        keep=thumbnails.Drawing(folder.path, tuple(shown.tolist()), masks)):
      for layer, gathered in gathering.items():
        gathered.take(step, layer, first=len(drawn))
      if everything:
        for layer in job.network.layers:
          everything.put(layer, len(drawn), _every_unit(step, layer))
      drawn += step.batch.kept[:int((step.batch.index >= 0).sum())]
      bar.update(len(drawn) - bar.n)
  _write(job, [source.image_ids[i] for i in shown], drawn, gathering)
  return time.perf_counter() - start


class _Gathering:
  """The kept maps of one layer, filled batch by batch."""

  def __init__(
      self, pairs: exhibits.Pairs, grid: tuple[int, int], images: int,
      batch_size: int):
    self.pairs = pairs
    self.maps = np.zeros((len(pairs.units), *grid), np.float16)
    # Pairs in the order in which their images come, and where batches end.
    self._order = np.argsort(pairs.images, kind='stable')
    edges = np.searchsorted(
        pairs.images[self._order],
        np.arange(0, images + batch_size, batch_size))
    self._parts = [
        slice(*edge) for edge in zip(edges[:-1], edges[1:], strict=True)]
    # All batches, and most layers of one size, have the same shapes, so that
    # one program does.
    self._most = -(-int(np.diff(edges).max()) // _MULTIPLE) * _MULTIPLE
    self._batch_size = batch_size

  def take(self, step: Step, layer: str, *, first: int) -> None:
    """Copies what is wanted of a batch whose first image is the `first`."""
    part = self._order[self._parts[first // self._batch_size]]
    if not len(part):
      return
    places = np.zeros((2, self._most), np.int32)
    places[0, :len(part)] = self.pairs.images[part] - first
    places[1, :len(part)] = self.pairs.units[part]
    self.maps[part] = step.standardised(layer, *places)[:len(part)]


def _every_unit(step: Step, layer: str) -> np.ndarray:
  """Returns a batch's standardised maps float16 `[b, C, h, w]`, unpadded."""
  x = step.maps[layer]
  weights = step.weights[x.shape[1:3]]
  maps = _standardise_all(x, weights.rows, weights.columns)
  return np.asarray(maps)[step.batch.index >= 0]


@jax.jit
def _standardise_all(
    maps: jax.Array, rows: jax.Array, columns: jax.Array) -> jax.Array:
  standard = association.standardise(maps, rows, columns)
  return jnp.moveaxis(standard, -1, 1).astype(jnp.float16)


def _all_units(
    job: Job, images: int
) -> contextlib.AbstractContextManager[map_volume.Volume | None]:
  if not job.wanted.all_units:
    return contextlib.nullcontext()
  sizes = registry.map_sizes(
      job.network, job.params, job.settings.image_size)
  return map_volume.writing(job.folder.path / 'maps/all.h5', {
      layer: (images, units, height, width)
      for layer, (height, width, units) in sizes.items()})


def _write(
    job: Job, image_ids: Sequence[str], drawn: Sequence[thumbnails.Drawn],
    gathering: Mapping[str, _Gathering]
) -> None:
  counts = [len(image.points) for image in drawn]
  job.folder.arrays('fixations.npz', {
      'points': np.concatenate([image.points for image in drawn]),
      'offsets': np.cumsum([0, *counts], dtype=np.int64)})
  for layer, gathered in gathering.items():
    if layer == saliency.SALIENCY:
      job.folder.arrays('saliency.npz', {'maps': gathered.maps})
    else:
      job.folder.arrays(
          f'maps/{layer}.npz',
          {**gathered.pairs._asdict(), 'maps': gathered.maps})
  job.folder.table('images.csv', _IMAGES, (
      (image_id, thumbnails.picture_name(number), *image.size)
      for number, (image_id, image) in enumerate(
          zip(image_ids, drawn, strict=True))))
