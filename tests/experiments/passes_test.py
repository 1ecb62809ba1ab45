"""One pass over images for several models."""

import types

import numpy as np
import pytest

from saliency_jax.data.pipeline import Reading
from saliency_jax.errors import InputError
from saliency_jax.experiments import passes, score_lists, scored_images
from saliency_jax.experiments.score_lists import Scored
from saliency_jax.ledger import Ledger
from saliency_jax.workdir import Folder
from tests.experiments import made, made_scores


class Model:
  """Predicts an image's mean, and remembers what it was asked for."""

  def __init__(self, name):
    self.name, self.asked = name, []

  def predict(self, images, image_ids):
    self.asked.append(tuple(image_ids))
    return [np.full((2, 3), image.mean(), np.float32) for image in images]


@pytest.fixture
def source(looked_at):
  return made_scores.source(looked_at)


def test_models_see_what_they_lack_and_nothing_else(source):
  first, second, third = Model('1'), Model('2'), Model('3')
  found = list(passes.predicted(source, [first, second, third], {'1': {0, 1, 3}, '2': {3}, '3': set()}, Reading(2)))
  assert [each.index for each in found] == [0, 1, 3]
  assert [each.record.image_id for each in found] == ['p1', 'p2', 'p4']
  assert [list(each.maps) for each in found] == [['1'], ['1'], ['1', '2']]
  assert first.asked == [('p1', 'p2'), ('p4',)]
  assert (second.asked, third.asked) == ([('p4',)], [])
  for each in found:
    assert each.maps['1'][0, 0] == pytest.approx(each.record.image.mean())


def test_images_come_in_the_order_of_the_data_set():
  found = passes.predicted(made.Photographs(9), [Model('1')], {'1': {8, 1}}, Reading(4, {}))
  assert [each.index for each in found] == [1, 8]


def test_an_image_that_cannot_be_read_ends_the_pass(tmp_path):
  folder = made_scores.photographs(tmp_path)
  source = made_scores.source(folder)
  path = folder / 'images' / 'p3.jpg'
  path.write_bytes(path.read_bytes()[:500])
  seen = []
  with pytest.raises(InputError, match=r'p3\.jpg is truncated'):
    seen.extend(each.index for each in passes.predicted(source, [Model('1')], {'1': {0, 1, 2, 3}}, Reading(3)))
  assert seen == [0, 1]  # what was read is not lost
  reading = Reading(3, 'skip')
  assert [each.index for each in passes.predicted(source, [Model('1')], {'1': {0, 1, 2, 3}}, reading)] == [0, 1, 3]
  assert list(reading.skipped) == ['p3']
  assert 'truncated' in reading.skipped['p3']


def test_what_is_measured_is_kept_and_not_measured_again(source, tmp_path):
  def measure(each):
    return {name: {'mean': float(x.mean())} for name, x in each.maps.items()}

  folder = Folder(str(tmp_path), {})
  dataset = types.SimpleNamespace(source=source, reading=Reading(3), name='mine')
  scoring = types.SimpleNamespace(dataset=dataset, measure=measure)

  def run(images, keep=None):
    models = [Model('1'), Model('2')]
    with Ledger(tmp_path / 'x', {'1': 1, '2': 2}) as ledger:
      scored_images.score_models(scoring, models, images, ledger, keep=keep)
    return {model: {name: entry.facts for name, entry in of.items()} for model, of in ledger.entries.items()}, [
      model.asked for model in models
    ]

  def keep(model, image_id, saliency):
    folder.array(f'maps/{model}/{image_id}.npy', saliency)

  rows, asked = run([0, 2], keep=keep)
  assert asked == [[('p1', 'p3')]] * 2
  assert rows['1'].keys() == rows['2'].keys() == {'p1', 'p3'}
  assert rows['1']['p1']['constant']
  kept = np.load(tmp_path / 'maps' / '2' / 'p3.npy')
  assert kept.shape == (2, 3)
  assert kept.mean() == pytest.approx(rows['2']['p3']['mean'])
  again, asked = run([0, 1, 2])
  assert asked == [[('p2',)]] * 2
  assert again['1'] == rows['1'] | {'p2': again['1']['p2']}
  assert not (tmp_path / 'maps' / '1' / 'p2.npy').exists()


def test_maps_that_are_none_of_their_images_are_told(monkeypatch):
  """One map for several images, and maps of other proportions."""
  rng = np.random.default_rng(0)
  same, size = rng.random((6, 8)), (30, 40, 3)
  maps = [
    same,
    same,
    rng.random((6, 8)),
    same,
    np.zeros((6, 8)),
    rng.random((9, 9)),
    rng.random((4, 16)),
    rng.random((8, 6)),
  ]
  source = types.SimpleNamespace(image_ids='abcdefgh')
  about = [scored_images.about(each, size) | {'scores': {'nss': 0.0}} for each in maps]
  scoring = types.SimpleNamespace(dataset=types.SimpleNamespace(source=source, name='mine'), facts={})
  found = Scored(scoring, range(8), {'m': about}, {})
  assert found.odd('same') == {'m': ['a', 'b', 'd']}
  assert found.odd('stretched') == {'m': ['g', 'h']}
  assert found.odd('constant') == {'m': ['e']}
  assert found.odd('framed') == {'m': []}
  assert found._replace(images=range(1, 8), rows={'m': about[1:]}).odd('same') == {'m': []}
  monkeypatch.setattr(score_lists.fingerprints, 'of', lambda source: [])
  # A prior's maps are the same wherever images have one size.
  models = [
    types.SimpleNamespace(name='m', identity=x, network=None, trained_on=()) for x in ('folder', score_lists.CENTRE)
  ]
  said = [score_lists.notes([model], [found]) for model in models]
  assert (
    said[1]
    == said[0][:1] + said[0][2:]
    == [
      'm has a constant map for 1 image of mine (e), scored at chance.',
      'The maps of m for 2 images of mine have a different aspect ratio from the images (g, h); '
      'they are stretched to fit.',
    ]
  )
  assert said[0][1] == 'The maps of m for 3 of 8 images of mine are all identical (a, b, d).'


@pytest.mark.parametrize(
  ('change', 'framed'),
  [
    (lambda x: np.pad(x, 2, constant_values=1), True),  # a figure's margins
    (lambda x: 1 - np.pad(x, 2), True),  # inverted
    (lambda x: np.pad(x, 2), False),
    (lambda x: np.pad(x, ((1, 0), (1, 1)), constant_values=1), False),  # one side is none
    (lambda x: np.pad(np.pad(x, 1, constant_values=1), ((0, 1), (0, 0))), False),
    (lambda x: x, False),
  ],
)
def test_maps_with_margins_are_told(change, framed):
  saliency = np.random.default_rng(0).random((9, 12)) * 0.9
  assert scored_images.about(change(saliency), (9, 12, 3))['framed'] is framed


def test_maps_that_most_images_contradict_are_told(monkeypatch):
  scores = [{'scores': {'nss': value}} for value in (-1, -0.5, -0.1, 0.2) * 3]
  scoring = types.SimpleNamespace(
    metrics=('nss',), dataset=(types.SimpleNamespace(source=types.SimpleNamespace(image_ids='abcdefghijkl')))
  )
  one = Scored(scoring, range(12), {'m': scores}, {})
  assert one.odd('below') == {'m': [*'abcefgijk']}
  monkeypatch.setattr(score_lists.fingerprints, 'of', lambda source: [])
  below = 'm is below chance on 9 of 12 images of mine; are its maps inverted, or made for other images?'
  rows = [row | {'constant': False} for row in scores]
  scoring.facts, scoring.dataset.name = {'fixations_outside': 2}, 'mine'
  assert score_lists.notes((), [one._replace(rows={'m': rows})]) == [
    below,
    'mine: fixations outside their image, left out: 2.',
  ]
  # Two thirds, and three quarters of too few.
  for chosen in (scores[:7], scores[:8] + scores[3:4]):
    assert Scored(scoring, range(len(chosen)), {'m': chosen}, {}).odd('below') == {'m': []}
  assert Scored(scoring, range(12), {'m': scores[2:4] * 6}, {}).odd('below') == {'m': []}
