"""Compiler settings: a misspelt one would be left out in silence."""

import jax
import pytest

from saliency_jax import compiling


@pytest.mark.skipif(
    jax.__version_info__[:2] != (0, 10), reason='other settings may be known')
def test_jaxlib_knows_every_setting():
  assert compiling.options() == compiling._CPU


def test_an_unknown_setting_is_left_out():
  assert not compiling._known('xla_cpu_scheduler_type', 'NONSENSE')
