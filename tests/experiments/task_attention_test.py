"""What the attention of trunks stands beside: the centre, and other people."""

import numpy as np
import pytest
from scipy import ndimage

from benchmarks import textbook
from configs import tasks as tasks_config
from saliency_jax.data import fixations
from saliency_jax.data.types import Source
from saliency_jax.experiments import predictors, task_attention


@pytest.mark.parametrize('counted', ['distinct', 'all'])
def test_people_are_predicted_by_all_others(counted):
  rng, size = np.random.default_rng(0), (40, 50)
  points, subjects = rng.integers(0, size, (30, 2)), np.repeat([4, 7, 9], [5, 10, 15])
  points[1] = points[0]
  source = Source()
  source.scanpaths, source.size = lambda _: fixations.make(points, subjects), lambda _: size
  asked = tasks_config.get_config()
  asked.update_from_flattened_dict({'data.sigma': 3.0, 'analysis.fixations': counted})
  expected = []
  for person in (4, 7, 9):
    others = np.zeros(size)
    np.add.at(others, tuple(points[subjects != person].T), 1)
    own = points[subjects == person]
    own = np.unique(own, axis=0) if counted == 'distinct' else own
    expected.append(textbook.nss(ndimage.gaussian_filter(others, 3), own))
  centre, people = task_attention._baselines(source, asked, 0)
  assert people == pytest.approx(np.mean(expected), rel=1e-3)
  every = np.unique(points, axis=0) if counted == 'distinct' else points
  assert centre == pytest.approx(textbook.nss(predictors.centre(size).astype(float), every), rel=1e-4)
  # One alone has no others.
  source.scanpaths = lambda _: fixations.make(points, np.full(30, 4))
  assert np.isnan(task_attention._baselines(source, asked, 0)[1])
  source.scanpaths = lambda _: fixations.make(points, subjects)
  asked.data.sigma = 0.0  # of no map of people
  assert np.isnan(task_attention._baselines(source, asked, 0)[1])
