"""What the page draws: pictures, masks, fixations, and maps of some units.

They are exported in a second pass over the shown images, once scores say which
units respond best. Other maps never leave the devices, so memory grows with
what is exported and not with the activations.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import h5py
import jax
import jax.numpy as jnp
import numpy as np

from saliency_jax import hdf5, progress, schema
from saliency_jax.data import pixel_sets
from saliency_jax.data.batch_rows import Cells
from saliency_jax.data.types import Source, ordered_categories
from saliency_jax.errors import InputError, at_least
from saliency_jax.experiments import statistics, thumbnails
from saliency_jax.experiments.forward import Forward, Probe
from saliency_jax.experiments.statistics import Rows
from saliency_jax.networks import heads
from saliency_jax.networks.network import Network
from saliency_jax.ops import association
from saliency_jax.ops.pixel_weights import CellWeights
from saliency_jax.workdir import Folder

# Copies of a batch's maps are padded to a multiple of this number.
_MULTIPLE = 64
# The file of all maps has chunks of 8 images and 8 units, so that one unit, or
# one image, is read with little excess; the cache holds every chunk until it is
# compressed, once.
_CHUNK = 8
_CACHE = 64 * 2**20  # bytes


class Pairs(NamedTuple):
  """M units of a tap, each on an image; sorted and unique."""

  units: np.ndarray  # int32 `[M]`, counted from 0
  images: np.ndarray  # int32 `[M]`, positions among the shown images


def write(
  folder: Folder, probe: Probe, source: Source, rows: Rows, *, images: np.ndarray, masks: pixel_sets.Chooser, report
) -> None:
  """Writes images.csv and the files from `schema.PICTURE` to `schema.ALL_MAPS`.

  Without images, only images.csv's header is written.

  Args:
    images: int [K], the shown ones, ascending positions in the data set.
    masks: an image's sets as masks, in the order of rows.
    report: `config.report`.

  Raises:
    InputError: an image can no longer be read.
  """
  if not len(images):
    folder.table(schema.IMAGES, ())
    return
  chosen = pairs(rows, images, report)
  count, output = len(images), output_tap(probe.network)
  taps = tuple(dict.fromkeys([*probe.taps, *output]))
  run = Forward(probe._replace(taps=taps, reading=probe.reading.strict()))
  selected = {tap: _Selected(pairs, run, tap) for tap, pairs in chosen.items()}
  every = np.arange(count, dtype=np.int32)
  outputs = {tap: _Selected(Pairs(np.zeros_like(every), every), run, tap) for tap in output}
  drawn: list[thumbnails.Drawn] = []
  with (
    _all_maps(folder, probe, count if report.all_units else 0) as everything,
    progress.bar(total=count, unit='image', title='Exporting maps') as bar,
  ):
    keep = thumbnails.Writer(folder.path, tuple(images.tolist()), masks)
    for batch, pixels, weights in run.inputs(source, images.tolist(), choose=pixel_sets.nothing, keep=keep):
      maps, first, real = run.maps(pixels), len(drawn), batch.index >= 0
      for tap, of_tap in [*selected.items(), *outputs.items()]:
        of_tap.take(maps[tap], weights[tap], first)
      for tap, dataset in everything.items():
        whole = _every_unit(maps[tap], weights[tap].rows, weights[tap].columns)
        dataset[first : first + real.sum()] = np.asarray(whole)[real]
      drawn += batch.kept[: real.sum()]
      bar.update(len(drawn) - bar.n)
  for tap, of_tap in selected.items():
    folder.arrays(schema.MAPS.of(tap), {**of_tap.pairs._asdict(), 'maps': of_tap.maps, **placement(run.cells[tap])})
  for of_tap in outputs.values():
    folder.arrays(schema.SALIENCY.path, {'maps': of_tap.maps})
  _list(folder, [source.image_ids[i] for i in images], drawn)


def output_tap(network: Network) -> tuple[str, ...]:
  """Returns the tap of a trained network's saliency map, if it has one."""
  name = heads.READOUT.output.name
  trained = network.provenance.depth is not None and name in network.taps
  return (name,) if trained else ()


def placement(cells: Cells) -> dict[str, np.ndarray]:
  """Returns what is stored of a tap's cells, {} if they tile the image."""
  return {'placement': np.array(cells[2])} if cells[2:] else {}


def standardised(maps: jax.Array, weights: CellWeights, images: Sequence[int], units: Sequence[int]) -> np.ndarray:
  """Copies some standardised maps out of a batch.

  Args:
    maps: float [B, h, w, C], of one tap.
    weights: of its cells.
    images: int [M], rows of the batch.
    units: int [M], a unit of the tap for each of them.

  Returns:
    float16 [M, h, w], see `association.standardise`.
  """
  return np.asarray(_gather(maps, weights.rows, weights.columns, np.asarray(images), np.asarray(units)))


class _Selected:
  """The exported maps of one tap, filled batch by batch."""

  def __init__(self, pairs: Pairs, run: Forward, tap: str):
    self.pairs = pairs
    self.maps = np.zeros((len(pairs.units), *run.cells[tap][:2]), np.float16)
    self._batches = pairs.images // run.batch_size
    # One length for all batches, and often for all taps, so that one program is
    # compiled.
    most = np.bincount(self._batches, minlength=1).max()
    self._most = -(-int(most) // _MULTIPLE) * _MULTIPLE
    self._batch_size = run.batch_size

  def take(self, maps: jax.Array, weights: CellWeights, first: int) -> None:
    """Copies the selected maps of a batch that begins with image `first`."""
    part = np.flatnonzero(self._batches == first // self._batch_size)
    if not len(part):
      return
    rows = np.zeros((2, self._most), np.int32)
    rows[0, : len(part)] = self.pairs.images[part] - first
    rows[1, : len(part)] = self.pairs.units[part]
    self.maps[part] = standardised(maps, weights, *rows)[: len(part)]


# Compiled as a whole: separate operations on arrays that are split over devices
# are many small collectives, which can starve one another on a CPU.
@jax.jit
def _gather(maps: jax.Array, rows: jax.Array, columns: jax.Array, images: jax.Array, units: jax.Array) -> jax.Array:
  """Returns standardised maps float16 [M, h, w] out of [B, h, w, C]."""
  cells = maps[images, :, :, units][..., None]
  return association.standardise(cells, rows[images], columns[images])[..., 0].astype(jnp.float16)


@jax.jit
def _every_unit(maps: jax.Array, rows: jax.Array, columns: jax.Array) -> jax.Array:
  """Returns standardised maps float16 [B, C, h, w] of [B, h, w, C]."""
  standard = association.standardise(maps, rows, columns)
  return jnp.moveaxis(standard, -1, 1).astype(jnp.float16)


@contextlib.contextmanager
def _all_maps(folder: Folder, probe: Probe, count: int) -> Iterator[Mapping[str, h5py.Dataset]]:
  """Yields a dataset for each tap, of a file that appears once it is whole."""
  if not count:
    yield {}
    return
  with hdf5.writing(folder.path / schema.ALL_MAPS.path, rdcc_nbytes=_CACHE) as file:
    found, cells = {}, probe.cells()
    for tap, (height, width, units) in probe.network.shapes(probe.taps).items():
      found[tap] = file.create_dataset(
        tap,
        (count, units, height, width),
        np.float16,
        shuffle=True,
        compression='gzip',
        compression_opts=1,
        chunks=(min(count, _CHUNK), min(units, _CHUNK), height, width),
      )
      found[tap].attrs.update(placement(cells[tap]))
    yield found


def _list(folder: Folder, image_ids: Sequence[str], drawn: Sequence[thumbnails.Drawn]) -> None:
  counts = [len(image.points) for image in drawn]
  folder.arrays(
    schema.POINTS.path,
    {'points': np.concatenate([image.points for image in drawn]), 'offsets': np.cumsum([0, *counts], dtype=np.int64)},
  )
  folder.table(
    schema.IMAGES,
    (
      (image_id, thumbnails.picture_name(k), *image.size)
      for k, (image_id, image) in enumerate(zip(image_ids, drawn, strict=True))
    ),
  )


def check(report, units: Mapping[str, int]) -> None:
  """Raises an `InputError` if a value of `config.report` is invalid."""
  at_least(0, {f'report.{name}': report[name] for name in ('images', 'units', 'examples')})
  for name in report.also:
    unit(str(name), units, 'config.report.also')


def tap_and_unit(name: str) -> tuple[str, int]:
  """Returns the tap and the unit, counted from 0, of 'tap:unit'."""
  tap, _, number = name.rpartition(':')
  return tap, int(number)


def unit(name: str, units: Mapping[str, int], key: str) -> None:
  """Raises an `InputError` unless a name is 'tap:unit' of a measured unit."""
  tap, _, number = name.rpartition(':')
  if tap not in units or not (number.isascii() and number.isdigit()):
    raise InputError(
      f'{key} names {name!r}; name units of the taps that are measured '
      f'({", ".join(units)}), e.g. {next(iter(units))}:0.'
    )
  if int(number) >= units[tap]:
    raise InputError(f'{key} names {name!r}, and {tap} has {units[tap]} units, counted from 0.')


def pairs(rows: Rows, shown: np.ndarray, report) -> dict[str, Pairs]:
  """Returns which units are exported on which images, for every tap.

  Among the shown images these are
  - every label's best units over all images, each on the images with its
    highest and lowest scores (means over the image's sets of that label),
  - the best unit of each tap for every set, and
  - the units that the config names, on all images.

  Args:
    shown: int `[K]`, ascending positions in the data set; one at least.
  """
  found = {}
  ranks = np.searchsorted(shown, rows.index)
  is_shown = np.isin(rows.index, shown)
  every = np.arange(len(shown))
  for tap, scores in rows.scores.items():
    scored = statistics.measured(scores)
    parts = [(number, every) for of, number in map(tap_and_unit, report.also) if of == tap]
    inside = scored & is_shown
    parts.append((scores[inside].argmax(axis=1), ranks[inside]))
    for label in ordered_categories(rows.labels):
      chosen = scored & (rows.labels == label)
      if report.units and (chosen & is_shown).any():
        best = statistics.best_units(statistics.unit_means(scores[chosen]), report.units).units
        chosen &= is_shown
        images = _extremes(scores[chosen][:, best], ranks[chosen], report.examples)
        parts.append((best, images))
    found[tap] = _unique(parts, len(shown))
  return found


def _extremes(scores: np.ndarray, ranks: np.ndarray, examples: int) -> np.ndarray:
  """Returns the images with the highest and the lowest means: `[E, U]`.

  Args:
    scores: float `[T, U]`.
    ranks: int `[T]`, ascending: each row's image.
  """
  images, first, counts = np.unique(ranks, return_index=True, return_counts=True)
  means = np.add.reduceat(scores.astype(np.float64), first, axis=0) / counts[:, None]
  order = np.argsort(-means, axis=0, kind='stable')
  lowest = max(len(order) - examples, 0)
  return images[np.concatenate([order[:examples], order[lowest:]])]


def _unique(parts, images: int) -> Pairs:
  """Returns the pairs of all (units, images), which are broadcast."""
  codes = np.unique(np.concatenate([(np.asarray(unit, np.int64) * images + image).ravel() for unit, image in parts]))
  return Pairs((codes // images).astype(np.int32), (codes % images).astype(np.int32))
