"""Members of one depth: apart, stacked, and spread over devices."""

import jax
import numpy as np
import pytest

from configs import sweep_depth
from saliency_jax.errors import InputError
from saliency_jax.training import journal, loop, members
from tests.training import made


@pytest.mark.parametrize(
  ('depths', 'devices', 'expected'),
  [([0, 3, 3, 3, 3], 8, 4), ([3, 3, 6, 6, 6], 8, 1), ([1] * 6, 4, 2), ([0, 1, 2], 8, 1), ([1] * 3, 1, 1)],
)
def test_shares_divide_the_devices_and_the_members(depths, devices, expected):
  config = sweep_depth.get_config().sweep
  config.shard_members = True
  assert members.division(config, depths, devices)[1] == expected


def test_the_config_decides(caplog):
  config = sweep_depth.get_config().sweep
  depths = [0, 2, 2]
  apart = [(0, (0,)), (2, (1,)), (2, (2,))]
  stacked = [(0, (0,)), (2, (1, 2))]
  assert members.division(config, depths, 8) == (apart, 1)
  config.mode = 'vmap'
  assert members.division(config, depths, 8) == (stacked, 1)
  config.mode, config.shard_members = '', True
  assert members.division(config, depths, 8) == (stacked, 2)
  assert members.division(config, depths, 1) == (stacked, 1)
  assert not caplog.records
  assert members.division(config, depths, 3) == (stacked, 1)
  assert 'no effect' in caplog.text
  config.mode = 'shared'
  with pytest.raises(InputError, match='shard_members'):
    members.division(config, depths, 8)


def test_spread_members_learn_the_same(folder, tmp_path, monkeypatch):
  config = made.sweep((0, 1))
  config.sweep.trunk_rates = (0.003, 0.001)
  config.train.epochs = 2

  def run(name, devices):
    loop.sweep(config, made.DATA, str(tmp_path / name), devices=jax.devices()[:devices])

  run('apart', 1)
  config.sweep.mode, config.sweep.shard_members = 'vmap', True
  write = journal.Journal.write

  def stop(self, at, kind, **values):
    if at == 5:
      raise KeyboardInterrupt
    write(self, at, kind, **values)

  with monkeypatch.context() as context:
    context.setattr(journal.Journal, 'write', stop)
    with pytest.raises(KeyboardInterrupt):
      run('spread', 8)
  run('spread', 2)  # goes on with fewer
  expected = journal.read(tmp_path / 'apart')
  for one, other in zip(journal.read(tmp_path / 'spread'), expected, strict=True):
    assert list(one['nss']) == ['depth_0', 'depth_1_trunk_0.003', 'depth_1_trunk_0.001']
    np.testing.assert_allclose(list(one['nss'].values()), list(other['nss'].values()), atol=1e-5)
