"""Which units are kept on which images, against loops that say it plainly."""

import ml_collections
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saliency_jax.errors import InputError
from saliency_jax.experiments import exported_maps
from saliency_jax.experiments.exported_maps import pairs
from saliency_jax.experiments.statistics import Rows

COLUMNS = ('food', 'text', 'plant', 'drink')


def asked(**change) -> ml_collections.ConfigDict:
  """Returns `config.report`."""
  return ml_collections.ConfigDict({'images': 9, 'units': 3, 'examples': 2, 'also': (), **change})


def rows(seed: int, images: int = 12, units: int = 7) -> Rows:
  """Scores of 0 to 4 sets per image; some sets have none."""
  rng = np.random.default_rng([8, seed])
  index = np.repeat(np.arange(images), rng.integers(0, 5, images))
  scores = {
    layer: rng.normal(size=(len(index), count)).astype(np.float32)
    for layer, count in (('conv5_3', units), ('conv4_1', units - 2))
  }
  empty = rng.random(len(index)) < 0.2
  for x in scores.values():
    x[empty] = np.nan
  return Rows(
    index=index,
    ids=np.arange(len(index)),
    labels=rng.choice(COLUMNS[:3], len(index)).astype(str),
    counts=np.where(empty, 0, 5),
    scores=scores,
  )


def plainly(rows: Rows, shown: list[int], wanted, layer: str) -> set:
  """The same set of (unit, k), one thing after another."""
  scores, found = rows.scores[layer], set()
  sets = [row for row in range(len(rows.index)) if rows.counts[row]]
  for row in sets:
    if rows.index[row] in shown:
      found.add((scores[row].argmax(), shown.index(rows.index[row])))
  for column in COLUMNS:
    mine = [row for row in sets if rows.labels[row] == column]
    if not mine:
      continue
    means = scores[mine].astype(np.float64).mean(axis=0)
    for unit in sorted(range(len(means)), key=lambda u: -means[u])[: wanted.units]:
      by_image = {
        image: np.mean([scores[row, unit] for row in mine if rows.index[row] == image], dtype=np.float64)
        for image in shown
        if image in rows.index[mine]
      }
      ranked = sorted(by_image, key=lambda image: -by_image[image])
      ends = ranked[: wanted.examples]
      ends += ranked[max(len(ranked) - wanted.examples, 0) :]
      found |= {(unit, shown.index(image)) for image in ends}
  for name in wanted.also:
    if name.startswith(f'{layer}:'):
      unit = int(name.partition(':')[2])
      found |= {(unit, k) for k in range(len(shown))}
  return found


@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(0, 9), st.integers(0, 5), st.booleans())
@settings(max_examples=60)
def test_the_pairs_are_those_of_the_plain_loops(seed, images, units, examples, more):
  measured = rows(seed)
  shown = np.sort(np.random.default_rng(seed).choice(12, images, replace=False))
  wanted = asked(units=units, examples=examples, also=('conv5_3:6', 'conv4_1:0', 'conv4_1:3') if more else ())
  found = pairs(measured, shown, wanted)
  assert set(found) == {'conv5_3', 'conv4_1'}
  for layer, (of, on) in found.items():
    listed = list(zip(of.tolist(), on.tolist(), strict=True))
    assert listed == sorted(plainly(measured, shown.tolist(), wanted, layer))
    assert of.dtype == on.dtype == np.int32


def test_an_images_score_is_the_mean_over_its_sets_of_the_column():
  measured = Rows(
    index=np.array([0, 0, 1, 2]),
    ids=np.arange(4),
    labels=np.array(['food', 'food', 'food', 'food']),
    counts=np.ones(4),
    scores={'conv5_3': np.array([[9, 10], [1, 10], [6, 7], [2, 3]], np.float32)},
  )
  # Unit 1 is the best everywhere. Of unit 0 the means are 5, 6 and 2.
  found = pairs(measured, np.arange(3), asked(units=2, examples=1))
  assert list(zip(*map(np.ndarray.tolist, found['conv5_3']), strict=True)) == [(0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]


@pytest.mark.parametrize(
  ('change', 'said'),
  [
    ({'images': -1}, 'report.images is -1'),
    ({'units': -1}, 'report.units is -1'),
    ({'examples': -2}, 'report.examples is -2'),
    ({'also': ('conv9_9:0',)}, "'conv9_9:0'; name units of the taps"),
    ({'also': ('conv5_3:7',)}, 'conv5_3 has 7 units, counted'),
    ({'also': ('conv5_3',)}, "also names 'conv5_3'"),
    ({'also': ('conv5_3:-1',)}, "also names 'conv5_3:-1'"),
    ({'also': ('conv5_3:²',)}, 'also names'),
  ],
)
def test_what_makes_no_sense_is_refused(change, said):
  with pytest.raises(InputError, match=said):
    exported_maps.check(asked(**change), {'conv5_3': 7})


def test_what_makes_sense_is_not():
  exported_maps.check(asked(units=0, also=('conv5_3:6', 'conv5_3:00')), {'conv5_3': 7})
