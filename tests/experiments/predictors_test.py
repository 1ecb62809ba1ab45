"""Models of every kind, opened by one flag."""

import pathlib
import shutil

import ml_collections
import numpy as np
import pytest

from configs import evaluate as evaluate_config
from saliency_jax.classical import registry as classical
from saliency_jax.data import fingerprints
from saliency_jax.errors import InputError
from saliency_jax.experiments import predictors
from saliency_jax.networks import adapters
from saliency_jax.networks.network import Frame
from saliency_jax.training import checkpoints, trained_models
from tests.experiments import made_scores
from tests.training import made as made_training


def config(models: str, members: str = '') -> ml_collections.ConfigDict:
  found = evaluate_config.get_config()
  found.eval.models, found.eval.members = models, members
  found.data.batch_size = 2
  return found


def opened(models, members=''):
  return predictors.open_predictors(config(str(models), members), {})


def names(*arguments):
  return [each.name for each in opened(*arguments)]


@pytest.fixture
def sweep(runs) -> pathlib.Path:
  """A folder of two trained members; that of a single run is beside it."""
  return runs / 'sweep'


@pytest.fixture(scope='module')
def images():
  rng = np.random.default_rng(0)
  return [rng.integers(0, 256, (80, 90, 3), np.uint8) for _ in range(3)]


def test_every_kind_predicts(sweep, images, tmp_path):
  maps = made_scores.maps(tmp_path / 'mine')
  found = opened(f'gbvs, itti,bms,centre ,{sweep},run7={sweep}/../run,{maps}')
  assert [each.name for each in found] == [
    'gbvs',
    'itti',
    'bms',
    'centre',
    'sweep_depth_0',
    'sweep_depth_2',
    'run7',
    'mine',
  ]
  # The run was made as the sweep's member was, and has its parameters.
  assert found[5].identity == found[6].identity
  assert len({each.identity for each in found}) == 7
  for predictor in found:
    predictor.check(made_scores.IMAGE_IDS[:3])
    predicted = predictor.predict(images, made_scores.IMAGE_IDS[:3])
    assert len(predicted) == 3
    for saliency in predicted:
      assert saliency.dtype == np.float32
      assert saliency.ndim == 2
      assert np.isfinite(saliency).all()
      assert np.ptp(saliency) > 0
  assert set(classical.MODELS) < {each.name for each in found}


def test_maps_do_not_depend_on_the_batch(sweep, images):
  for predictor in opened(f'itti,{sweep}', 'depth_2'):
    together = predictor.predict(images, ['a', 'b', 'c'])
    for image, expected in zip(images, together, strict=True):
      (alone,) = predictor.predict([image], ['a'])
      np.testing.assert_allclose(alone, expected, rtol=1e-4, atol=1e-5)


def test_an_image_that_is_too_small_is_named():
  (model,) = opened('itti')
  images = [np.zeros((80, 80, 3), np.uint8), np.zeros((63, 80, 3), np.uint8)]
  with pytest.raises(InputError, match=r'Image b: .* is 80 x 63 pixels'):
    model.predict(images, ['a', 'b'])


def test_a_trained_model_is_the_readout_over_the_trunk(sweep, images):
  (model,) = opened(sweep, 'depth_2')
  network = trained_models.read(sweep, 'depth_2').whole
  size = network.preprocess.image_size
  image = images[0][:size, :size]
  assert image.shape == (48, 48, 3)  # so that nothing is resized
  maps = network.maps(image, ('conv5_3',))['conv5_3']
  params = network.variables['params']
  expected = maps[0] @ np.asarray(params['readout']['kernel'])[0, 0]
  (found,) = model.predict([image], ['a'])
  np.testing.assert_allclose(found, expected[..., 0], rtol=1e-4, atol=1e-5)


def test_members_share_one_program(sweep):
  first, second = (model.network for model in opened(sweep))
  assert first.compiled(('saliency',)) is second.compiled(('saliency',))


def test_a_network_without_a_saliency_map_is_no_model():
  with pytest.raises(InputError, match=r'nested \(.*\) has no saliency map'):
    opened('tests.tiny:nested')


def with_map():
  """Returns a network that has a saliency map of its own."""
  return adapters.from_function(
    lambda params, x: {'saliency': params['scale'] * x.mean(axis=-1, keepdims=True)},
    {'scale': np.ones((1, 1, 1, 1), np.float32)},
  )


def test_an_identity_is_of_all_that_maps_depend_on():
  network = adapters.from_function(
    lambda params, x: {name: params['scale'] * x.mean(axis=-1, keepdims=True) for name in ('saliency', 'other')},
    {'scale': np.ones((1, 1, 1, 1), np.float32)},
  )
  seen, found = network.preprocess, network.provenance
  changes = [
    {},
    {'readout_tap': 'saliency'},
    {'dtype': 'bfloat16'},
    {'preprocess': seen._replace(image_size=96)},
    {'preprocess': seen._replace(resize='bicubic')},
    {'provenance': found._replace(sha256='0' * 64)},
    {'frame': Frame(lambda image: image.astype(np.float32), lambda saliency, _: saliency)},
  ]
  models = [predictors.of_network('mine', network.replace(**change), 2) for change in changes]
  assert len({model.identity for model in models}) == len(changes)


def test_a_network_of_ones_own_may_be_a_model(images):
  (model,) = opened(f'mine={__name__}:with_map')
  assert (model.name, model.trained_on) == ('mine', ())
  (found,) = model.predict(images[:1], ['a'])
  assert found.shape == (224, 224)


def test_members_are_chosen(sweep):
  run = sweep.parent / 'run'
  assert checkpoints.members(sweep) == ('depth_0', 'depth_2')
  assert checkpoints.members(run) == ('depth_2',)
  assert names(sweep, 'depth_2') == ['sweep_depth_2']
  assert names(f'{sweep},b={sweep},{run}', 'depth_0') == ['sweep_depth_0', 'b_depth_0', 'run']


def test_a_model_knows_what_it_was_trained_on(sweep, tmp_path):
  (model,) = opened(sweep, 'depth_0')
  assert list(model.trained_on) == fingerprints.of(made_training.TRAIN)
  assert fingerprints.shared(fingerprints.of(made_training.TRAIN), model.trained_on) == list(
    made_training.TRAIN.image_ids
  )
  assert not fingerprints.shared(fingerprints.of(made_training.VALIDATION), model.trained_on)
  cropped = [each._replace(height=each.height - 1) for each in model.trained_on]  # a file may begin as another does
  assert not fingerprints.shared(cropped, model.trained_on)


def test_a_damaged_list_of_what_was_trained_on_is_refused(sweep, tmp_path):
  copy = shutil.copytree(sweep, tmp_path / 'copy')
  for text, says in (('[[1', 'no usable JSON file'), ('[["p1", 6, 8, ""]]', 'of an earlier version')):
    (copy / fingerprints.FILE).write_text(text)
    with pytest.raises(InputError, match=says):
      opened(copy, 'depth_0')


def test_a_folder_has_precedence_over_nothing(tmp_path, monkeypatch):
  made_scores.maps(tmp_path / 'gbvs')
  made_scores.maps(tmp_path / 'a=b')
  monkeypatch.chdir(tmp_path)
  assert opened('gbvs')[0].identity == 'classical gbvs'
  assert opened('./gbvs')[0].folder.name == 'gbvs'
  (found,) = opened('a=b')  # a folder that has the sign in its name
  assert (found.name, found.folder.name) == ('a=b', 'a=b')


def test_a_folders_identity_changes_with_its_files(tmp_path):
  maps = made_scores.maps(tmp_path / 'mine')
  before = opened(maps)[0].identity
  assert opened(maps)[0].identity == before
  made_scores.maps(tmp_path / 'mine', seed=1)
  assert opened(maps)[0].identity != before


@pytest.mark.parametrize(
  ('models', 'members', 'message'),
  [
    ('', '', 'models is empty; name bms, gbvs, itti, centre, msi_net'),
    (' , ', '', 'models is empty'),
    ('gbvs,deepgaze', '', "has 'deepgaze', which is neither a folder nor one of bms"),
    ('gbvs,itti,gbvs', '', "Two models are called 'gbvs'; rename one"),
    ('{maps},{maps}', '', "Two models are called 'mine'"),
    ('observers=gbvs', '', "cannot be called 'observers'"),
    ('=gbvs', '', "cannot be called ''"),
    ('a/b=gbvs', '', "cannot be called 'a/b'"),
    ('.x=gbvs', '', "cannot be called '.x'"),
    ('{sweep}', 'depth_1', r'members; its members are depth_0, depth_2\.'),
    ('{sweep}', 'depth_0,depth_1', 'members names depth_1, which no model'),
    ('gbvs', 'depth_0', 'members names depth_0, which no model'),
    ('{empty}', '', 'holds no saliency map'),
  ],
)
def test_what_is_wrong_is_said(models, members, message, sweep, tmp_path):
  maps = made_scores.maps(tmp_path / 'mine')
  (tmp_path / 'empty').mkdir()
  models = models.format(maps=maps, sweep=sweep, empty=tmp_path / 'empty')
  with pytest.raises(InputError, match=message):
    opened(models, members)
