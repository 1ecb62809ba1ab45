"""Numbers that are not finite end a run."""

import numpy as np
import pytest

from saliency_jax.errors import InputError
from saliency_jax.training import journal
from tests.training import made
from tests.training.running import train


def _wild(config):
  config.train.readout_rate = 1e38
  config.optimizer.clip_norm = 0.0
  config.optimizer.weight_decay = 10.0


def _not_checked_before(config):
  _wild(config)
  config.train.checkpoint_every = 1


def _finite_but_too_large(config):
  config.data.batch_size = 10  # one step an epoch
  config.train.depth = 13
  config.train.trunk_rate = 100.0
  config.schedule.warmup = 0


@pytest.mark.parametrize(
  ('change', 'says'),
  [
    (_wild, 'At step 2 the gradient norm of depth_2 is nan'),
    (_not_checked_before, 'After step 1 a parameter of depth_2 is not finite'),
    (_finite_but_too_large, 'After step 1 the validation NSS of depth_all is not finite'),
  ],
)
def test_a_number_that_is_not_finite_ends_the_run(folder, tmp_path, change, says):
  config = made.run()
  change(config)
  with pytest.raises(InputError, match=says):
    train(config, tmp_path / 'run')
  assert not (tmp_path / 'run' / 'summary.json').exists()
  for line in journal.read(tmp_path / 'run'):
    assert np.isfinite([*line['nss'].values()]).all()
