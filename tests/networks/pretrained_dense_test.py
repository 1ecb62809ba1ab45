"""VGG's own dense layers as the first ones of a scene head."""

import numpy as np
import pytest

from saliency_jax.data.parts import Data
from saliency_jax.errors import InputError
from saliency_jax.networks import heads, zoo
from saliency_jax.networks.network import Provenance
from saliency_jax.networks.weights import fetching, known_weights
from saliency_jax.training import plan, step
from tests import tiny
from tests.networks.weights import made
from tests.training import made as training

UNITS = (6, 5)
_RNG = np.random.default_rng(0)


def _drawn(*shape: int) -> np.ndarray:
  return _RNG.normal(size=shape).astype(np.float32)


# fc6 of square maps of 2 x 2 x 3, its inputs in the order channels, rows,
# columns, and fc7: kernel [units, inputs] and bias.
FC6, FC7 = ((_drawn(6, 12), _drawn(6)), (_drawn(5, 6), _drawn(5)))


def _keras():
  rows_first = FC6[0].reshape(6, 3, 2, 2).transpose(0, 2, 3, 1).reshape(6, 12)
  return {
    'fc1/fc1/kernel:0': rows_first.T,
    'fc1/fc1/bias:0': FC6[1],
    'fc2/fc2_W_1:0': FC7[0].T,
    'fc2/fc2_b_1:0': FC7[1],
    'predictions/predictions/kernel:0': _drawn(5, 4),
  }


def _torch(*names: str):
  return dict(zip([f'{x}.{kind}' for x in names for kind in ('weight', 'bias')], (*FC6, *FC7), strict=True))


LAYOUTS = {
  'Keras': _keras(),
  'torchvision': _torch('classifier.0', 'classifier.3'),
  'Places365': _torch('classifier.fc6', 'classifier.fc7'),
  'timm': {
    name: x.reshape(*x.shape[:1], -1, 2, 2) if 'fc1.w' in name else x.reshape(*x.shape, 1, 1) if 'fc2.w' in name else x
    for name, x in _torch('pre_logits.fc1', 'pre_logits.fc2').items()
  },
  'Caffe': {
    'fc6/0': FC6[0][None, None],
    'fc6/1': FC6[1][None, None, None],
    'fc7/0': FC7[0],
    'fc7/1': FC7[1],
    'fc8/0': _drawn(4, 5),
  },
}


CONVOLUTIONS = {
  'Keras': made.keras_arrays,
  'Caffe': lambda weights: {name: x for name, x in made.caffe_arrays(weights).items() if 'fc' not in name},
}
DENSE = {'dense_0/kernel': (2, 2, 3, 6), 'dense_0/bias': (6,), 'dense_1/kernel': (6, 5), 'dense_1/bias': (5,)}


def _torch_features(weights):
  return {name: x for name, x in made.torchvision_arrays(weights).items() if 'features' in name}


def _layers(title, folder, **changes):
  """What a network of a file of this layout begins a head with."""
  arrays = CONVOLUTIONS.get(title, _torch_features)(made.tensors()) | LAYOUTS[title] | changes
  np.savez(folder / 'vgg.npz', **arrays)
  provenance = Provenance('vgg', '', str(folder / 'vgg.npz'), file_sha256='00')
  return zoo.dense_layers(zoo.outline('vgg16').replace(provenance=provenance))


@pytest.fixture
def narrow(monkeypatch):
  monkeypatch.setitem(zoo.NETWORKS, 'vgg16', tiny.architecture(made.WIDTHS)._replace(dense=DENSE))


@pytest.mark.parametrize('title', LAYOUTS)
def test_a_head_begins_with_what_the_file_computes(title, narrow, tmp_path):
  layers = _layers(title, tmp_path)
  top = {'kernel': np.eye(5, dtype=np.float32), 'bias': np.zeros(5, 'f')}
  maps = _drawn(1, 4, 4, 3)
  pooled = maps.reshape(2, 2, 2, 2, 3).max(axis=(1, 3)).transpose(2, 0, 1)
  expected = np.maximum(FC6[0] @ pooled.ravel() + FC6[1], 0)
  expected = np.maximum(FC7[0] @ expected + FC7[1], 0)
  np.testing.assert_allclose(heads.apply_dense(layers | {'dense_2': top}, maps)[0], expected, atol=1e-5)


def test_a_file_with_the_name_of_known_weights_is_itself(narrow, tmp_path):
  # Its first layer is scaled, for which its preprocessing has to be stated.
  weights = made.tensors(scale=1 / 64)
  np.savez(tmp_path / 'imagenet.npz', **_torch_features(weights), **LAYOUTS['torchvision'])
  network = zoo.load('vgg16', weights=str(tmp_path / 'imagenet.npz'), preprocessing='caffe')
  np.testing.assert_array_equal(zoo.dense_layers(network)['dense_0']['bias'], FC6[1])


@pytest.mark.parametrize(
  ('change', 'says'),
  [
    ({'fc6/0': _drawn(6, 13)}, r"'fc6/0' is float32 \(6, 13\)"),
    ({'fc7/0': _drawn(5, 7)}, r"'fc7/0' is float32 \(5, 7\)"),
    (
      {'fc7/1': np.full(5, np.nan, np.float32)},
      "'fc7/1' has values that are not finite.*takes weights with dense layers",
    ),
  ],
)
def test_a_file_that_does_not_fit_is_refused(change, says, narrow, tmp_path):
  with pytest.raises(InputError, match=says):
    _layers('Caffe', tmp_path, **change)


@pytest.fixture
def run(narrow, tmp_path):
  """The config of a scene task on a file of a small VGG-16."""
  np.savez(tmp_path / 'vgg.npz', **_torch_features(made.tensors()), **LAYOUTS['torchvision'])
  config = training.run(1)
  config.update_from_flattened_dict(
    {
      'network.name': 'vgg16',
      'network.weights': str(tmp_path / 'vgg.npz'),
      'task.name': 'scene',
      'task.dense': UNITS,
      'task.pretrained_dense': True,
      'run.cache_dir': str(tmp_path),
    }
  )
  return config


def _plan(config):
  ids = (*training.TRAIN.image_ids, *training.VALIDATION.image_ids)
  return plan.make(
    config,
    'train',
    Data(training.TRAIN, training.VALIDATION, scenes={x: 'sea' if int(x) % 2 else 'wood' for x in ids}),
    None,
  )


def test_the_key_decides_with_what_training_begins(run):
  made_of = _plan(run)
  (member,) = made_of.members.values()

  def head(planned, seed):
    drawn = step.init_member(member._replace(seed=seed), planned.network, planned.task, planned.tx, planned.head)
    return drawn.params['dense']

  one, other = head(made_of, 0), head(made_of, 1)
  np.testing.assert_array_equal(one['dense_0']['bias'], FC6[1])
  np.testing.assert_array_equal(one['dense_1']['kernel'], FC7[0].T)
  assert np.abs(one['dense_2']['kernel'] - other['dense_2']['kernel']).max() > 0
  run.task.dense = (*UNITS, 4)  # theirs are the first ones
  np.testing.assert_array_equal(head(_plan(run), 0)['dense_1']['kernel'], FC7[0].T)
  run.task.dense, run.task.pretrained_dense = UNITS, False
  drawn = _plan(run)
  assert drawn.head is None
  assert np.abs(head(drawn, 0)['dense_0']['kernel'] - one['dense_0']['kernel']).max() > 0.1
  assert drawn.facts({'depth_1': {}}) != made_of.facts({'depth_1': {}})


@pytest.mark.parametrize(
  ('change', 'says'),
  [
    ({'task.dense': (6, 4)}, r'have \(6, 5\) units; give these'),
    ({'task.dense': ()}, r'task.dense is \(\), but'),
    ({'network.image_size': 96}, 'take 12 numbers, the pooled conv5_3 has 27'),
    ({'network.readout_tap': 'conv5_2'}, 'take conv5_3, not conv5_2'),
  ],
)
def test_what_does_not_fit_is_said(run, change, says):
  run.update_from_flattened_dict(change)
  with pytest.raises(InputError, match=says):
    _plan(run)


@pytest.mark.parametrize(
  'provenance', [Provenance('random', '', 'drawn with seed 0'), Provenance('W:trained', '', 'step 3', 1, 'scene')]
)
def test_a_network_without_a_file_has_none(provenance):
  with pytest.raises(InputError, match=r'vgg16 \((random|W:trained)\) has no dense layers'):
    zoo.dense_layers(zoo.outline('vgg16').replace(provenance=provenance))


def test_a_file_without_them_is_refused(narrow, tmp_path):
  np.savez(tmp_path / 'vgg.npz', **_torch_features(made.tensors()))
  provenance = Provenance('vgg', '', str(tmp_path / 'vgg.npz'), file_sha256='00')
  with pytest.raises(InputError, match="lack 'dense_0/kernel', .* such as torchvision and places365"):
    zoo.dense_layers(zoo.outline('vgg16').replace(provenance=provenance))


def test_other_sources_of_known_weights_are_not_asked(narrow, tmp_path, monkeypatch):
  file = tmp_path / 'notop.npz'
  np.savez(file, **_torch_features(made.tensors()))
  source = known_weights.Source('vgg16', 'imagenet', 'caffe', '', 'first', 'hand', 'sha256', '', str(file), '')
  other = source._replace(address='second', fetched='address', kept='other.npz')
  monkeypatch.setitem(known_weights.FILES, 'vgg16', {'imagenet': (source, other)})
  monkeypatch.setattr(fetching, 'address', lambda *_: pytest.fail('something is fetched'))
  network = zoo.load('vgg16', cache_dir=str(tmp_path))
  with pytest.raises(InputError, match="notop.npz: .* lack 'dense_0/kernel', .* such as torchvision and places365"):
    zoo.dense_layers(network, str(tmp_path))
