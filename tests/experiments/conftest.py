"""A made data set and a trained model, made once. Do not change them."""

import pathlib
import shutil

import pytest

from tests.experiments import made_scores
from tests.training import made as made_training
from tests.training.running import train


@pytest.fixture(scope='session')
def looked_at(tmp_path_factory) -> pathlib.Path:
  return made_scores.photographs(tmp_path_factory.mktemp('looked_at'))


@pytest.fixture(scope='session')
def trained(tmp_path_factory) -> pathlib.Path:
  """The folder of a short training run."""
  folder = tmp_path_factory.mktemp('trained') / 'run'
  config = made_training.run()
  config.train.epochs = 1
  train(config, folder)
  return folder


@pytest.fixture
def copy(trained, tmp_path) -> pathlib.Path:
  """A copy of it, to be damaged."""
  return shutil.copytree(trained, tmp_path / 'copy')
