"""What prediction does with files that are no photographs."""

import json
import logging

import numpy as np
import pytest
from PIL import Image

from configs import predict as predict_config
from saliency_jax.errors import InputError
from saliency_jax.training import prediction
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


def _predict(whole, photographs, **given):
  config = predict_config.get_config()
  config.init.checkpoint = str(whole[1])
  config.data.update(given)
  out = photographs.parent / 'out'
  summary = prediction.predict(
      config, str(photographs), str(out), widths=made.WIDTHS)
  return summary, out


def test_one_that_cannot_be_read_ends_the_run(whole, photographs):
  with pytest.raises(InputError, match=r'b\.png'):
    _predict(whole, photographs)
  # What came before it is there; the folder does not pass for whole.
  found = {path.name for path in (photographs.parent / 'out').iterdir()
           if not path.name.startswith('.')}
  assert found == {'config.json', 'a.npy', 'a.png', 'a_overlay.png'}


@pytest.mark.parametrize('batch_size', [1, 8])
def test_it_may_be_left_out(whole, photographs, batch_size):
  summary, out = _predict(
      whole, photographs, on_bad_image='skip', batch_size=batch_size)
  assert summary['counts'] == {'images': 2, 'skipped': 1}
  assert json.loads((out / 'summary.json').read_text()) == summary
  assert list(summary['skipped']) == ['b.png']
  assert 'truncated' in summary['skipped']['b.png']
  for i, name in enumerate('ac'):
    assert np.load(out / f'{name}.npy').shape == (
        made.VALIDATION[i].image.shape[:2])
  assert not (out / 'b.npy').exists()


def test_another_word_is_refused(whole, photographs):
  with pytest.raises(InputError, match='raise or skip'):
    _predict(whole, photographs, on_bad_image='ignore')


def test_other_files_are_named(whole, photographs, caplog):
  (photographs / 'b.png').rename(photographs / 'b.webp')
  with caplog.at_level(logging.WARNING):
    assert _predict(whole, photographs)[0]['counts']['images'] == 2
  assert '1 files' in caplog.text
  assert 'b.webp' in caplog.text
