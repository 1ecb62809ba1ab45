"""Every job's programs can be lowered for a TPU.

No more can be had of a TPU on another machine: StableHLO for it is made by
`jax.export`, and nothing of it is compiled or run.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from saliency_jax import runtime
from saliency_jax.classical.registry import MODELS
from saliency_jax.experiments import exported_maps, measurement, photograph_scoring, predictors, scoring, search_scoring
from saliency_jax.networks import cuts, heads, zoo
from saliency_jax.ops.pixel_weights import CellWeights
from saliency_jax.training import loop, plan, step
from tests import tiny
from tests.training import made

SIZE = (64, 96)
MAP = jax.ShapeDtypeStruct(SIZE, jnp.float32)
MASK = jax.ShapeDtypeStruct(SIZE, bool)
SETS = 8  # as many as an image's are padded to


@pytest.fixture(autouse=True)
def not_on_a_cpu(monkeypatch):
  """What is chosen by the device is chosen as on an accelerator."""
  monkeypatch.setattr(jax, 'default_backend', lambda: 'tpu')
  monkeypatch.setattr(runtime, 'compiler_options', dict)


def exported(function, *arguments, **static) -> str:
  jitted = function if hasattr(function, 'trace') else jax.jit(function)
  return jax.export.export(jitted, platforms=('tpu',))(*arguments, **static).mlir_module()


def assert_precise(program: str):
  """Of float32 an accelerator would take bfloat16's digits."""
  products = [x for x in program.splitlines() if 'stablehlo.dot_general' in x or 'stablehlo.convolution' in x]
  assert products
  assert all(line.count('HIGHEST') == 2 for line in products)


def weights_of(maps: jax.ShapeDtypeStruct) -> CellWeights:
  batch, height, width, _ = maps.shape
  return CellWeights(
    *(jax.ShapeDtypeStruct((batch, *shape), jnp.float32) for shape in ((SETS, height, width), (3, height), (3, width)))
  )


@pytest.mark.parametrize('name', ['vgg16', 'resnet18', 'vit_s16'])
def test_units_are_measured_and_standardised(name):
  network = zoo.outline(name)
  taps = network.resolve(())
  side = network.preprocess.image_size
  images = jax.ShapeDtypeStruct((2, side, side, 3), jnp.uint8)

  def forward(variables, images):
    return network.apply(variables, images, taps)

  assert_precise(exported(forward, network.variables, images))
  maps = jax.eval_shape(forward, network.variables, images)
  weights = {tap: weights_of(x) for tap, x in maps.items()}
  assert_precise(exported(measurement._associate_all, maps, weights))
  half = {tap: x.update(dtype=jnp.bfloat16) for tap, x in maps.items()}
  # On a GPU these take a Pallas kernel; see `association_pallas_test`.
  exported(measurement._associate_all, half, weights)
  first, few = maps[taps[0]], jax.ShapeDtypeStruct((4,), jnp.int32)
  given = weights[taps[0]]
  exported(exported_maps._gather, first, given.rows, given.columns, few, few)
  exported(exported_maps._every_unit, first, given.rows, given.columns)


@pytest.mark.parametrize(('depths', 'mode'), [((2,), 'shared'), ((0, 2), 'vmap')])
def test_training_and_sweeps(depths, mode):
  config = made.sweep(depths)
  config.sweep.seeds, config.sweep.mode = (0, 1)[: len(depths)], mode
  config.sweep.shard_members = mode == 'vmap'
  with tiny.devices(4):
    run = plan.make(config, 'sweep', made.DATA, None)
  mesh = runtime.data_mesh(jax.devices()[:4], run.shares)
  programs = loop._compile(run, mesh)
  states = [step.init_member(member, run.network, run.task, run.tx) for member in run.members.values()]
  variables, side = run.network.variables, run.network.preprocess.image_size
  grid = run.network.shapes([run.network.readout_tap])[run.network.readout_tap][:2]
  prefix = cuts.make_prefix(run.network, run.depths())
  images = jax.ShapeDtypeStruct((4, side, side, 3), jnp.uint8)
  exported(prefix, variables, images)
  features = jax.eval_shape(prefix, variables, images)
  targets = weights_of(jax.ShapeDtypeStruct((4, *grid, 1), jnp.float32))
  targets = targets._replace(sets=targets.sets.update(shape=(4, 1, *grid)))
  batch = variables, features, targets, np.ones(4, np.float32)
  text = exported(programs.update, programs.packing.pack(states), *batch, np.int32(0))
  assert ('sdy.manual_computation' in text) == (mode == 'vmap')
  exported(programs.evaluate, states, *batch)
  exported(programs.finite, states)


def test_trained_networks_predict():
  network = tiny.vgg()
  shape = network.shapes([network.readout_tap])[network.readout_tap]
  trained = heads.attach(network, heads.READOUT, heads.READOUT.init(jax.random.key(0), shape))
  side = trained.preprocess.image_size
  exported(
    lambda *given: trained.apply(*given, (predictors.SALIENCY,)),
    trained.variables,
    jax.ShapeDtypeStruct((2, side, side, 3), jnp.uint8),
  )


def test_maps_and_observers_are_scored():
  seen = scoring.Seen(
    np.zeros((32, 2), np.int32), np.full(32, True), np.zeros((50, 2), np.int32), np.ones(50, np.int32), MAP, MAP
  )
  exported(scoring.score, MAP, seen, distinct=True)
  exported(
    photograph_scoring._means, np.zeros((3, 32, 2), np.int32), np.full((3, 32), True), 2, seen, sigma=5.0, distinct=True
  )
  exported(search_scoring._nmm, MAP, MASK)
  exported(search_scoring._ratios, MAP, MASK, MASK)
  exported(search_scoring._fixations, MAP, MASK, side=7)


@pytest.mark.parametrize('name', MODELS)
def test_classical_models(name):
  exported(jax.vmap(MODELS[name]), jax.ShapeDtypeStruct((2, *SIZE, 3), jnp.uint8))
