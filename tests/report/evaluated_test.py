"""Models put into order by a metric, and who is missing."""

import types

import numpy as np
import pandas as pd

from saliency_jax.report.scores import evaluated, scores_page


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
