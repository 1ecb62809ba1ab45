"""The benchmark's arithmetic, and that both sides do what they say.

What is timed is small here, or does nothing.
"""

import contextlib
import json
import os
import sys
import time

import numpy as np
import pytest

from benchmarks import (
  accelerator,
  classical,
  coverage,
  dissection,
  layers,
  made_results,
  memory,
  networks,
  sections,
  timing,
  torch_peer,
  torch_process,
  training,
  training_step,
)
from benchmarks.timing import Unmeasured
from saliency_jax.classical import registry
from saliency_jax.errors import InputError
from saliency_jax.networks import vgg
from saliency_jax.report import paper
from saliency_jax.report.units import run
from tests import tiny
from tests.experiments.made import Photographs
from tests.report import made

OPTIONS = sections.Options(batch=1, rounds=1, osie='', torch_python='')
TINY = training_step.Setting(8, image_size=32, widths=tiny.WIDTHS)


def test_functions_run_in_turn_and_the_median_second_is_measured():
  calls, naps = [], iter([0, 0.001, 0.02, 0.001])
  seconds = timing.alternate(
    {'a': lambda: calls.append('a') or time.sleep(next(naps)), 'b': lambda: calls.append('b')}, rounds=3
  )
  assert calls == ['a', 'b'] * 4  # once to compile
  assert 0.001 <= seconds['a'] < 0.02


def test_intervals_that_hold_the_number_of_all_are_counted(tmp_path, capsys):
  categories = paper.facts()['categories']
  images = [f'{i:02d}' for i in range(30) for _ in categories]
  made.dissect(
    tmp_path,
    {layer: np.random.default_rng(i).normal(size=(360, 20)) + 1 for i, layer in enumerate(('conv5_3', 'conv4_1'))},
    labels=[*categories] * 30,
    image_ids=images,
  )
  coverage.main(str(tmp_path), '2')
  lines = capsys.readouterr().out.splitlines()
  assert [x.partition(',')[0] for x in lines] == [
    f'{name} of {size} photographs'
    for names, sizes in ((('mean', 'difference'), (12, 40, 100)), (('r', 'rho'), (150, 300, 500)))
    for size in sizes
    for name in names
  ]
  assert all('ours 100 %' in x or 'ours 83 %' in x for x in lines[2:6])


def test_rows_are_written_with_the_machine_or_say_why_not(tmp_path):
  rows = [timing.Row('x', 1.0, 'ms', 4.0, 'y', 0.25, '<= 1'), Unmeasured('z', 'pip install y')]
  timing.write(tmp_path / 'b.json', rows)
  written = json.loads((tmp_path / 'b.json').read_text())
  assert written['device'] == 'cpu'
  assert written['rows'] == [
    {'name': 'x', 'measured': 1.0, 'unit': 'ms', 'beside': 4.0, 'beside_name': 'y', 'ratio': 0.25, 'target': '<= 1'},
    {'name': 'z', 'why': 'pip install y'},
  ]
  assert '| x | 1 ms | 4 ms (y) | 0.25 | <= 1 |' in timing.text(rows)
  assert '| z | not measured: pip install y | | | |' in timing.text(rows)


def test_sections_that_can_run_here_run():
  found = set(sections.chosen([], OPTIONS))
  assert found >= {'kernel', 'metrics', 'training'}
  assert not found & {'dissection', 'accelerator'}
  assert set(sections.chosen(['metrics'], OPTIONS)) == {'metrics'}
  for name, said in (('dissection', '--osie'), ('accelerator', 'cpu')):
    with pytest.raises(InputError, match=said):
      sections.chosen([name], OPTIONS)


def test_classical_models_are_timed_per_image_on_one_core(monkeypatch):
  assert len(classical.on_one_core(os.sched_getaffinity, 0)) == 1
  timed, clock = [], iter([0.0, 8.0, 10.0, 14.0, 20.0, 22.0])
  monkeypatch.setattr(registry, 'MODELS', {'itti': None})
  monkeypatch.setattr(registry, 'predict', lambda name, images: timed.append(len(images)))
  monkeypatch.setattr(classical.time, 'process_time', lambda: next(clock))
  assert classical.processor_seconds(images=4, rounds=3) == {'itti': 1.0}
  assert timed == [4] * 4  # once to compile
  gbvs, bms, itti = classical.rows({'gbvs': 0.05, 'bms': 0.09, 'itti': 0.025}, 'one image')
  assert [gbvs.ratio, bms.ratio, itti.ratio] == pytest.approx([9, 0.5, 2])


def test_the_operations_of_vgg16():
  # 15.3 billion multiply-adds at 224 px, as published for its convolutions.
  assert 30.6e9 < accelerator.operations() < 30.8e9


def test_layers_are_timed_beside_the_librarys():
  rows = layers.compare(2, 1, convolutions=[(6, 4)], poolings=[(6, 4)])
  assert [row.name.split(' of')[0] for row in rows] == ['convolution', 'pooling']
  for row in rows:
    assert row.ratio == pytest.approx(row.measured / row.beside)


def test_made_results_are_what_the_page_reads(tmp_path):
  made_results.make(tmp_path, images=3)
  results = run.read(tmp_path)
  assert sum(x.shape[1] for x in results.scores.values()) == 3072
  assert len(results.rows) == made_results.REGIONS
  assert len(results.kept.images) == len(results.kept.points) == 3
  assert all(len(results.kept.maps(layer).units) > 1000 for layer in results.layers)


@contextlib.contextmanager
def nothing(*_):
  yield lambda: 0.0


def test_without_pytorch_it_is_said_how_to_get_it():
  for found, library in (
    (networks.forward('resnet18', 1, 1, sys.executable + '_'), 'torchvision'),
    (training.step_beside_torch(TINY, 1, sys.executable + '_'), 'torch'),
  ):
    assert isinstance(found, Unmeasured)
    assert f'pip install {library}' in found.why


def test_a_forward_pass_beside_torchvisions(monkeypatch):
  monkeypatch.setattr(torch_process, 'is_there', lambda *_: True)
  monkeypatch.setattr(torch_process, 'calls', nothing)
  monkeypatch.setattr(networks, '_SIZE', 32)
  monkeypatch.setattr(networks.zoo, 'load', lambda *_, **__: tiny.vgg())
  monkeypatch.setattr(
    networks,
    'alternate',
    lambda functions, **_: {
      name: seconds for name, seconds in (('ours', 2.0), ('theirs', 1.0)) if functions[name]() is not None
    },
  )
  row = networks.forward('resnet18', 4, 1, 'a_python')
  assert (row.measured, row.beside, row.ratio) == (500, 250, 2)


@pytest.mark.parametrize('error', [0.0, 0.01])
def test_the_peer_has_to_compute_the_same(error, monkeypatch):
  """With this package's own step in PyTorch's place, and then a wrong one."""

  @contextlib.contextmanager
  def running(python, ours, depth):
    peer = training_step.Step([training_step.member(depth)], TINY)
    yield lambda: float(peer()[0]) + error

  monkeypatch.setattr(torch_process, 'is_there', lambda python: True)
  monkeypatch.setattr(torch_peer, 'running', running)
  if error:
    with pytest.raises(ValueError, match='differ'):
      training.step_beside_torch(TINY, 1, '', depth=1)
  else:
    row = training.step_beside_torch(TINY, 1, '', depth=1)
    assert row.ratio == pytest.approx(row.measured / row.beside)


def test_a_step_is_given_whole_and_its_memory_is_counted(monkeypatch):
  step = training_step.Step([training_step.member(1)], TINY)
  given = torch_peer.arguments(step)
  for i, layer in enumerate(vgg.CONVOLUTIONS):
    for name in ('kernel', 'bias'):
      np.testing.assert_array_equal(given[f'{name}_{i}'], step.network.variables['params'][layer][name])
  assert (given['images'].dtype, given['sets'].shape) == (np.uint8, (8, 2, 2))
  assert step.own_bytes() == 4 * (3 * 3 * 4 * 7 + 7 + 7)  # readout: 7
  assert step.planned_bytes() > 3 * step.own_bytes()
  kept = {1: memory.Memory(4_000, 9_000, 500), 7: memory.Memory(7_000, 20, 10)}
  monkeypatch.setattr(memory, 'measure', lambda depths, batch: kept[len(depths)])
  planned, peak = training.memory_beside_run()
  assert planned.ratio == pytest.approx(6_990 / 4_000)
  assert peak.ratio == pytest.approx(10 / 9_000)


def test_an_epoch_on_kept_features_is_timed_beside_one_without():
  row = training.cached_epoch(TINY, 1, 1, training.SCENES, '<= 0.25')
  assert 'scene at depth 1' in row.name
  assert row.ratio == pytest.approx(row.measured / row.beside)


def test_a_dissection_is_timed_beside_its_forward():
  speed, peak = dissection.compare(Photographs(4), tiny.vgg(), ('conv5_3',), 2, target='', legs=1)
  assert speed.name == 'dissecting tests.tiny:vgg, 4 photographs, decoding included'
  assert speed.ratio == pytest.approx(speed.measured / speed.beside)
  assert 0.05 < peak.measured < 100, 'GB'
