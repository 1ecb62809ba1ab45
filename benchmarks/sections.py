"""What there is to measure, by name; `launch/benchmark.py` runs all or one.

A section imports its module when it runs: a machine that times the network
alone may lack the rest.
"""

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
      *dissection.compare(
          source, kernel.random_network(), kernel.LAYERS, options.batch,
          target='>= 0.9'),
      *dissection.compare(
          source, resnet, resnet.resolve([r'layer\d']), options.batch,
          target='>= 0.8')[:1]]


def _feeding(options: Options) -> Rows:
  from benchmarks import feeding
  return feeding.compare(options.osie)


def _kernel(options: Options) -> Rows:
  from benchmarks import kernel
  return kernel.compare(options.batch, options.rounds)


def _layers(options: Options) -> Rows:
  from benchmarks import layers
  return layers.compare(options.batch, options.rounds)


def _networks(options: Options) -> Rows:
  from benchmarks import networks
  return networks.compare(options.batch, options.rounds, options.torch_python)


def _metrics(options: Options) -> Rows:
  from benchmarks import metrics
  return metrics.compare(images=10, rounds=2)


def _classical(options: Options) -> Rows:
  from benchmarks import classical
  return classical.compare(images=4, rounds=options.rounds)


def _training(options: Options) -> Rows:
  from benchmarks import training
  # A round takes as long as ten of the others.
  return training.compare(
      options.batch, max(options.rounds // 3, 2), options.torch_python)


def _accelerator(options: Options) -> Rows:
  from benchmarks import accelerator
  return accelerator.compare(options.batch, options.rounds)


def _browser(options: Options) -> Rows:
  del options  # its size is that of the limits
  from benchmarks import browser
  return browser.compare()


SECTIONS: Mapping[str, Section] = {
    'dissection': Section(_dissection, needs_osie=True),
    'feeding': Section(_feeding, needs_osie=True),
    'kernel': Section(_kernel, accelerator=False),
    'layers': Section(_layers, accelerator=False),
    'networks': Section(_networks, accelerator=False),
    'metrics': Section(_metrics, accelerator=False),
    'classical': Section(_classical, accelerator=False),
    'training': Section(_training),
    'browser': Section(_browser, accelerator=False),
    'accelerator': Section(_accelerator, cpu=False)}


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
