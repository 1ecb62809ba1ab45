"""Training: sweep beside single runs, a step beside PyTorch's, the cache."""

import tempfile
from collections.abc import Mapping

import jax
import numpy as np

from benchmarks import memory, torch_peer, torch_process
from benchmarks.timing import Row, Unmeasured, alternate
from benchmarks.training_step import DEPTHS, SALIENCY, Setting, Step, member
from saliency_jax.data import pipeline, pixel_sets
from saliency_jax.data.pipeline import Reading
from saliency_jax.data.types import Record, Source, no_regions
from saliency_jax.training import feed, image_batches

_SIZE = (600, 800)  # OSIE's photographs
_BATCHES = 4  # in an epoch
# As in configs/tasks.py, of photographs that the benchmark makes.
SCENES = {
  'name': 'scene',
  'dense': [256, 256],
  'dropout': 0.5,
  'weights': [1.0] * 13,
  'classes': [f'scene {i}' for i in range(13)],
  'scenes': {str(i): f'scene {i % 13}' for i in range(1000)},
}


def sweep_beside_runs(setting: Setting, rounds: int) -> Row:
  """Returns a step of all depths together beside steps of single runs."""
  together = Step([member(depth) for depth in DEPTHS], setting)
  runs = [Step([member(depth)], setting) for depth in DEPTHS]
  seconds = alternate({'together': together, 'runs': lambda: [run() for run in runs]}, rounds=rounds)
  return Row(
    f'sweep over depths {DEPTHS[0]} to {DEPTHS[-1]}, a step of {setting.batch} images',
    seconds['together'],
    's',
    seconds['runs'],
    f'{len(runs)} single runs',
    seconds['together'] / seconds['runs'],
    '<= 0.45',
  )


def step_beside_torch(setting: Setting, rounds: int, python: str, depth: int = 6) -> Row | Unmeasured:
  """Returns a step of a single run beside the same step in PyTorch.

  Raises:
    ValueError: if the two do not compute the same.
  """
  name = f'training at depth {depth}, batch {setting.batch}'
  if not torch_process.is_there(python):
    return Unmeasured(name, 'pip install torch, or name a Python that has it with --torch_python')
  ours, losses = Step([member(depth)], setting), []
  with torch_peer.running(python, ours, depth) as theirs:
    seconds = alternate(
      {'ours': lambda: losses.append(float(ours()[0])), 'theirs': lambda: losses.append(theirs())},
      rounds=rounds,
      rest=1.0,
    )
  # After many steps the two drift apart by rounding; not in the first two.
  if not np.allclose(losses[0:4:2], losses[1:4:2], atol=1e-3):
    raise ValueError(f'The losses differ: ours and theirs in turn {losses}.')
  return Row(
    name,
    setting.batch / seconds['ours'],
    'images/s',
    setting.batch / seconds['theirs'],
    'PyTorch, channels_last, float32',
    seconds['theirs'] / seconds['ours'],
    '>= 1',
  )


class _Photographs(Source):
  """Made photographs in memory: nothing is decoded, on either side."""

  def __init__(self, count: int):
    self.image_ids = tuple(map(str, range(count)))
    rng = np.random.default_rng(0)
    self._image = rng.integers(0, 256, (*_SIZE, 3), np.uint8)
    self._points = rng.integers(0, _SIZE, (100, 2)).astype(np.int32)

  def __getitem__(self, index: int) -> Record:
    return Record(self.image_ids[index], np.roll(self._image, index, axis=0), self._points, no_regions(*_SIZE))


def cached_epoch(
  setting: Setting, rounds: int, depth: int = 0, task: Mapping = SALIENCY, target: str = '<= 0.05'
) -> Row:
  """Returns an epoch on kept features beside one without them."""
  photographs = _Photographs(_BATCHES * setting.batch)
  step = Step([member(depth)], setting, task=task)
  examples = image_batches.Examples(step.network, step.task, pixel_sets.distinct_fixations, Reading(setting.batch))
  rows = pipeline.in_rows(range(len(photographs)), setting.batch)

  def epoch(batches: feed.Computed | feed.Cached):
    return [step.update(batch) for batch in batches.batches(rows)]

  computed = feed.Computed(photographs, examples, step.frozen)
  with tempfile.TemporaryDirectory() as folder:
    cached = feed.Cached(
      photographs, examples, step.frozen, folder=folder, batch_size=setting.batch, title='Frozen layers'
    )
    seconds = alternate({'cached': lambda: epoch(cached), 'computed': lambda: epoch(computed)}, rounds=rounds)
  return Row(
    f'epoch of {task["name"]} at depth {depth} on kept features, {len(photographs)} images',
    seconds['cached'] * 1e3,
    'ms',
    seconds['computed'] * 1e3,
    'without them, nothing decoded',
    seconds['cached'] / seconds['computed'],
    target,
  )


def memory_beside_run(batch: int = 20, depth: int = 6) -> list[Row]:
  """Returns the memory of the sweep's step beside that of a single run.

  Args:
    batch: images, by default as in the paper.
  """
  sweep, run = (memory.measure(depths, batch) for depths in (DEPTHS, [depth]))
  gigabytes = [
    (f'the update of a sweep over depths {DEPTHS[0]} to {DEPTHS[-1]}, as planned', sweep.planned, run.planned),
    ('the whole step, peak of the process', sweep.peak, run.peak),
  ]
  return [
    Row(
      f'memory of {name}, batch {batch}, less the parameters of its members',
      (all_members - sweep.own) / 1e9,
      'GB',
      single / 1e9,
      f'a single run at depth {depth}',
      (all_members - sweep.own) / single,
      '<= 2',
    )
    for name, all_members, single in gigabytes
  ]


def on_accelerator(setting: Setting, rounds: int) -> list[Row]:
  """Returns the speed of single runs, and of a sweep in both modes."""
  rows = []
  for depth in (3, 6, 13):
    cost = alternate(
      {dtype: Step([member(depth)], setting._replace(dtype=dtype)) for dtype in ('bfloat16', 'float32')}, rounds=rounds
    )
    rows.append(
      Row(
        f'training at depth {depth}, bfloat16, batch {setting.batch}',
        setting.batch / cost['bfloat16'],
        'images/s',
        setting.batch / cost['float32'],
        'float32',
        cost['float32'] / cost['bfloat16'],
        '',
      )
    )
  members = [member(depth, seed) for depth in DEPTHS for seed in range(4)]
  cost = alternate({mode: Step(members, setting, mode) for mode in ('vmap', 'shared')}, rounds=rounds)
  rows.append(
    Row(
      f'sweep over depths {DEPTHS[0]} to {DEPTHS[-1]} with 4 seeds, a step of {setting.batch} images, members stacked',
      cost['vmap'] * 1e3,
      'ms',
      cost['shared'] * 1e3,
      'one after another',
      cost['vmap'] / cost['shared'],
      '',
    )
  )
  return rows


def compare(batch: int, rounds: int, torch_python: str) -> list[Row | Unmeasured]:
  """Returns all comparisons; on a CPU without those of an accelerator."""
  setting = Setting(batch)
  rows = [
    sweep_beside_runs(setting, rounds),
    cached_epoch(setting, rounds),
    cached_epoch(setting, rounds, 1, target='<= 0.1'),
    cached_epoch(setting, rounds, 1, SCENES, '<= 0.25'),
  ]
  if jax.default_backend() != 'cpu':
    return rows + on_accelerator(setting, rounds)
  return [*rows, step_beside_torch(setting, rounds, torch_python), *memory_beside_run()]
