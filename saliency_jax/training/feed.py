"""From a data set to what enters the trained layers, batch after batch.

Either the frozen layers are computed for every batch, or their maps are made
once, before the first step, and taken from disk ever after.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh

from saliency_jax import compiling, progress, runtime
from saliency_jax.data.types import Source
from saliency_jax.errors import InputError
from saliency_jax.networks import registry, saliency, vgg
from saliency_jax.networks.weights.conversion import Trunk
from saliency_jax.ops.pixel_weights import CellWeights
from saliency_jax.training import feature_cache, image_batches


class Fed(NamedTuple):
  """One batch on the devices, split over them."""
  features: dict[int, jax.Array]  # depth -> `[B, h, w, C]`
  weights: CellWeights
  valid: jax.Array  # float32 `[B]`


class Feed(Protocol):
  """Batches of one data set."""

  def batches(self, rows: np.ndarray) -> Iterator[Fed]:
    """Yields a batch for every row of positions; -1 is padding."""
    ...


class Frozen(NamedTuple):
  """The layers that nobody trains, and what becomes of an image in them."""
  trunk: Trunk
  image_size: int
  dtype: str
  forward: Callable[[jax.Array], dict[int, jax.Array]]  # of uint8 images
  shapes: dict[int, tuple[int, ...]]  # depth -> the (h, w, C) of its features
  mesh: Mesh


def freeze(
    trunk: Trunk, depths: tuple[int, ...], *, image_size: int, dtype: str,
    mesh: Mesh, widths: Mapping[str, int] = vgg.WIDTHS
) -> Frozen:
  """Returns the frozen layers of some depths, compiled and on the devices.

  Args:
    trunk: the pretrained network.
    depths: how many convolutions the members train.
    image_size: S, the side of an image in pixels.
    dtype: of the arithmetic, see `registry.arithmetic`.
    mesh: over which batches are split.
    widths: units of every convolution.
  """
  prefix = saliency.make_prefix(
      depths, widths=widths, dtype=registry.arithmetic(dtype))
  below = vgg.CONVOLUTIONS[:len(vgg.CONVOLUTIONS) - min(depths)]
  params = runtime.replicate(
      {layer: trunk.params[layer] for layer in below}, mesh)
  mean = np.asarray(trunk.mean, np.float32)

  def forward(params, images):
    return prefix(params, images.astype(jnp.float32) - mean[None, None, None])

  shapes = jax.eval_shape(forward, params, jax.ShapeDtypeStruct(
      (1, image_size, image_size, 3), jnp.uint8))
  compiled = jax.jit(forward, compiler_options=compiling.options())
  return Frozen(
      trunk, image_size, dtype, lambda images: compiled(params, images),
      {depth: x.shape[1:] for depth, x in shapes.items()}, mesh)


class Computed:
  """A `Feed` that computes the frozen layers anew for every batch."""

  def __init__(
      self, source: Source, reading: image_batches.Reading, frozen: Frozen):
    self._source, self._reading, self._frozen = source, reading, frozen

  def batches(self, rows: np.ndarray) -> Iterator[Fed]:
    for inputs in image_batches.read(self._source, self._reading, rows):
      images, weights, valid = image_batches.on_devices(
          inputs, self._frozen.mesh)
      yield Fed(self._frozen.forward(images), weights, valid)


class Cached:
  """A `Feed` that reads the frozen layers' maps from disk.

  Opening it reads every image once and computes what is not there yet.
  """

  def __init__(
      self, source: Source, reading: image_batches.Reading, frozen: Frozen, *,
      folder: str, batch_size: int, title: str):
    """Fills the cache.

    Args:
      source: photographs with fixations.
      reading: how they are read.
      frozen: the layers whose maps are kept.
      folder: where.
      batch_size: images that are computed together; the devices divide it.
      title: what the progress bar says.

    Raises:
      InputError: if an image cannot be read, the folder cannot be written, or
        there are several processes, which would all need all maps.
    """
    if jax.process_count() > 1:
      raise InputError(
          'config.data.features_dir is for a single process; leave it out.')
    self._frozen = frozen
    images = image_batches.identity(source)
    self._kept = {
        depth: feature_cache.Kept(folder, feature_cache.key(
            frozen.trunk, depth, image_size=frozen.image_size,
            dtype=frozen.dtype, images=images), (len(source), *shape))
        for depth, shape in frozen.shapes.items()}
    rows = image_batches.in_order(
        len(source), batch_size=batch_size, padded=batch_size)
    weights, valid = [], []
    with progress.bar(total=len(source), unit='image', title=title) as bar:
      for inputs in image_batches.read(source, reading, rows):
        self._keep(inputs)
        real = inputs.index >= 0
        weights.append(jax.tree.map(lambda x, real=real: x[real],
                                    inputs.weights))
        valid.append(inputs.valid[real])
        bar.update(int(real.sum()))
    # A kilobyte or two for each image.
    self._weights = jax.tree.map(lambda *x: np.concatenate(x), *weights)
    self._valid = np.concatenate(valid)

  def batches(self, rows: np.ndarray) -> Iterator[Fed]:
    for row in rows:
      # Padding takes any image's maps; its validity is 0.
      index = np.maximum(row, 0)
      yield Fed(*runtime.split((
          {depth: kept.get(index) for depth, kept in self._kept.items()},
          jax.tree.map(lambda x, index=index: x[index], self._weights),
          self._valid[index] * (row >= 0).astype(np.float32)),
          self._frozen.mesh))

  def _keep(self, inputs: image_batches.Inputs) -> None:
    real = inputs.index >= 0
    index = inputs.index[real]
    digests = feature_cache.pixels_digest(inputs.images[real])
    missing = [depth for depth, kept in self._kept.items()
               if not kept.has(index, digests)]
    if missing:
      maps = self._frozen.forward(
          runtime.split(inputs.images, self._frozen.mesh))
      for depth in missing:
        self._kept[depth].put(
            index, digests, np.asarray(maps[depth], np.float32)[real])
