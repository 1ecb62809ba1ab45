"""The training step: its loss, what stays frozen, and sweeps beside runs.

In float64, where one flipped ReLU cannot hide an error or make one.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from saliency_jax import runtime
from saliency_jax.networks import cuts, heads, vgg
from saliency_jax.ops import pixel_weights
from saliency_jax.training import members as sweeps
from saliency_jax.training import saliency_task, step
from saliency_jax.training.members import Member
from tests import brute_force, tiny

WIDTHS = dict.fromkeys(vgg.CONVOLUTIONS, 4)
TASK = saliency_task.make(None)
SIZE = 64  # of the square that `cuts` is told; maps of stages need it not
TX = optax.chain(optax.clip_by_global_norm(1.0), optax.scale_by_adam(), optax.add_decayed_weights(0.01))
SCHEDULE = optax.exponential_decay(1.0, 2, 0.8, staircase=True)
MEMBERS = [
  Member(0, 0, 0.0, 0.02),
  Member(1, 1, 1e-3, 0.01),
  Member(3, 2, 1e-3, 0.01),
  Member(3, 3, 5e-3, 0.02),
  Member(13, 5, 1e-3, 0.01),
]


@pytest.fixture(autouse=True)
def in_float64():
  with jax.enable_x64(True):
    yield


@functools.cache
def network(dtype=jnp.float64):
  """Returns a narrow VGG-16 that takes prepared images, in float64."""
  module = vgg.VGG(vgg.layers(WIDTHS), dtype=dtype)
  params = module.init(jax.random.key(0), jnp.zeros((1, 32, 32, 3)), frozenset())['params']
  made = tiny.vgg(WIDTHS)
  return made.replace(
    run=lambda variables, *rest: module.apply(variables, *rest),
    variables={'params': jax.tree.map(lambda x: jnp.asarray(x, jnp.float64), params)},
    preprocess=_Prepared(),
  )


class _Prepared:
  """Leaves images as they are."""

  image_size = SIZE

  def __call__(self, images):
    return images


def batch(number, size=5):
  """Images, fixation weights and validity; the last image is padding."""
  rng = np.random.default_rng([9, number])
  grid = (4, 6)
  images = rng.normal(0, 60, (size, 64, 96, 3))
  rows = [pixel_weights.cell_weights([rng.integers(0, (61, 97), (12, 2))], (61, 97), grid) for _ in range(size)]
  weights = jax.tree.map(lambda *x: np.stack(x).astype(np.float64), *rows)
  return images, weights, np.array([1.0] * (size - 1) + [0.0])


def compiled(function, **options):
  # Compiling takes a hundred times as long as running.
  return jax.jit(function, compiler_options={'xla_backend_optimization_level': 0}, **options)


def make_prefix(*depths, dtype=jnp.float64):
  return compiled(cuts.make_prefix(network(dtype), depths))


def init_member(member, tx=TX, net=None):
  return step.init_member(member, net or network(), TASK, tx)


def train(members, mode='shared', steps=3, devices=1, shares=1):
  frozen = network().variables
  mesh = runtime.data_mesh(jax.devices()[:devices], shares)
  together = sweeps.groups([m.depth for m in members], mode)
  packing = sweeps.Packing(together, mesh)
  states = packing.pack([init_member(m) for m in members])
  prefix = make_prefix(*{m.depth for m in members})
  update = compiled(
    step.make_step(members, together, network(), TASK, tx=TX, schedule=SCHEDULE, mesh=mesh),
    out_shardings=(packing.shardings, runtime.everywhere(mesh)),
  )
  metrics = []
  for number in range(steps):
    images, weights, valid = padded(batch(number), devices)
    states, metric = update(states, frozen, prefix(frozen, images), weights, valid, number)
    metrics.append(metric)
  return packing.unpack(states), metrics, states


def padded(rows, devices):
  """Returns the rows of a batch and zeros, so that the devices divide it."""
  return jax.tree.map(lambda x: np.concatenate([x, np.zeros((-len(x) % devices, *x.shape[1:]), x.dtype)]), rows)


def step_alone(member, tx=TX, dtype=jnp.float64):
  return compiled(
    step.make_step(
      [member],
      sweeps.groups([member.depth], 'shared'),
      network(dtype),
      TASK,
      tx=tx,
      schedule=SCHEDULE,
      mesh=runtime.data_mesh(jax.devices()[:1]),
    )
  )


@functools.cache
def single(member):
  """Returns a member's own run; kept, as its compilation takes seconds."""
  return train([member])


def largest_difference(first, second):
  return max(jax.tree.leaves(jax.tree.map(lambda x, y: np.abs(np.subtract(x, y)).max(), first, second)))


def test_nss_equals_the_papers_way():
  rng = np.random.default_rng(0)
  output = rng.normal(size=(3, 14, 14, 1))
  points = [rng.integers(0, (480, 640), (n, 2)) for n in (1, 30, 200)]
  weights = jax.tree.map(
    lambda *x: np.stack(x), *(pixel_weights.cell_weights([p], (480, 640), (14, 14)) for p in points)
  )
  expected = []
  for x, p in zip(output[..., 0], points, strict=True):
    resized = brute_force.upsample(x, (480, 640))
    unit = (resized - resized.min()) / np.ptp(resized)
    standard = (unit - unit.mean()) / unit.std()
    expected.append(standard[tuple(p.T)].mean())
  np.testing.assert_allclose(saliency_task.nss(output, weights), expected, atol=1e-6)


def test_the_gradient_equals_that_of_the_papers_way():
  rng = np.random.default_rng(1)
  output = rng.normal(size=(1, 6, 7, 1))
  points = rng.integers(0, (53, 59), (40, 2))
  weights = jax.tree.map(lambda x: x[None].astype(np.float64), pixel_weights.cell_weights([points], (53, 59), (6, 7)))

  def papers_way(x):
    resized = jax.image.resize(x[0, :, :, 0], (53, 59), 'bilinear')
    unit = (resized - resized.min()) / (resized.max() - resized.min())
    standard = (unit - unit.mean()) / unit.std()
    return standard[points[:, 0], points[:, 1]].mean()

  np.testing.assert_allclose(
    jax.grad(lambda x: saliency_task.nss(x, weights)[0])(output), jax.grad(papers_way)(output), atol=1e-6
  )


@pytest.mark.parametrize(
  ('mode', 'members', 'devices', 'shares'),
  [
    ('shared', MEMBERS, 1, 1),
    ('vmap', MEMBERS[2:4], 1, 1),
    ('vmap', MEMBERS[:1] + MEMBERS[2:4], 8, 1),
    ('vmap', MEMBERS[:1] + MEMBERS[2:4], 8, 2),
  ],
)
def test_every_member_equals_its_own_single_run(mode, members, devices, shares):
  together, metrics, _ = train(members, mode, devices=devices, shares=shares)
  for i, member in enumerate(members):
    (alone,), own, _ = single(member)
    assert largest_difference(together[i], alone) < 1e-10
    for both, one in zip(metrics, own, strict=True):
      np.testing.assert_allclose(both.loss[i], one.loss[0], atol=1e-10)
      np.testing.assert_allclose(both.gradient_norm[i], one.gradient_norm[0], atol=1e-10)


def test_every_device_holds_its_own_members():
  members = MEMBERS[1:4]
  _, _, (alone, stack) = train(members, 'vmap', steps=1, devices=8, shares=2)
  kernel = stack.params['conv5_1']['kernel']
  assert kernel.shape[0] == 2
  assert {x.data.shape[0] for x in kernel.addressable_shards} == {1}
  assert alone.params['conv5_3']['kernel'].is_fully_replicated


def test_the_split_network_equals_the_whole():
  net, images = network(), batch(0)[0]
  _, maps = net.run(net.variables, images, {'conv5_3'}, 0, 13)
  readout = heads.READOUT.init(jax.random.key(1), (4, 6, 4))
  expected = maps['conv5_3'] @ readout['kernel'][0, 0][None, None]
  depths = tuple(range(14))
  features = make_prefix(*depths)(net.variables, images)
  members = [Member(depth, 0, 0.0, 0.0) for depth in depths]
  outputs = step.make_outputs(members, net, TASK)
  for member in members:
    params = init_member(member).params | {'readout': readout}
    output = outputs[member.depth](params, net.variables, features[member.depth], None)
    np.testing.assert_allclose(output, expected, atol=1e-12)


@pytest.mark.parametrize('member', MEMBERS)
def test_a_member_holds_and_changes_only_what_it_trains(member):
  first = init_member(member)
  (last,), *_ = single(member)
  trained = {*vgg.CONVOLUTIONS[13 - member.depth :], 'readout'}
  assert set(first.params) == set(last.params) == trained
  for name in trained:
    assert largest_difference(first.params[name], last.params[name]) > 0
  # The optimizer keeps two moments of what is trained, and a count.
  size = sum(x.size for x in jax.tree.leaves(first.params))
  assert sum(x.size for x in jax.tree.leaves(first.optimizer)) == 2 * size + 1


def test_padding_changes_nothing():
  frozen, member = network().variables, MEMBERS[2]
  prefix = make_prefix(3)
  update = step_alone(member)
  images, weights, valid = batch(0)
  states = [init_member(member)]
  whole, metrics = update(states, frozen, prefix(frozen, images), weights, valid, 0)
  images[-1] = 1e3
  padded, again = update(states, frozen, prefix(frozen, images), weights, valid, 0)
  assert largest_difference(whole, padded) == 0
  assert metrics.images == again.images == 4


@pytest.mark.parametrize('dtype', [jnp.float64, jnp.bfloat16])
def test_rates_and_schedule_scale_the_step(dtype):
  """To the last digit: a rate is not rounded to the layers' arithmetic."""
  frozen = network(dtype).variables
  direction = optax.identity()
  images, weights, valid = batch(0)
  features = make_prefix(1, dtype=dtype)(frozen, images)

  def moved(member, number):
    update = step_alone(member, direction, dtype)
    before = init_member(member, direction)
    (after,), _ = update([before], frozen, features, weights, valid, number)
    return jax.tree.map(lambda x, y: y - x, before.params, after.params)

  plain = moved(Member(1, 0, 1.0, 1.0), 0)
  other = moved(Member(1, 0, 0.0003, 3.1), 4)  # the factor is 0.8 ** 2
  for name, rate in (('conv5_3', 0.0003), ('readout', 3.1)):
    np.testing.assert_allclose(other[name]['kernel'], plain[name]['kernel'] * rate * 0.64, atol=1e-12)


def test_a_step_in_which_no_image_counts_changes_nothing():
  """Not 0 / 0, which would put NaN into every parameter."""
  net, member = network(), MEMBERS[1]._replace(trunk_rate=0.1)
  images, weights, valid = batch(0)
  states = [init_member(member, optax.identity())]
  features = make_prefix(1)(net.variables, images)
  (after,), metrics = step_alone(member, optax.identity())(
    states, net.variables, features, weights, np.zeros_like(valid), 0
  )
  assert largest_difference(after.params, states[0].params) == 0
  assert (metrics.images, metrics.gradient_norm[0]) == (0, 0)


def test_the_gradient_norm_is_that_of_the_gradient():
  net, member = network(), MEMBERS[2]
  images, weights, valid = batch(0)
  features = make_prefix(3)(net.variables, images)
  state = init_member(member)
  output = step.make_outputs([member], net, TASK)[3]

  def loss(params):
    scores = saliency_task.nss(output(params, net.variables, features[3], None), weights)
    return -(scores * valid).sum() / 4

  _, metrics = step_alone(member)([state], net.variables, features, weights, valid, 0)
  squares = [(x**2).sum() for x in jax.tree.leaves(jax.grad(loss)(state.params))]
  np.testing.assert_allclose(metrics.gradient_norm[0], np.sqrt(sum(squares)), rtol=1e-10)
