"""What there is to measure, by name; `launch/benchmark.py` runs all or one.

A section imports its module when it runs: a machine that times the network
alone may lack the rest.
"""

import importlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax

from benchmarks.timing import Row, Unmeasured
from saliency_jax.errors import InputError

Rows = list[Row | Unmeasured]


class Options(NamedTuple):
  """What the flags say."""

  batch: int  # images in a batch
  rounds: int  # how often each is timed
  osie: str  # a folder in OSIE's layout, '' for none
  torch_python: str  # a Python that may have PyTorch


class Section(NamedTuple):
  """One part of the benchmark."""

  rows: Callable[[Options], Rows]
  cpu: bool = True  # whether it says something on a CPU
  accelerator: bool = True  # and on a GPU or a TPU
  needs_osie: bool = False


def _dissection(options: Options) -> Rows:
  from benchmarks import dissection, kernel
  from saliency_jax.data.source import open_source
  from saliency_jax.networks import zoo

  source = open_source('osie', options.osie)
  resnet = zoo.load('resnet18', weights=zoo.RANDOM)
  return [
    *dissection.compare(source, kernel.random_network(), kernel.LAYERS, options.batch, target='>= 0.9'),
    *dissection.compare(source, resnet, resnet.resolve([r'layer\d']), options.batch, target='>= 0.8')[:1],
  ]


def _compare(module: str, *arguments) -> Rows:
  return importlib.import_module(f'benchmarks.{module}').compare(*arguments)


SECTIONS: Mapping[str, Section] = {
  'dissection': Section(_dissection, needs_osie=True),
  'feeding': Section(lambda x: _compare('feeding', x.osie), needs_osie=True),
  'input_checks': Section(lambda x: _compare('input_checks', x.osie), accelerator=False, needs_osie=True),
  'kernel': Section(lambda x: _compare('kernel', x.batch, x.rounds), accelerator=False),
  'layers': Section(lambda x: _compare('layers', x.batch, x.rounds), accelerator=False),
  'networks': Section(lambda x: _compare('networks', x.batch, x.rounds, x.torch_python), accelerator=False),
  'metrics': Section(lambda x: _compare('metrics', 10, 2), accelerator=False),
  'classical': Section(lambda x: _compare('classical', 4, x.rounds), accelerator=False),
  # A round takes as long as ten of the others.
  'training': Section(lambda x: _compare('training', x.batch, max(x.rounds // 3, 2), x.torch_python)),
  'browser': Section(lambda x: _compare('browser'), accelerator=False),
  'accelerator': Section(lambda x: _compare('accelerator', x.batch, x.rounds), cpu=False),
}


def chosen(only: list[str], options: Options) -> dict[str, Section]:
  """Returns the sections that are to run here.

  Args:
    only: their names; empty takes all that can run.

  Raises:
    InputError: if one that is named cannot run here.
  """
  on_cpu = jax.default_backend() == 'cpu'
  found = {}
  for name, section in SECTIONS.items():
    problem = ''
    if section.needs_osie and not options.osie:
      problem = "give --osie, a folder in OSIE's layout"
    elif not (section.cpu if on_cpu else section.accelerator):
      problem = f'it says nothing on this device, {jax.default_backend()}'
    if name in only and problem:
      raise InputError(f'--only={name} cannot be measured: {problem}.')
    if not problem and (name in only or not only):
      found[name] = section
  return found
