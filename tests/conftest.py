"""Fixtures and a stricter JAX for all tests.

Eight host devices, so that sharding is exercised everywhere, and an error on
every implicit rank promotion. Set before the first array is made.
"""

import pathlib

import jax
import numpy as np
import pytest

from saliency_jax.models import vgg
from tests.datasets import made

jax.config.update('jax_num_cpu_devices', 8)
jax.config.update('jax_numpy_rank_promotion', 'raise')

_ROOT = pathlib.Path(__file__).resolve().parent.parent
_SHARED = _ROOT.parent / 'shared'


def _folder(path: pathlib.Path, what: str) -> pathlib.Path:
  if not path.is_dir():
    pytest.skip(f'{what} is not at {path}')
  return path


@pytest.fixture(scope='session')
def osie_dir() -> pathlib.Path:
  """500 of OSIE's photographs and their fixations, in OSIE's own layout."""
  return _folder(_SHARED / 'osie', 'OSIE')


@pytest.fixture(scope='session')
def osie_sr_dir() -> pathlib.Path:
  """Labelled salient regions of all 700 photographs of OSIE."""
  return _folder(_SHARED / 'osie_sr', 'the annotation of OSIE')


@pytest.fixture(scope='session')
def reference_dir() -> pathlib.Path:
  """Results of other people's programs to compare with."""
  return _folder(_SHARED / 'reference', 'the folder of references')


@pytest.fixture(scope='session')
def tiny_osie(tmp_path_factory) -> pathlib.Path:
  """Five made photographs in OSIE's layout with `labelme/` beside them.

  Shared by all tests: copy it before you break it.
  """
  return made.osie(tmp_path_factory.mktemp('tiny') / 'osie')


@pytest.fixture(scope='session')
def random_weights(tmp_path_factory) -> pathlib.Path:
  """A weight file of VGG-16's full size, in the package's own layout."""
  rng = np.random.default_rng(0)
  arrays = {'mean': np.array([124, 117, 104], np.float32)}
  below = 3
  for layer, units in vgg.WIDTHS.items():
    # He's scaling keeps the maps of all layers at one size.
    arrays[f'{layer}/kernel'] = rng.normal(
        0, (2 / 9 / below) ** 0.5, (3, 3, below, units)).astype(np.float32)
    arrays[f'{layer}/bias'] = np.zeros(units, np.float32)
    below = units
  path = tmp_path_factory.mktemp('weights') / 'random.npz'
  np.savez(path, **arrays)
  return path
