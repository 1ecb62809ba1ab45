"""The made data set, written once. Do not change it."""

import pathlib

import pytest

from tests.experiments import made_scores


@pytest.fixture(scope='session')
def looked_at(tmp_path_factory) -> pathlib.Path:
  return made_scores.photographs(tmp_path_factory.mktemp('looked_at'))
