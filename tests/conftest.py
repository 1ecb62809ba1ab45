"""Fixtures and a stricter JAX for all tests.

Eight host devices, so that sharding is exercised everywhere, and an error on
every implicit rank promotion. Set before the first array is made.
"""

import pathlib

import jax
import pytest

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
