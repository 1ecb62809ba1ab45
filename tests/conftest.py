"""Fixtures and a stricter JAX for all tests.

Eight host devices, so that sharding is exercised everywhere, and an error on
every implicit rank promotion. Set before the first array is made.

What XLA compiles is kept for the session, for this process and for those that
tests start: many of them run the same small networks.
"""

import atexit
import os
import pathlib
import shutil
import tempfile

import hypothesis
import jax
import pytest

from saliency_jax.networks import vgg
from saliency_jax.networks.preprocess import Preprocess
from saliency_jax.networks.weights import variable_files
from tests import tiny
from tests.data import made

# Networks are tiny here: what compiling well costs never comes back. Flags of
# the caller come last and win.
os.environ['XLA_FLAGS'] = ' '.join(
  [
    '--xla_llvm_disable_expensive_passes=true',
    '--xla_backend_optimization_level=0',
    '--xla_cpu_use_fusion_emitters=false',
    os.environ.get('XLA_FLAGS', ''),
  ]
).strip()

# The first example of a shape is compiled, and machines are shared.
hypothesis.settings.register_profile('patient', deadline=None)
hypothesis.settings.load_profile('patient')

# XLA's pool has a thread for each device. Those that wait in a collective keep
# theirs, and then nobody is left for what they wait for: after 40 s XLA ends
# the process. Spare threads, also for the processes that tests start.
os.environ['PJRT_NPROC'] = '64'
jax.config.update('jax_num_cpu_devices', 8)
jax.config.update('jax_numpy_rank_promotion', 'raise')

# Of several processes that run the tests, the first one makes the folder.
if 'PYTEST_XDIST_WORKER' not in os.environ:
  os.environ['JAX_COMPILATION_CACHE_DIR'] = tempfile.mkdtemp(prefix='compiled-')
  atexit.register(shutil.rmtree, os.environ['JAX_COMPILATION_CACHE_DIR'], ignore_errors=True)
for _name, _value in {
  'jax_compilation_cache_dir': os.environ['JAX_COMPILATION_CACHE_DIR'],
  'jax_persistent_cache_min_compile_time_secs': 0.0,
  'jax_persistent_cache_min_entry_size_bytes': -1,
}.items():
  jax.config.update(_name, _value)
  os.environ[_name.upper()] = str(_value)

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
  return _ROOT / 'tests' / 'fixtures' / 'reference'


@pytest.fixture(scope='session')
def tiny_osie(tmp_path_factory) -> pathlib.Path:
  """Five made photographs in OSIE's layout with `labelme/` beside them.

  Shared by all tests: copy it before you break it.
  """
  return made.osie(tmp_path_factory.mktemp('tiny') / 'osie')


@pytest.fixture(scope='session')
def random_weights(tmp_path_factory) -> pathlib.Path:
  """A weight file of VGG-16's full size, of this package."""
  path = tmp_path_factory.mktemp('weights') / 'random.safetensors'
  seen = Preprocess(224, (124.0, 117.0, 104.0), (1.0, 1.0, 1.0), 1.0)
  variable_files.save(path, variable_files.Ported({'params': tiny.params(vgg.WIDTHS)}, seen), 'random', 'drawn')
  return path
