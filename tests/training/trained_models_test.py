"""A trained model is found, and is another network than its trunk."""

import pytest

from saliency_jax.errors import InputError
from saliency_jax.networks.weights import variable_files
from saliency_jax.training import trained_models
from tests.training import made
from tests.training.running import load


def test_a_trained_head_makes_another_network(swept):
  found = load(swept[1], 'depth_0')
  start = variable_files.load(swept[1] / 'pretrained.safetensors').ported
  assert found.provenance.sha256 != variable_files.digest(start._replace(preprocess=found.preprocess))


def test_a_model_is_found_at_home(copy, monkeypatch):
  monkeypatch.setenv('HOME', str(copy.parent))
  config = made.run().network
  config.checkpoint, config.image_size = '~/copy', 0
  found = trained_models.load(config).whole
  assert found.provenance == load('~/copy').provenance
  assert found.provenance.sha256 == load(copy).provenance.sha256
  assert found.preprocess.image_size == made.IMAGE_SIZE
  config.image_size = 64
  assert trained_models.load(config).whole.preprocess.image_size == 64
  config.name = 'resnet18'
  with pytest.raises(InputError, match='is of tests.tiny:vgg, not of resnet18'):
    trained_models.load(config)
  config.name, config.weights = 'vgg16', 'random'
  with pytest.raises(InputError, match='has its own weights'):
    trained_models.load(config)
