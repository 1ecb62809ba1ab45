"""Models put into order by a metric, and who is missing."""

import types

import numpy as np
import pandas as pd
import pytest

from saliency_jax.errors import InputError
from saliency_jax.report.scores import evaluated, scores_page
from tests.report import made_scores


def test_either_end_of_a_metric_may_be_the_better_one():
  rows = pd.DataFrame(
    [
      (model, metric, mean, mean, mean, 5)
      for metric in ('nss', 'kl', 'cc')
      for model, mean in (('a', 1.0), ('b', 3.0), ('c', np.nan), ('observers', 9.0))
    ],
    columns=['model', 'metric', 'mean', 'low', 'high', 'images'],
  )
  assert evaluated.ranked(rows, 'nss').index.tolist() == ['b', 'a']
  assert evaluated.ranked(rows, 'kl').index.tolist() == ['a', 'b']
  # People's CC is with the map of a single other person.
  assert evaluated.ceiling(rows, 'nss')['mean'] == 9
  assert evaluated.ceiling(rows, 'cc') is None


def test_models_that_were_scored_are_not_said_to_be_missing():
  results = types.SimpleNamespace(
    models=('deepgaze2', 'sam_vgg', 'bms', 'sample'), ours=lambda name: True, summary={'datasets': {'osie': {}}}
  )
  rows = scores_page._not_run(results, types.SimpleNamespace(table=lambda name, rows: rows))
  assert [name for name, table, _ in map(dict.values, rows) if table.startswith('Table 4')] == ['DVA', 'GBVS']


@pytest.mark.parametrize(
  ('name', 'shape'),
  [
    ('0/scores', (2,)),
    ('0/fixations', (5, 3)),
    ('0/map/1', (4,)),
    ('1/map/0', (0, 4)),
    ('0/human', (6,)),
    ('1/target', (30, 39)),
  ],
)
def test_an_example_that_does_not_fit_is_named(tmp_path, name, shape):
  own = made_scores.folder(tmp_path)
  with np.load(own / 'examples.npz') as archive:
    arrays = dict(archive)
  assert arrays[name].shape != shape
  np.savez(own / 'examples.npz', **arrays | {name: np.zeros(shape, arrays[name].dtype)})
  with pytest.raises(InputError, match=r'examples\.npz does not fit examples\.csv or the picture'):
    evaluated.read(own)
