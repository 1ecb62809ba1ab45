"""Forward passes beside torchvision's, of which nothing is run here."""

import contextlib
import sys

from benchmarks import networks, torch_process
from benchmarks.timing import Unmeasured
from tests import tiny


def test_without_torchvision_it_is_said_how_to_get_it():
  missing = networks.forward('resnet18', 1, 1, sys.executable + '_')
  assert isinstance(missing, Unmeasured)
  assert 'pip install torchvision' in missing.why


def test_both_take_the_same_batch(monkeypatch):
  asked = []

  @contextlib.contextmanager
  def calls(*arguments):
    asked.append(arguments)
    yield lambda: 0.

  monkeypatch.setattr(torch_process, 'is_there', lambda *given: True)
  monkeypatch.setattr(torch_process, 'calls', calls)
  monkeypatch.setattr(networks, '_SIZE', 32)
  # A small one, as a ResNet takes half a minute to be compiled.
  monkeypatch.setattr(networks.zoo, 'load', lambda *_, **__: tiny.vgg())
  monkeypatch.setattr(networks, 'alternate', lambda functions, **_: (
      {name: len(list(functions)) / position for position, name in enumerate(
          functions, start=1) if functions[name]() is not None}))
  row = networks.forward('resnet18', 4, 1, 'a_python')
  assert asked == [
      ('a_python', 'torch_forward.py', 'resnet18', '4', '32')]
  assert (row.measured, row.beside, row.ratio) == (500, 250, 2)
  assert '4 images of 32 pixels' in row.name
