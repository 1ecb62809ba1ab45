"""A made data set and a trained model, made once. Do not change them."""

import pathlib
import shutil

import pytest

from saliency_jax.training import loop
from tests.experiments import made_scores
from tests.training import made as made_training


@pytest.fixture(scope='session')
def looked_at(tmp_path_factory) -> pathlib.Path:
  return made_scores.photographs(tmp_path_factory.mktemp('looked_at'))


@pytest.fixture(scope='session')
def runs(tmp_path_factory) -> pathlib.Path:
  """The folder of a short sweep, and of a run as its second member was made."""
  folder = tmp_path_factory.mktemp('runs')
  for config, job, name in ((made_training.sweep(), loop.sweep, 'sweep'), (made_training.run(), loop.train, 'run')):
    config.train.epochs = 1
    job(config, made_training.DATA, str(folder / name))
  return folder


@pytest.fixture(scope='session')
def trained(runs) -> pathlib.Path:
  """The folder of the run."""
  return runs / 'run'


@pytest.fixture
def copy(trained, tmp_path) -> pathlib.Path:
  """A copy of it, to be damaged."""
  return shutil.copytree(trained, tmp_path / 'copy')
