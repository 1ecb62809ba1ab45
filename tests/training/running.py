"""Runs of the tiny network in this process, and how to compare them."""

import numpy as np

from saliency_jax.training import loop, trained_models
from tests import tiny
from tests.training import made


def train(config, workdir, data=made.DATA, network=None, devices=1):
  with tiny.devices(devices):
    return loop.train(config, data, str(workdir), network)


def load(workdir, member=''):
  return trained_models.read(workdir, member).whole


def params(workdir, member=''):
  return load(workdir, member).variables['params']


def are_equal(first, second, atol=0.0):
  assert first.keys() == second.keys()
  for layer, leaves in first.items():
    for name, array in leaves.items():
      np.testing.assert_allclose(array, second[layer][name], rtol=0, atol=atol, err_msg=layer)
