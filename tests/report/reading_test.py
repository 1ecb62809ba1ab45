"""Folders of results that come from anybody."""

import pathlib

import numpy as np
import pytest

from saliency_jax.errors import InputError
from saliency_jax.report import directions, reading, site
from tests.report import made


def test_links_are_not_followed(tmp_path):
  folder = made.popout(tmp_path / 'run', made.scores(('conv5_3',)))
  (tmp_path / 'link').symlink_to(folder)
  assert site.text(tmp_path / 'link')  # the folder itself may be one
  secret = pathlib.Path(tmp_path / 'secret.jpg')
  picture = folder / 'pictures' / '00001.jpg'
  picture.rename(secret)
  picture.symlink_to(secret)
  with pytest.raises(InputError, match=r'00001\.jpg is a link'):
    site.write(folder)
  assert not (folder / 'report').exists()


def test_two_files_of_one_name_are_a_fault_of_the_folder_and_a_full_disk_is_not():
  with pytest.raises(InputError, match='W: its files do not fit each other'), reading.fitting('W'):
    raise FileExistsError(17, 'File exists', 'figure.svg')
  with pytest.raises(OSError, match='No space'), reading.fitting('W'):
    raise OSError(28, 'No space left on device')


def test_names_do_not_steer_the_terminal(tmp_path):
  folder = made.dissect(tmp_path, made.scores(('conv5_3',), rows=1), labels=['a\x1b[2J'])
  assert '\x1b' not in site.text(folder)
  assert r'\x1b[2J' in site.text(folder).replace('\n', '')


@pytest.mark.parametrize(
  ('text', 'shown'),
  [('a', 'a'), ('\u202egpj', '\u2068gpj\u2069'), ('\u05d0', '\u2068\u05d0\u2069'), ('\u2069\u202e', '\u2068\u2069')],
)
def test_names_steer_nothing_else(text, shown):
  assert directions.isolated({text: [text]}) == {shown: [shown]}


def test_texts_are_no_numbers_and_no_half_characters(tmp_path):
  folder = made.popout(tmp_path, made.scores(('conv5_3',)))
  with np.load(folder / 'fixations.npz') as arrays:
    texts = {'points': arrays['points'].astype(str)}
    np.savez(folder / 'fixations.npz', **{**arrays, **texts})
  with pytest.raises(InputError, match="fixations.npz has 'points' of another"):
    site.write(folder)
  scores = np.load(file := folder / 'nmm' / 'conv5_3.npy')
  scores[1, 0] = -np.inf
  np.save(file, scores)
  with pytest.raises(InputError, match=r'conv5_3\.npy holds infinite numbers'):
    site.write(folder)
  (folder / 'config.json').write_text(r'{"half": "\ud800"}')
  with pytest.raises(InputError, match=r'config\.json .* surrogates'):
    site.write(folder)
