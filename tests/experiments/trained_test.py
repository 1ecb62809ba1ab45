"""A model that was trained here, looked into: its output and its depth."""

import json

import numpy as np

from configs import osie as osie_config
from saliency_jax.experiments import dissection
from saliency_jax.training import loop
from tests.experiments import made
from tests.training import made as tiny


def test_a_trained_model_shows_its_output_and_its_depth(tmp_path):
  loop.train(
      tiny.run(tmp_path, depth=2), tiny.TRAIN, tiny.VALIDATION,
      str(tmp_path / 'run'), widths=tiny.WIDTHS)
  config = osie_config.get_config()
  config.init.checkpoint = str(tmp_path / 'run')
  config.data.dir = config.data.regions = str(tmp_path / 'run')
  config.data.image_size = 48
  config.model.layers = ('conv4_1',)  # the output lies above it
  dissection.dissect(
      config, made.Photographs(4), str(tmp_path / 'out'), widths=tiny.WIDTHS)
  summary = json.loads((tmp_path / 'out/summary.json').read_text())
  assert summary['weights']['depth'] == 2
  assert summary['units'] == {'conv4_1': 4}
  with np.load(tmp_path / 'out/saliency.npz') as file:
    assert file['maps'].shape == (4, 3, 3)
    assert file['maps'].std() > 0.1
  assert [path.name for path in (tmp_path / 'out/maps').iterdir()] == [
      'conv4_1.npz']
