"""The second task: dense layers that tell scenes."""

import csv
import json
import types

import jax
import jax.numpy as jnp
import ml_collections
import numpy as np
import pytest

from configs import predict as predict_config
from saliency_jax.data import scenes
from saliency_jax.data.parts import Data
from saliency_jax.errors import InputError
from saliency_jax.experiments import prediction, predictors
from saliency_jax.networks import heads, zoo
from saliency_jax.report import site
from saliency_jax.training import loop, plan, tasks, trained_models
from tests import tiny
from tests.training import made
from tests.training.running import are_equal, params, train

IDS = (*made.TRAIN.image_ids, *made.VALIDATION.image_ids)
SCENES = {name: 'street' if number % 3 else 'kitchen' for number, name in enumerate(IDS)}
DATA = Data(made.TRAIN, made.VALIDATION, scenes=SCENES)


def config(**changes):
  return ml_collections.ConfigDict(
    {'name': 'scene', 'dense': (6, 5), 'dropout': 0.5, 'pretrained_dense': False} | changes
  )


def described(scenes=None, **changes):
  return tasks.describe(config(**changes), SCENES if scenes is None else scenes, made.TRAIN.image_ids)


def test_the_loss_is_weighted_cross_entropy():
  task = tasks.make(described())
  rng = np.random.default_rng(0)
  logits, labels = rng.normal(size=(7, 2)), rng.integers(0, 2, 7)
  # 10 training images, 4 of kitchens and 6 of streets.
  weights = np.array([10 / (2 * 4), 10 / (2 * 6)])
  exponents = np.exp(logits)
  expected = -weights[labels] * np.log(exponents[np.arange(7), labels] / exponents.sum(axis=1))
  np.testing.assert_allclose(task.loss(jnp.asarray(logits), jnp.asarray(labels)), expected, rtol=1e-5)
  assert described()['classes'] == ['kitchen', 'street']
  assert described({name: of.replace('street', 'alley') for name, of in SCENES.items()})['classes'][0] == 'alley'


def test_a_head_of_before_takes_maps_as_they_are():
  before = {key: value for key, value in described().items() if key != 'normalized'}
  params, x = (
    {'dense_0': {'kernel': np.ones((1, 2), np.float32), 'bias': np.zeros(2, np.float32)}},
    np.full((1, 1, 1, 1), 9, np.float32),
  )
  for of, expected in ((before, 9), (described(), 1)):
    np.testing.assert_allclose(tasks.make(of).head.apply(params, x), [[expected] * 2], rtol=1e-5)


def test_a_class_of_weight_0_has_no_gradient():
  task = tasks.make(described() | {'weights': [0.0, 1.0]})
  logits = np.random.default_rng(0).normal(size=(3, 2))
  gradient = jax.grad(lambda x: task.loss(x, jnp.array([0, 1, 0])).sum())(logits)
  assert (np.asarray(gradient)[[0, 2]] == 0).all()
  assert (np.asarray(gradient)[1] != 0).all()


def test_accuracy_and_balanced_accuracy():
  task = tasks.make(described())
  logits = np.array([[2.0, 1.0], [2.0, 1.0], [0.0, 1.0], [3.0, 1.0], [0.0, 9.0]])
  labels = np.array([0, 1, 1, 1, 1])  # the last does not count
  sums = task.sums(logits, labels, np.array([1.0, 1.0, 1.0, 1.0, 0.0]))
  assert task.metrics(jax.tree.map(np.asarray, sums)) == {
    'accuracy': 0.5,
    'balanced_accuracy': pytest.approx((1 + 1 / 3) / 2),
  }


def test_what_is_unread_or_of_no_scene_of_training_does_not_count():
  task, (first, *_, last) = tasks.make(described()), made.TRAIN.image_ids
  batch = types.SimpleNamespace(problems=np.array(['', '', '', 'is truncated']))
  labels, valid = task.targets(batch, (1, 1), [first, last, 'unknown', first])
  assert labels.tolist() == [['kitchen', 'street'].index(SCENES[x]) for x in (first, last)] + [-1, labels[0]]
  assert 0 in labels
  assert valid.tolist() == [1, 1, 0, 0]


def test_dense_layers_equal_numpy():
  head = heads.dense((6, 5), 3)
  drawn = head.init(jax.random.key(0), (5, 4, 2))
  assert np.abs(drawn['dense_2']['kernel']).max() < 0.02  # the loss is ln K
  drawn['dense_2'] = {'kernel': jax.random.normal(jax.random.key(2), (5, 3)), 'bias': jax.numpy.arange(3.0)}
  features = np.random.default_rng(0).normal(size=(3, 5, 4, 2))
  features = features.astype(np.float32)
  x = features / np.sqrt((features**2).mean(axis=(1, 2, 3), keepdims=True))
  np.testing.assert_allclose(head.apply(drawn, 30 * features), head.apply(drawn, features), atol=1e-5)
  np.testing.assert_allclose(
    heads.dense((6, 5), 3, normalized=False).apply(drawn, x), head.apply(drawn, features), atol=1e-5
  )
  x = np.pad(  # the last row has no other to be pooled with
    x, ((0, 0), (0, 1), (0, 0), (0, 0)), constant_values=-np.inf
  )
  x = x.reshape(3, 3, 2, 2, 2, 2).max(axis=(2, 4)).reshape(3, -1)
  for number in range(3):
    layer = drawn[f'dense_{number}']
    x = x @ np.asarray(layer['kernel']) + np.asarray(layer['bias'])
    x = np.maximum(x, 0) if number < 2 else x
  np.testing.assert_allclose(head.apply(drawn, features), x, atol=1e-5)
  keys = jax.random.split(jax.random.key(1), 3)
  dropped = head.apply(drawn, features, keys, 0.5)
  assert np.abs(dropped - x).max() > 1e-3
  # An image's units are dropped alike wherever it stands in a batch.
  np.testing.assert_allclose(dropped[1:], head.apply(drawn, features[1:], keys[1:], 0.5), atol=1e-6)


def test_stacked_members_on_several_devices_drop_what_single_ones_do(tmp_path):
  for name, count, mode in (('one', 1, 'shared'), ('four', 4, 'vmap')):
    run = made.sweep((0,))
    run.task.update(config())
    run.train.epochs, run.sweep.seeds, run.sweep.mode = 1, (0, 1), mode
    with tiny.devices(count):
      loop.sweep(run, DATA, str(tmp_path / name))
  for seed in (0, 1):
    are_equal(*(params(tmp_path / name, f'depth_0_seed_{seed}')['dense'] for name in ('one', 'four')), atol=1e-5)


def test_a_network_learns_scenes_and_is_read_again(tmp_path):
  run = made.run(1)
  run.task.update(config(dropout=0.2))
  summary = train(run, tmp_path, DATA)
  (member,) = summary['members'].values()
  assert summary['task']['name'] == 'scene'
  assert 0 <= member['balanced_accuracy'] <= 1
  trained, start = params(tmp_path), tiny.vgg().variables['params']
  assert set(trained['dense']) == {'dense_0', 'dense_1', 'dense_2'}
  for layer in start:
    same = np.array_equal(trained[layer]['kernel'], start[layer]['kernel'])
    assert same == (layer != 'conv5_3')


@pytest.mark.parametrize(
  ('change', 'drawn'),
  [({}, False), ({'task.dense': (4, 5)}, True), ({'network.image_size': 80}, True), ({'scenes': 'garden'}, True)],
)
def test_a_head_is_gone_on_with_where_it_fits(change, drawn, scene_run):
  run = made.run(1)
  run.task.update(config())
  run.network.update({'name': zoo.DEFAULT, 'checkpoint': str(scene_run)})
  renamed = change.pop('scenes', 'street')
  run.update_from_flattened_dict(change)
  data = Data(
    made.TRAIN,
    made.VALIDATION,
    scenes={name: renamed if scene == 'street' else scene for name, scene in SCENES.items()},
  )
  made_of = plan.make(run, 'train', data, None)
  assert (made_of.head is None) == drawn
  kept = json.dumps(made_of.facts({'depth_1': {}})['readout'])
  assert kept == '"drawn"' or len(kept) < 1000  # hashes, not a hundred MB


def test_a_map_of_its_own_is_given_up_for_scenes(scene_run):
  run = made.run(0)
  run.network.update({'name': zoo.DEFAULT, 'checkpoint': str(scene_run)})
  # Its trunk has changed: saliency, too, is then read from the tap.
  of_saliency = plan.make(run, 'train', made.DATA, None)
  assert of_saliency.task.head is heads.READOUT
  assert (of_saliency.network.decoder, of_saliency.network.readout_tap) == (None, 'conv3_1')
  with pytest.raises(InputError, match='has no saliency map'):
    predictors.of_network('scenes', trained_models.read(scene_run).whole, 4)


@pytest.fixture(scope='module')
def scene_run(tmp_path_factory):
  run, workdir = made.run(0), tmp_path_factory.mktemp('scene')
  run.task.update(config())
  run.network.update({'name': 'tests.tiny:decoding', 'readout_tap': 'conv3_1'})
  run.train.epochs = 1
  train(run, workdir, DATA)
  return workdir


def test_a_head_of_maps_as_they_are_does_not_fit_normalized_ones(scene_run):
  start = trained_models.read(scene_run)
  for normalized in (True, False):
    task = tasks.make({**start.task.described, 'normalized': normalized})
    assert (plan._head(start, task) is None) != normalized


def test_a_scene_model_predicts_probabilities(scene_run, tmp_path):
  config = predict_config.get_config()
  config.network.checkpoint = str(scene_run)
  prediction.predict(config, made.VALIDATION, str(tmp_path))
  with open(tmp_path / 'scene_probabilities.csv', newline='') as file:
    rows = list(csv.DictReader(file))
  network = trained_models.read(scene_run).whole
  for row, (image_id, image, *_) in zip(rows, made.VALIDATION, strict=True):
    logits = network.maps(image, network.readout_tap)[network.readout_tap]
    logits = np.asarray(heads.apply_dense(network.variables['params']['dense'], logits, normalized=True), np.float64)[0]
    expected = np.exp(logits) / np.exp(logits).sum()
    assert row['image_id'] == image_id
    assert [float(row[x]) for x in ('kitchen', 'street')] == pytest.approx(expected, abs=1e-5)
    assert row['scene'] == ('kitchen', 'street')[expected.argmax()]
  assert 'street' in site.write(tmp_path).read_text()
  assert scenes.read(tmp_path / 'scene_probabilities.csv').keys() == {*made.VALIDATION.image_ids}


@pytest.mark.parametrize(
  ('scenes', 'changes', 'says'),
  [
    ({}, {}, 'have 0 scenes'),
    (dict.fromkeys(IDS, 'street'), {}, 'have 1 scenes; two or more'),
    (None, {'dense': (0,)}, 'config.task.dense is'),
    (None, {'dropout': 1.0}, 'config.task.dropout is 1.0'),
    (None, {'name': 'depth'}, 'one of saliency, scene'),
  ],
)
def test_what_is_wrong_is_said(scenes, changes, says):
  with pytest.raises(InputError, match=says):
    described(scenes, **changes)
