"""Opens the data set that a config names: raw files, or built by TFDS."""

import pathlib

from saliency_jax.datasets import download
from saliency_jax.datasets.masked_folder import MaskedFolder
from saliency_jax.datasets.osie import Osie
from saliency_jax.datasets.popout import SearchArrays
from saliency_jax.datasets.records import Source
from saliency_jax.errors import InputError


def photographs(config) -> Source:
  """Opens photographs with fixations and labelled regions.

  Args:
    config: `configs/osie.py`; `data.dir`, `data.regions` and `init.cache_dir`
      are read.

  Raises:
    InputError: if the folder is at fault, or cannot be fetched.
  """
  folder = config.data.dir or download.fetch_osie(config.init.cache_dir or None)
  if _is_built(folder):
    if config.data.regions:
      raise InputError(
          f'{folder} is a built data set with regions of its own; leave '
          f'--config.data.regions out, or build it again with --regions.')
    return _built(folder)
  return Osie(folder, config.data.regions or None)


def search_arrays(config) -> Source:
  """Opens search arrays with a target mask each, or draws them.

  Args:
    config: `configs/popout.py`; `data.dir`, or `data.count`, `data.seed` and
      `data.size`, are read.

  Raises:
    InputError: if the folder or a number is at fault.
  """
  data = config.data
  if not data.dir:
    return SearchArrays(count=data.count, seed=data.seed, size=data.size)
  return _built(data.dir) if _is_built(data.dir) else MaskedFolder(data.dir)


def _is_built(folder: str) -> bool:
  return (pathlib.Path(folder) / 'dataset_info.json').is_file()


def _built(folder: str) -> Source:
  # Imported when asked for: TFDS costs a second.
  from saliency_jax.datasets.builders import BuiltSource
  return BuiltSource(folder)
