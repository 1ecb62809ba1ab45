"""Who takes part in a sweep, what they are called, and who is computed together."""

import jax
import numpy as np
import pytest

from configs import sweep_depth, train
from saliency_jax.errors import InputError
from saliency_jax.training import journal, loop, members
from saliency_jax.training.members import Member
from tests import tiny
from tests.training import made

NETWORK = tiny.vgg()


def test_the_default_sweep_has_every_depth():
  assert list(members.sweep(sweep_depth.get_config().sweep, NETWORK, 3e-3)) == [
    'depth_0',
    'depth_1',
    'depth_2',
    'depth_3',
    'depth_4',
    'depth_5',
    'depth_6',
    'depth_all',
  ]


def test_every_combination_is_a_member_once():
  config = sweep_depth.get_config().sweep
  config.depths, config.seeds = (0, 13), (0, 7)
  config.trunk_rates = (1e-4, 0.002)
  assert members.sweep(config, NETWORK, 3e-3) == {
    'depth_0_seed_0': Member(0, 0, 1e-4, 3e-3),
    'depth_0_seed_7': Member(0, 7, 1e-4, 3e-3),
    'depth_all_trunk_0.0001_seed_0': Member(13, 0, 1e-4, 3e-3),
    'depth_all_trunk_0.0001_seed_7': Member(13, 7, 1e-4, 3e-3),
    'depth_all_trunk_0.002_seed_0': Member(13, 0, 0.002, 3e-3),
    'depth_all_trunk_0.002_seed_7': Member(13, 7, 0.002, 3e-3),
  }


def test_values_that_are_nearly_the_same_have_names_of_their_own():
  config = sweep_depth.get_config().sweep
  config.depths, config.seeds = (1,), (20241101, 20241102)
  config.readout_rates = (1e-3, 1.0000001e-3)
  assert list(members.sweep(config, NETWORK, 3e-3)) == [
    f'depth_1_readout_{rate}_seed_{seed}' for rate in ('0.001', '0.0010000001') for seed in ('20241101', '20241102')
  ]


def test_a_head_without_a_rate_takes_the_task_s():
  config = sweep_depth.get_config().sweep
  config.depths, config.readout_rates = (0,), (None, 0.25)
  found = members.sweep(config, NETWORK, 1e-4)
  assert [x.readout_rate for x in found.values()] == [1e-4, 0.25]
  one = train.get_config().train
  for given, rate in ((None, 1e-4), (0.0, 0.0), (0.5, 0.5)):
    one.readout_rate = given
    (member,) = members.single(one, NETWORK, 1e-4).values()
    assert member.readout_rate == rate


def test_a_run_is_a_member_of_the_sweep():
  single = members.single(train.get_config().train, NETWORK, 3e-3)
  config = sweep_depth.get_config().sweep
  assert single.items() <= members.sweep(config, NETWORK, 3e-3).items()


@pytest.mark.parametrize(
  ('name', 'values'),
  [
    ('depths', (1, 1)),
    ('depths', (13, 'all')),
    ('seeds', ()),
    ('seeds', ('a',)),
    ('seeds', (0.5,)),
    ('seeds', ([1],)),
    ('seeds', (-1,)),
    ('seeds', (2**32,)),
    ('trunk_rates', (-1.0,)),
    ('trunk_rates', ('a',)),
    ('trunk_rates', (float('inf'),)),
    ('readout_rates', (float('nan'),)),
  ],
)
def test_wrong_values_are_named(name, values):
  config = sweep_depth.get_config().sweep
  config[name] = values
  with pytest.raises(InputError, match=f'config.sweep.{name} '):
    members.sweep(config, NETWORK, 3e-3)


@pytest.mark.parametrize(('name', 'value'), [('seed', 2**32), ('trunk_rate', -1.0), ('readout_rate', float('inf'))])
def test_a_wrong_value_of_a_run_is_named(name, value):
  config = train.get_config().train
  config[name] = value
  with pytest.raises(InputError, match=f'config.train.{name} takes'):
    members.single(config, NETWORK, 3e-3)


def test_every_seed_that_is_allowed_draws_other_numbers():
  drawn = {
    seed: tuple(jax.random.key_data(jax.random.key(seed)).tolist()) for seed in (0, 1, 2**31 - 1, 2**31, 2**32 - 1)
  }
  assert len(set(drawn.values())) == len(drawn)
  # The first one that is not allowed would be one of them again.
  assert tuple(jax.random.key_data(jax.random.key(2**32)).tolist()) == drawn[0]


@pytest.mark.parametrize('depth', [-1, 14, 'a', True, 0.5])
def test_a_depth_that_the_network_has_not_is_named(depth):
  config = train.get_config().train
  config.depth = depth
  with pytest.raises(InputError, match='13 stages .* 0 to 13, or all'):
    members.single(config, NETWORK, 3e-3)


def test_all_is_every_stage():
  config = train.get_config().train
  config.depth = 'all'
  assert members.single(config, NETWORK, 3e-3)['depth_all'].depth == 13


def test_a_network_without_stages_has_two_depths():
  found = members.sweep(sweep_depth.get_config().sweep, tiny.nested(), 3e-3)
  assert {name: member.depth for name, member in found.items()} == {'depth_0': 0, 'depth_all': 1}


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
  caplog.clear()
  assert members.division(config, [0, 2, 2, 2], 2) == ([(0, (0,)), (2, (1, 2, 3))], 1)
  assert 'over the 2 devices' in caplog.text
  config.mode = 'shared'
  with pytest.raises(InputError, match='shard_members'):
    members.division(config, depths, 8)


def test_spread_members_learn_the_same(folder, tmp_path, monkeypatch):
  config = made.sweep((0, 1))
  config.sweep.trunk_rates = (0.003, 0.001)
  config.train.epochs = 2

  def run(name, devices):
    with tiny.devices(devices):
      loop.sweep(config, made.DATA, str(tmp_path / name))

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
