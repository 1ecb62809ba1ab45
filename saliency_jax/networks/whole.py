"""A whole saliency network, for photographs of any size."""

import functools
from collections.abc import Callable, Mapping, Sequence

import jax
import numpy as np
from PIL import Image

from saliency_jax import compiling, runtime
from saliency_jax.networks import registry, saliency, vgg


class SaliencyNetwork:
  """A trained trunk and its readout, compiled, over all devices.

  Attributes:
    batch_size: photographs that are best given at once.
  """

  def __init__(
      self, params: registry.Params, mean: np.ndarray, *, image_size: int,
      batch_size: int, dtype: str = 'float32',
      widths: Mapping[str, int] = vgg.WIDTHS):
    """Puts the parameters on the devices.

    Args:
      params: those of all convolutions and of the readout.
      mean: float32 `[3]`, RGB in 0-255, taken from every image.
      image_size: the side in pixels to which photographs are resized, that of
        the training (Pillow's BILINEAR, which averages).
      batch_size: photographs in a batch; rounded up to a multiple of the
        devices.
      dtype: 'float32' or 'bfloat16', the type of the arithmetic.
      widths: units of every convolution; tests use fewer.

    Raises:
      InputError: if there is no such type.
    """
    self._mesh = runtime.data_mesh()
    self._size = image_size
    self._forward = _compiled(
        tuple(map(float, mean)), dtype, tuple(widths.items()))
    self._params = runtime.replicate(params, self._mesh)
    self.batch_size = runtime.whole_batches(batch_size, self._mesh)

  def __call__(self, photographs: Sequence[np.ndarray]) -> np.ndarray:
    """Returns the saliency of photographs in the network's cells.

    Args:
      photographs: n of them, uint8 `[H, W, 3]`, RGB, of any sizes.

    Returns:
      float32 `[n, h, w]`, in no particular range.
    """
    maps = [np.zeros((0, *saliency.output_grid(self._size)), np.float32)]
    for first in range(0, len(photographs), self.batch_size):
      part = photographs[first:first + self.batch_size]
      batch = np.zeros(
          (self.batch_size, self._size, self._size, 3), np.uint8)
      for row, photograph in zip(batch, part, strict=False):
        row[:] = Image.fromarray(photograph).resize(
            (self._size, self._size), Image.Resampling.BILINEAR)
      cells = self._forward(self._params, runtime.split(batch, self._mesh))
      maps.append(np.asarray(cells, np.float32)[:len(part), :, :, 0])
    return np.concatenate(maps)


# Several models of one kind are one program.
@functools.cache
def _compiled(
    mean: tuple[float, ...], dtype: str, widths: tuple[tuple[str, int], ...]
) -> Callable[[registry.Params, jax.Array], jax.Array]:
  network = saliency.build(
      'vgg16', layers=(), mean=np.array(mean), dtype=dtype,
      widths=dict(widths))
  return jax.jit(
      lambda params, images: network.apply(params, images)[saliency.SALIENCY],
      compiler_options=compiling.options())
