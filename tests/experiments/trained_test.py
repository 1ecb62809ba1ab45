"""A model that was trained here, looked into: its output and its depth."""

import json

import numpy as np

from configs import osie as osie_config
from saliency_jax.experiments import units
from saliency_jax.training import loop
from tests.experiments import made
from tests.training import made as tiny


def test_a_trained_model_shows_its_output_and_its_depth(tmp_path):
  loop.train(tiny.run(depth=2), tiny.DATA, str(tmp_path / 'run'))
  config = osie_config.get_config()
  config.network.checkpoint = str(tmp_path / 'run')
  config.data.dir = config.data.regions = str(tmp_path / 'run')
  config.network.taps = ('conv4_1',)  # the output lies above it
  units.dissect(config, made.Photographs(4), str(tmp_path / 'out'))
  summary = json.loads((tmp_path / 'out/summary.json').read_text())
  assert summary['weights']['depth'] == 2
  assert summary['network'] == {
      'name': 'tests.tiny:vgg', 'dtype': 'float32', 'image_size': 48,
      'readout_tap': 'conv5_3'}
  assert summary['units'] == {'conv4_1': 4}
  with np.load(tmp_path / 'out/saliency.npz') as file:
    assert file['maps'].shape == (4, 3, 3)
    assert file['maps'].std() > 0.1
  assert [path.name for path in (tmp_path / 'out/maps').iterdir()] == [
      'conv4_1.npz']
