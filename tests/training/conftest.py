"""Runs that several tests look at: do not write into their folders."""

import pathlib
import shutil

import pytest

from saliency_jax.training import loop
from tests import tiny
from tests.recorder import Recorder
from tests.training import made
from tests.training.running import train


@pytest.fixture(scope='session')
def folder(tmp_path_factory) -> pathlib.Path:
  return tmp_path_factory.mktemp('training')


@pytest.fixture(scope='session')
def whole(folder):
  """A run that was left alone, on one device, and what its config read."""
  config = Recorder(made.run().lock())
  return config, folder / 'whole', train(config, folder / 'whole')


@pytest.fixture
def copy(whole, tmp_path) -> pathlib.Path:
  """A copy of the run's folder, to be damaged."""
  return shutil.copytree(whole[1], tmp_path / 'copy')


@pytest.fixture(scope='session')
def swept(folder):
  config = Recorder(made.sweep().lock())
  with tiny.devices(1):
    return config, folder / 'swept', loop.sweep(config, made.DATA, str(folder / 'swept'))
