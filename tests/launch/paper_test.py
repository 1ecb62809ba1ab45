"""What the package is for, on real weights: the paper's own numbers.

The weights are fetched once; where no source can be reached these tests say so
and are counted as skipped.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

import saliency_jax as sj
from saliency_jax.data import pixel_sets, subset
from saliency_jax.data.pipeline import Reading
from saliency_jax.data.popout.search_arrays import SearchArrays
from saliency_jax.errors import InputError
from saliency_jax.experiments import measurement
from saliency_jax.experiments.forward import Probe
from saliency_jax.ledger import Ledger
from saliency_jax.networks import vgg, zoo
from saliency_jax.networks.network import Network
from saliency_jax.report.units import run

LAYERS = zoo.architecture('vgg16').default_taps


@pytest.fixture(scope='module')
def imagenet():
  try:
    return sj.load('vgg16')
  except InputError as error:
    pytest.skip(str(error))


def test_table5_comes_out_on_search_arrays(imagenet, tmp_path):
  sj.popout(imagenet, SearchArrays(count=12, seed=1), tmp_path, {'report.images': 0})
  results = run.read(tmp_path)
  means, published = (results.values(x)[:, 0] for x in ('mean', 'paper'))
  assert len(means) == 6
  assert np.corrcoef(means, published)[0, 1] >= 0.95
  assert means.argmin() == 0  # conv5_3 comes first


def test_units_equal_brute_force_in_float64(imagenet, osie_dir, tmp_path):
  source = subset.subset(sj.open_source('osie', osie_dir), ['1003'])
  measured = measurement.measure(
    Probe(imagenet, LAYERS, Reading(1)),
    source,
    pixel_sets.distinct_fixations_in_regions,
    ledger=Ledger(tmp_path, {measurement.SERIES: {}}),
  )
  record = source[0]
  points = np.unique(record.fixations, axis=0)
  small = Image.fromarray(record.image).resize((224, 224), Image.Resampling.BILINEAR)
  with jax.enable_x64(True):
    maps = _forward(imagenet, np.asarray(small, np.float64))
  assert len(record.regions.masks) > 1
  for layer in LAYERS:
    # Every 64th unit: all of them in full size take a minute.
    expected = _scores(
      _upsample(maps[layer][..., ::64], record.image.shape[:2]),
      [points[mask[tuple(points.T)]] for mask in record.regions.masks],
    )
    np.testing.assert_allclose(measured.rows.scores[layer][:, ::64], expected, atol=2e-3)


def _scores(upsampled: np.ndarray, sets: list[np.ndarray]) -> np.ndarray:
  """Returns Eq. 1 for units' maps `[H, W, C]`: `[R, C]`."""
  deviation = upsampled.std(axis=(0, 1))
  standard = (upsampled - upsampled.mean(axis=(0, 1))) / np.where(deviation > 0, deviation, 1)
  return np.stack([standard[tuple(each.T)].mean(axis=0) for each in sets])


def _forward(network: Network, image: np.ndarray):
  """VGG-16 without Flax: returns every layer's maps `[h, w, C]`, float64."""
  image = image - np.array(network.preprocess.mean)
  maps, x = {}, jnp.asarray(image[..., ::-1] if network.preprocess.bgr else image)[None]
  for name in vgg.CONVOLUTIONS:
    if name.endswith('_1') and name != 'conv1_1':
      _, height, width, units = x.shape
      x = x.reshape(1, height // 2, 2, width // 2, 2, units).max((2, 4))
    kernel, bias = (jnp.asarray(network.variables['params'][name][leaf], jnp.float64) for leaf in ('kernel', 'bias'))
    x = jax.nn.relu(
      bias[None, None, None]
      + jax.lax.conv_general_dilated(x, kernel, (1, 1), 'SAME', dimension_numbers=('NHWC', 'HWIO', 'NHWC'))
    )
    maps[name] = np.asarray(x[0])
  return maps


def _upsample(maps: np.ndarray, size: tuple[int, int]) -> np.ndarray:
  """Pixel by pixel from the four cells around it, float64 `[H, W, C]`."""
  indices, shares = [], []
  for pixels, cells in zip(size, maps.shape[:2], strict=True):
    position = np.clip((np.arange(pixels) + 0.5) * cells / pixels - 0.5, 0, cells - 1)
    low = np.floor(position).astype(int)
    indices.append((low, np.minimum(low + 1, cells - 1)))
    shares.append((1 - (position - low), position - low))
  rows = sum(maps[i] * share[:, None, None] for i, share in zip(indices[0], shares[0], strict=True))
  return sum(rows[:, i] * share[None, :, None] for i, share in zip(indices[1], shares[1], strict=True))
