"""Data sets as the config names them; what their observers will take."""

import pathlib
import types

import pytest

from configs import evaluate as evaluate_config
from saliency_jax.data import split
from saliency_jax.errors import InputError
from saliency_jax.experiments import scored_images
from saliency_jax.experiments.scored_sets import open_sets


@pytest.fixture
def config(looked_at, tiny_osie):
  found = evaluate_config.get_config()
  found.eval.sets = 'mine'
  found.sets.mine.update(
    {'dir': str(looked_at / 'images'), 'sigma': 5.0, 'fixations': str(looked_at / 'looks.csv'), 'drop_outside': True}
  )
  found.sets.osie.dir = str(tiny_osie)
  return found


def test_several_sets_are_opened_in_their_order(config):
  config.eval.sets = 'popout,mine, osie'
  config.sets.popout.count = 3
  config.sets.osie.regions = config.sets.osie.dir + '/labelme'
  arrays, mine, osie = open_sets(config)
  assert (arrays.name, arrays.kind, arrays.searched) == ('popout', 'popout', True)
  assert len(arrays.source) == 3
  assert (mine.name, mine.kind, mine.searched, mine.sigma) == ('mine', 'table', False, 5)
  assert mine.source[3].fixations.tolist() == [[30, 50]]
  assert (osie.name, osie.sigma, osie.searched) == ('osie', 24, False)
  assert len(osie.source[0].regions.ids) == 4


def test_sets_that_nobody_names_are_those_with_a_folder(config):
  config.eval.sets = ''
  assert [each.name for each in open_sets(config)] == ['mine', 'osie']
  config.sets.osie.dir = ''
  assert [each.name for each in open_sets(config)] == ['mine']
  config.sets.mine.dir = ''  # forgotten, and no reason to score on OSIE
  with pytest.raises(InputError, match='needs dir; give --config.sets.mine'):
    open_sets(config)


def test_a_part_of_osie(config, osie_dir):
  config.eval.sets = 'osie'
  config.sets.osie.dir = str(osie_dir)
  for part in ('train', 'test'):
    config.sets.osie.part = part
    (found,) = open_sets(config)
    assert found.source.image_ids == split.split(part)


def test_the_identity_changes_with_the_data(config, tmp_path):
  def identity():
    return open_sets(config)[-1].identity

  before = identity()
  assert identity() == before
  changed = tmp_path / 'looks.csv'
  changed.write_text(pathlib.Path(config.sets.mine.fixations).read_text() + 'p1,ann,3,3\n')
  config.sets.mine.fixations = str(changed)
  assert identity() != before
  config.eval.sets = 'popout'
  before = identity()
  config.sets.popout.seed = 1
  assert identity() != before


@pytest.mark.parametrize(
  ('key', 'value', 'message'),
  [
    ('eval.sets', 'mine,mine', 'name each .* once, of mine, osie, popout'),
    ('eval.sets', 'salicon', "has 'salicon'; name some of mine, osie, popout"),
    ('sets.mine.sigma', 0.0, r'sets\.mine\.sigma is 0; give the width of one'),
    ('sets.mine.sigma', float('nan'), 'sigma is nan'),
    ('sets.mine.kind', 'osie', 'has no use for fixations'),
    ('sets.mine.origin', 2, 'cannot count from 2'),
  ],
)
def test_what_is_wrong_is_said(key, value, message, config):
  config.update_from_flattened_dict({key: value})
  with pytest.raises(InputError, match=message):
    open_sets(config)


def test_what_the_observers_will_take_is_said_before(monkeypatch, caplog):
  minutes = iter([0, 2])  # for the first photograph with two observers
  monkeypatch.setattr(scored_images, 'time', types.SimpleNamespace(perf_counter=lambda: 60.0 * next(minutes)))
  scoring = types.SimpleNamespace(
    dataset=types.SimpleNamespace(name='mine', source=types.SimpleNamespace(image_ids='abcd')),
    images=range(4),
    observers=[3, 1, 2, 4],
    people=lambda index: None,
  )
  ledger = types.SimpleNamespace(entries={scored_images.OBSERVERS: {'a': None}})
  scored_images._announce(scoring, ledger)
  assert 'mine: scoring 6 observers of 2 images will take about 6 minutes' in (caplog.text)
