"""Saliency from differences between centre and surround.

Itti, Koch and Niebur, "A model of saliency-based visual attention for rapid
scene analysis", IEEE PAMI 20(11), 1998, as implemented by Harel et al. (2006):
differences are squared, and each centre has one surround.
"""

import jax
import jax.numpy as jnp
import numpy as np

from saliency_jax.classical import colours, gabor, photograph, pyramid
from saliency_jax.classical.scaling import attenuate_border, promote_lone_peaks, to_unit, without_rounding
from saliency_jax.ops import resampling

_CENTRES = (2, 3)  # halvings
_SURROUND = 2  # more halvings than the centre
_SHRINK = 8  # pixels of the image's longer side per cell of the map
_BORDER = 4  # cells


@jax.jit
def itti(image: jax.Array | np.ndarray) -> jax.Array:
  """Returns the saliency of an image by centre-surround differences.

  Args:
    image: uint8 `[H, W, 3]`, RGB, at least 64 pixels high and wide.

  Returns:
    float32 `[h, w]`, 0-1, an eighth of the image's size: `[75, 100]` for
    600 x 800. A blank image gives 0.

  Raises:
    ValueError: the image has another shape or type.
    InputError: the image is too small.
  """
  photograph.check(image)
  longest = int(max(image.shape[:2]) / _SHRINK + 0.5)
  height, width = photograph.fit(*image.shape[:2], longest)
  levels = pyramid.build(image, max(_CENTRES) + _SURROUND)
  features = {depth: _features(levels[depth]) for centre in _CENTRES for depth in (centre, centre + _SURROUND)}
  conspicuity = 0
  for centre in _CENTRES:
    near, far = features[centre], features[centre + _SURROUND]
    far = resampling.resize(far, near.shape[1:], resampling.matlab_cubic)
    contrast = jnp.square(without_rounding(near - far))
    contrast = resampling.resize(contrast, (height, width), resampling.matlab_cubic)
    conspicuity += promote_lone_peaks(contrast)
  # Two features of colour, intensity, and four orientations.
  channels = jnp.stack([conspicuity[:2].sum(axis=0), conspicuity[2], conspicuity[3:].sum(axis=0)])
  saliency = promote_lone_peaks(channels).sum(axis=0)
  return to_unit(attenuate_border(saliency, _BORDER))


def _features(level: pyramid.Level) -> jax.Array:
  return jnp.concatenate(
    [colours.double_opponent(level.rgb, level.intensity), level.intensity[None], gabor.energy(level.intensity)]
  )
