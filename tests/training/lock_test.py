"""Two jobs that would train or predict in one folder."""

import pytest
from PIL import Image

from configs import predict as predict_config
from saliency_jax import files
from saliency_jax.data.sources.image_folder import ImageFolder
from saliency_jax.errors import InputError
from saliency_jax.experiments import prediction
from saliency_jax.training import checkpoints, journal
from tests.files_test import is_free
from tests.training import made
from tests.training.running import train


def test_a_run_keeps_its_folder_from_its_checkpoints_to_its_summary(whole, copy, monkeypatch):
  free = []

  def noting(owner, name):
    real = getattr(owner, name)

    def noted(self, *arguments, **options):
      free.append(is_free(copy))
      return real(self, *arguments, **options)

    monkeypatch.setattr(owner, name, noted)

  for owner, name in (
    (checkpoints.Checkpoints, '__init__'),
    (journal.Journal, '__init__'),
    (checkpoints.Checkpoints, '__exit__'),
  ):
    noting(owner, name)
  train(made.run(), copy)
  assert free == [False] * 3
  assert is_free(copy)
  assert not (copy / '.lock').exists()


def test_a_run_in_the_folder_of_another_changes_nothing(whole, copy):
  before = {path: path.stat().st_mtime_ns for path in copy.rglob('*')}
  with files.locked(copy, wait=False):
    with pytest.raises(InputError, match='Another job is at work'):
      train(made.run(), copy)
    found = {path: path.stat().st_mtime_ns for path in copy.rglob('*')}
  del found[copy / '.lock']
  assert found == before


def test_a_run_that_failed_does_not_keep_its_folder(whole, copy):
  config = made.run()
  config.train.epochs = 4
  with pytest.raises(InputError, match='epochs is 3 there'):
    train(config, copy)
  assert is_free(copy)


def test_prediction_leaves_the_folder_of_another_alone(whole, tmp_path):
  config = predict_config.get_config()
  config.network.checkpoint = str(whole[1])
  (tmp_path / 'photographs').mkdir()
  Image.fromarray(made.VALIDATION[0].image).save(tmp_path / 'photographs' / '0.png')
  (tmp_path / 'out').mkdir()
  with files.locked(tmp_path / 'out', wait=False):
    with pytest.raises(InputError, match='Another job is at work'):
      prediction.predict(config, ImageFolder(tmp_path / 'photographs'), str(tmp_path / 'out'))
    assert [x.name for x in (tmp_path / 'out').iterdir()] == ['.lock']
