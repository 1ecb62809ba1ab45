"""What prediction does with files that are no photographs, or not its own."""

import json
import logging
import pathlib

import numpy as np
import pytest
from PIL import Image

from configs import predict as predict_config
from saliency_jax.data import fingerprints
from saliency_jax.data.source import open_group
from saliency_jax.data.sources.image_folder import ImageFolder
from saliency_jax.errors import InputError
from saliency_jax.experiments import prediction, predictors
from saliency_jax.training import trained_models
from tests import brute_force
from tests.recorder import Recorder, keys
from tests.training import made


@pytest.fixture
def photographs(tmp_path):
  """Returns a folder in which the second of three files is damaged."""
  folder = tmp_path / 'photographs'
  folder.mkdir()
  for i, name in enumerate('ac'):
    Image.fromarray(made.VALIDATION[i].image).save(folder / f'{name}.png')
  (folder / 'b.png').write_bytes((folder / 'a.png').read_bytes()[:200])
  return folder


def _maps(*stems: str) -> set[str]:
  return {f'{stem}{end}' for stem in stems for end in ('.npy', '.png', '_overlay.png')}


def _contents(folder: pathlib.Path) -> dict[str, bytes]:
  return {path.name: path.read_bytes() for path in folder.iterdir()}


def _predict(trained, photographs, **given):
  config = predict_config.get_config()
  config.network.checkpoint = str(trained)
  config.data.update(given)
  out = photographs.parent / 'out'
  summary = prediction.predict(config, ImageFolder(photographs), str(out))
  return summary, out


def test_one_that_cannot_be_read_ends_the_run(trained, photographs):
  with pytest.raises(InputError, match=r'b\.png'):
    _predict(trained, photographs)
  # What came before it is there; the folder does not pass for whole.
  found = {path.name for path in (photographs.parent / 'out').iterdir() if not path.name.startswith('.')}
  assert found == {'config.json', 'predicted.jsonl', *_maps('a')}


@pytest.mark.parametrize('batch_size', [1, 8])
def test_it_may_be_left_out(trained, photographs, batch_size):
  summary, out = _predict(trained, photographs, on_bad_image='skip', batch_size=batch_size)
  assert summary['counts'] == {'images': 2, 'skipped': 1}
  assert json.loads((out / 'summary.json').read_text()) == summary
  assert list(summary['skipped']) == ['b']
  assert 'truncated' in summary['skipped']['b']
  for i, name in enumerate('ac'):
    assert np.load(out / f'{name}.npy').shape == (made.VALIDATION[i].image.shape[:2])
  assert not (out / 'b.npy').exists()


def test_other_files_are_named(trained, photographs, caplog):
  (photographs / 'b.png').rename(photographs / 'b.webp')
  with caplog.at_level(logging.WARNING):
    assert _predict(trained, photographs)[0]['counts']['images'] == 2
  assert '1 files that are not images' in caplog.text
  assert 'b.webp' in caplog.text


def test_images_in_sub_folders_are_counted(trained, photographs, caplog):
  (photographs / 'b.png').unlink()
  for name in ('sub/x.JPG', 'sub/y.png', 'sub/z.txt', 'sub/.w.png', '.hidden/v.png'):
    path = photographs / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
  with caplog.at_level(logging.WARNING):
    _predict(trained, photographs)
  assert '2 files' in caplog.text
  assert 'e.g. sub/x.JPG' in caplog.text
  for name in 'ac':
    (photographs / f'{name}.png').unlink()
  with pytest.raises(InputError, match=r'holds no image.*sub/x\.JPG'):
    _predict(trained, photographs)


def test_maps_of_an_earlier_prediction_do_not_stay(trained, photographs):
  (photographs / 'b.png').write_bytes((photographs / 'a.png').read_bytes())
  _, out = _predict(trained, photographs)
  # The user's own, some with names that maps might have.
  own = {name: name.encode() for name in ('notes.txt', 'd.png', 'd.npy', 'b.jpg', 'b_overlay.jpg')}
  for name, content in own.items():
    (out / name).write_bytes(content)
  (photographs / 'b.png').write_bytes(b'damaged by now')
  (photographs / 'c.png').rename(photographs / 'e.png')
  summary, _ = _predict(trained, photographs, on_bad_image='skip')
  assert summary['counts'] == {'images': 2, 'skipped': 1}
  found = _contents(out)
  assert found.keys() == {'config.json', 'summary.json', 'predicted.jsonl', *own, *_maps('a', 'e')}
  assert own.items() <= found.items()


def test_an_interrupted_prediction_is_not_whole(trained, photographs, monkeypatch):
  (photographs / 'b.png').unlink()
  _, out = _predict(trained, photographs)
  (out / 'scene_probabilities.csv').touch()  # of another task
  overlay = prediction.overlay

  def interrupted(photograph, heat):
    if (out / 'a_overlay.png').exists():
      raise KeyboardInterrupt
    return overlay(photograph, heat)

  monkeypatch.setattr(prediction, 'overlay', interrupted)
  with pytest.raises(KeyboardInterrupt):
    _predict(trained, photographs, batch_size=1)
  assert _contents(out).keys() == {'config.json', 'predicted.jsonl', *_maps('a'), 'c.npy'}
  # A line that was cut vouches for nothing.
  (out / 'own.png').touch()
  with (out / 'predicted.jsonl').open('a') as listing:
    listing.write('["own.png"')
  monkeypatch.undo()
  for name in 'ac':
    (photographs / f'{name}.png').rename(photographs / f'{name}{name}.png')
  _predict(trained, photographs)
  assert _contents(out).keys() == {'config.json', 'summary.json', 'predicted.jsonl', 'own.png', *_maps('aa', 'cc')}


@pytest.mark.parametrize('name', ['c.png', 'a_overlay.png', 'predicted.jsonl'])
def test_a_file_that_no_prediction_wrote_is_not_replaced(name, trained, photographs):
  (photographs / 'b.png').unlink()
  out = photographs.parent / 'out'
  out.mkdir()
  (out / name).write_text('mine\n')
  with pytest.raises(InputError, match=f'out/{name} .* name another --workdir'):
    _predict(trained, photographs)
  assert _contents(out) == {name: b'mine\n'}


def test_what_a_killed_prediction_left_in_folders_is_removed(trained, photographs):
  (photographs / 'b.png').unlink()
  out = photographs.parent / 'out'
  (out / 'within').mkdir(parents=True)
  (out / 'within' / '.saliency_jax.x.npy').touch()
  (out / 'predicted.jsonl').write_text('["within/z.npy", "within"]\n')
  _predict(trained, photographs)
  assert not [*(out / 'within').iterdir()]


@pytest.mark.parametrize(
  'listed', ['["../photographs/a.png"]', '["/own.png"]', '{"own.png": 1}', '"own.png"', '[3]', '7']
)
def test_a_listing_of_other_files_is_refused(listed, trained, photographs):
  out = photographs.parent / 'out'
  out.mkdir()
  (out / 'own.png').touch()
  (out / 'predicted.jsonl').write_text(f'["x.npy"]\n{listed}\n')
  with pytest.raises(InputError, match='no usable list of what was predicted'):
    _predict(trained, photographs, on_bad_image='skip')
  assert (out / 'own.png').exists()
  assert (photographs / 'a.png').exists()


@pytest.mark.parametrize('ended', [True, False])
def test_a_trained_model_is_not_written_over(ended, copy, photographs):
  if not ended:
    (copy / 'summary.json').unlink()
  before = (copy / 'config.json').read_text()
  config = predict_config.get_config()
  config.network.checkpoint = str(copy)
  config.data.on_bad_image = 'skip'
  with pytest.raises(InputError, match=r'train\.py wrote; name another --work'):
    prediction.predict(config, ImageFolder(photographs), str(copy))
  assert (copy / 'config.json').read_text() == before
  assert (copy / 'summary.json').exists() == ended
  assert not [*copy.glob('a*')]


def test_two_maps_of_one_name_are_refused(trained, photographs):
  (photographs / 'b.png').rename(photographs / 'a_overlay.jpg')
  with pytest.raises(InputError, match=r'would both be called a_overlay\.png'):
    _predict(trained, photographs)
  assert not (photographs.parent / 'out' / 'config.json').exists()


def test_predictions_are_a_model(trained, photographs):
  (photographs / 'b.png').unlink()
  _, out = _predict(trained, photographs)
  model = predictors.of_folder('mine', out)
  model.check(['a', 'c'])
  (found,) = model.predict([made.VALIDATION[0].image], ['a'])
  np.testing.assert_array_equal(found, np.load(out / 'a.npy'))
  # An evaluation names images that its model learnt from, as it does of the model.
  assert model.trained_on == fingerprints.read(trained) != ()
  (out / 'config.json').unlink()  # maps that were moved without it
  assert predictors.of_folder('mine', out).trained_on == ()


def test_every_key_is_read(trained, photographs):
  (photographs / 'b.png').unlink()
  config = predict_config.get_config()
  config.network.checkpoint = str(trained)
  config.data.dir = str(photographs)
  config = Recorder(config.lock())
  source = open_group(config.data)
  summary = prediction.predict(config, source, str(photographs / 'out'))
  network = trained_models.read(trained).whole
  assert summary['weights']['sha256'] == network.provenance.sha256
  # `cli` reads the last one.
  assert keys(predict_config.get_config()) - config.read == {'run.compilation_cache'}


def test_a_map_is_upsampled_as_the_paper_does():
  cells = np.random.default_rng(0).normal(size=(4, 5))
  full = brute_force.upsample(cells, (37, 53))
  np.testing.assert_allclose(prediction.to_pixels(cells, (37, 53)), (full - full.min()) / np.ptp(full), atol=1e-6)
  assert not prediction.to_pixels(np.ones((2, 2)), (5, 5)).any()
