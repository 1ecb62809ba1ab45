"""Table 3, and the units of Figures 5 and 6, on scores made by hand."""

import ml_collections
import numpy as np

from saliency_jax.experiments import depth_tables, depth_views, task_comparison

SCORES = depth_tables.UnitScores(
  image_ids=np.array(['a', 'a', 'b', 'c']),
  places=np.array([0, 2, 0, 0]),
  labels=np.array(['text', 'food', 'text', 'text']),
  members={
    'depth_0': np.array([[1.0, 0], [1, 1], [1, 0], [2, 0]]),
    'depth_1': np.array([[1.0, 0], [1, 4], [1, 1], [2, 0]]),
    'depth_2': np.array([[1.0, 2], [1, 1], [0, 3], [9, 0]]),
  },
)


TOP = {'tap': 'conv5_3', 'base': 'depth_0', 'top': 1}


def asked(units=(), images=(), count=2) -> ml_collections.ConfigDict:
  return ml_collections.ConfigDict({'units': units, 'images': images, 'count': count})


def test_the_units_that_rise_most_are_chosen_where_it_is_clearest():
  def read(layer):
    assert layer == 'conv5_3'
    return SCORES

  # Best unit of one: text goes from 4/3 (unit 0) to 10/3 (unit 0, depth 2),
  # food from 1 to 4 (unit 1, depth 1).
  food, text = depth_views.choose(read, asked(), **TOP)
  assert food == depth_views.View(
    'a', 2, 'food', 'conv5_3', 1, 'depth_1', {'depth_0': 1.0, 'depth_1': 4.0, 'depth_2': 1.0}
  )
  assert (text.image_id, text.unit, text.best) == ('c', 0, 'depth_2')
  assert len(depth_views.choose(read, asked(count=1), **TOP)) == 1
  # Of the label it is the unit that rises most: unit 1 by 3, the best one by 1.
  rising = {'depth_0': np.array([[5.0, 1]]), 'depth_1': np.array([[6.0, 4]])}
  one = depth_tables.UnitScores(np.array(['a']), np.array([0]), np.array(['text']), rising)
  [view] = depth_views.choose(lambda _: one, asked(), **TOP)
  assert view.unit == 1
  [named] = depth_views.choose(read, asked(units=('conv5_3:1',)), **TOP)
  # Unit 1 rises by 3 for food in depth 1, for text by 5/3 in depth 2.
  assert (named.label, named.best) == ('food', 'depth_1')
  [named] = depth_views.choose(read, asked(images=('b',)), **TOP)
  assert (named.unit, named.best, named.scores['depth_2']) == (1, 'depth_2', 3)


def test_the_best_unit_for_a_label_is_shown_where_its_strongest_is_too():
  scores = depth_tables.UnitScores(
    image_ids=np.array(['a', 'a', 'b', 'b', 'c']),
    places=np.arange(5),
    labels=np.array(['text', 'head', 'text', 'head', 'text']),
    members={
      'depth_0': np.full((5, 3), 9.0),
      'depth_3': np.array([[0.0, 3, 0], [0, 2, 9], [0, 2, 0], [0, 8, 9], [0, 7, 0]]),
    },
  )

  def choose(*units, label=scores.labels):
    return depth_views.choose(lambda _: scores._replace(labels=label), asked(units), **TOP)

  # Unit 1 has (3 + 2 + 7) / 3 on text and (2 + 8) / 2 on heads; of a and b,
  # which have both, the head is higher in b. c has the highest text, no head.
  [view] = choose('best:text')
  assert (view.image_id, view.unit, view.best) == ('a', 1, 'depth_3')
  [view] = choose('best:text', label=np.array(['text'] * 4 + ['other']))
  assert (view.image_id, view.unit, view.label) == ('a', 2, 'text')
  first, best = choose('conv5_3:0', 'best:text')
  assert (first.unit, best.unit) == (0, 1)
  [best] = depth_views.choose(lambda _: scores, asked(['best:text'], ['b']), **TOP)
  assert (best.image_id, best.unit, best.label) == ('b', 1, 'head')
  # A label that these images do not have leaves the usual choice.
  assert choose('best:face') == choose()


def test_the_units_of_figure_11_are_those_that_saliency_raises_over_scenes():
  """The one that gains most first, by the mean of its category."""
  gains = np.array([[9.0, 0], [0, 4], [1, 3], [0, 9]])
  members = {'pt': np.full((4, 2), 99.0), 'sr': np.zeros((4, 2)), 'sp': gains}
  found = depth_tables.UnitScores(np.array(list('aabb')), np.arange(4), np.array(list('xyxz')), members)
  # z by 9 with unit 1; x by 5 on average with the other one, on its other photograph.
  first, second = task_comparison.choose(found, 'conv5_3', top=1, count=2)
  assert (first.image_id, first.label, first.unit, first.best) == ('b', 'z', 1, 'sp')
  assert (second.image_id, second.label, second.unit, second.best) == ('a', 'x', 0, 'sp')
  assert first.scores == {'pt': 99.0, 'sr': 0.0, 'sp': 9.0}
  assert len(task_comparison.choose(found, 'conv5_3', top=1, count=1)) == 1
  # A unit is shown once: z, too, gains most with unit 0, and has the other one.
  alike = found._replace(members=members | {'sp': np.array([[9.0, 0], [0, 0], [9, 3], [8, 2]])})
  assert [x.unit for x in task_comparison.choose(alike, 'conv5_3', top=1, count=2)] == [0, 1]


def test_table3_by_hand():
  analysis = ml_collections.ConfigDict({'top_units': 1, 'threshold': 1.25})
  table = depth_tables.table3(
    depth_tables.of_regions(SCORES, analysis), {'depth_0': 0, 'depth_1': 1, 'depth_2': 2}, ('text', 'drink')
  )
  assert table[1][:4] == ('depth_0', 0, 'drink', 0)
  assert table[1][11] is None
  assert np.isnan([*table[1][4:11], *table[1][12:]]).all()
  text = [row for row in table if row[2] == 'text']
  # Unit means 4/3 and 0, 4/3 and 1/3, 10/3 and 5/3.
  assert [(*row[:2], row[3], row[11]) for row in text] == [
    ('depth_0', 0, 3, 1),
    ('depth_1', 1, 3, 1),
    ('depth_2', 2, 3, 2),
  ]
  np.testing.assert_allclose([row[4] for row in text], [4 / 3, 4 / 3, 10 / 3])
