"""Whole steps with a CPU's way to convolve, which tiny networks never take."""

import jax
import numpy as np
import pytest

from saliency_jax.networks import conv_layers
from tests.training import step_test

MEMBERS = step_test.MEMBERS[2:4]  # they can be stacked


@pytest.mark.parametrize(('mode', 'devices'), [('shared', 1), ('vmap', 2)])
def test_steps_are_those_of_the_librarys_layers(monkeypatch, mode, devices):
  with jax.enable_x64(True):
    with monkeypatch.context() as context:
      context.setattr(conv_layers, 'on_cpu', lambda: False)
      library, scores, _ = step_test.train(MEMBERS)
    called = []
    convolve = conv_layers.cpu_layers.convolve
    monkeypatch.setattr(conv_layers, '_WINOGRAD_UNITS_SMALL', 3)
    monkeypatch.setattr(
      conv_layers.cpu_layers, 'convolve', lambda x, kernel: called.append(kernel) or convolve(x, kernel)
    )
    ours, ours_scores, _ = step_test.train(MEMBERS, mode, devices=devices)
    assert called
    assert step_test.largest_difference(library, ours) < 1e-9
    for one, other in zip(scores, ours_scores, strict=True):
      np.testing.assert_allclose(one.loss, other.loss, atol=1e-9)
