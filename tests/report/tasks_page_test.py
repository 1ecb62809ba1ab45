"""What the page of two tasks says."""

import pandas as pd
import pytest

from saliency_jax import schema
from saliency_jax.report.tasks import tasks_page
from saliency_jax.report.tasks.compared import Compared


@pytest.mark.parametrize(
  ('drawn', 'true', 'says'),
  [
    (-0.3, -0.5, '-0.50 SD: true labels lower the mean further; the interval excludes 0 in 1 of 2'),
    (0.1, -0.2, '-0.20 SD: true labels lower the mean; the interval excludes 0 in 1 of 2'),
    (-0.3, -0.1, '-0.10 SD: learning scenes is not shown to lower the mean.'),
    (0.2, 0.1, '+0.10 SD: learning scenes is not shown to lower the mean.'),
  ],
)
def test_scenes_lower_units_where_they_do_and_further_where_shuffled_ones_do(drawn, true, says):
  rows = [
    (trunk, other, change, change - 0.1, change + 0.01 * k)
    for trunk, other, change in (('sr', 'pt', true), ('sr_shuffled', 'pt', drawn), ('sr', 'sr_shuffled', -0.005))
    for k in range(2)
  ]
  table = pd.DataFrame(rows, columns=['trunk', 'other', 'change', 'change_low', 'change_high'])
  found = Compared(None, {}, {}, {schema.TASK_DIFFERENCES.path: table}, None, (), {})
  assert says in tasks_page._shuffled(found)[0].replace('−', '-')
