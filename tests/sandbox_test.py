"""Files that a process of their own reads."""

import io
import json
import subprocess
import sys
from unittest import mock

import h5py
import numpy as np
import pytest

from saliency_jax import hdf5, sandbox

_FORKED = """
import os, sys
from saliency_jax import sandbox
def right(path, value):
  return all((sandbox.read('hdf5', path)['data']['x'] == value).all() for _ in range(20))
right(sys.argv[1], 1)
child = os.fork()
if not child:
  os._exit(0 if right(sys.argv[2], 2) else 1)
assert right(sys.argv[1], 1)
assert os.waitpid(child, 0)[1] == 0
"""


@pytest.fixture
def files(tmp_path):
  paths = []
  for value, name in enumerate('ab', start=1):
    (tmp_path / name).mkdir()
    paths.append(tmp_path / name / 'x.h5')
    with h5py.File(paths[-1], 'w') as file:
      file['x'] = np.full(5, value)
      file['unread/n'] = np.zeros(3)
      file.attrs['type'] = 'text'
      file.attrs['note'] = np.bytes_(b'caf\xe9')
      file.attrs['title'] = np.bytes_('caf\xe9'.encode())
  return paths


def test_a_relative_path_is_of_the_folder_of_now(files, monkeypatch):
  for value, path in enumerate(files, start=1):
    monkeypatch.chdir(path.parent)
    with hdf5.reading('x.h5') as file:
      assert file.arrays()['x'].tolist() == [value] * 5


def test_a_forked_child_has_its_own(files):
  subprocess.run([sys.executable, '-c', _FORKED, *files], check=True, timeout=60)


def test_an_array_that_is_not_whole_is_none():
  def answer(values: bytes, problem: str = '') -> dict:
    said = [json.dumps(x).encode() + b'\n' for x in ({'x': {sandbox.ARRAY: ['<i4', [3]]}}, problem)]
    return sandbox._answer(mock.Mock(stdout=io.BytesIO(b''.join(said) + values)), [])

  values = np.arange(3, dtype='<i4').tobytes()
  assert answer(values)['x'].tolist() == [0, 1, 2]
  with pytest.raises(ValueError, match='ends too early'):
    answer(values[:-1])
  with pytest.raises(ValueError, match='is damaged'):
    answer(values, 'is damaged')


def test_what_is_not_asked_for_is_not_read(files):
  with hdf5.reading(files[0], 'x') as file:
    assert [*file.arrays()] == ['x']
    assert file.attributes['type'] == 'text', 'beside one that is no UTF-8'
    assert file.attributes['title'] == 'caf\xe9'
  with hdf5.reading(files[0]) as file:
    assert [*file.arrays()] == ['x', 'unread/n']


def test_texts_of_any_number_come_once(tmp_path):
  names = [f'image {number}' for number in range(2500)]
  with h5py.File(tmp_path / 'x.h5', 'w') as file:
    file['names'] = names
  with hdf5.reading(tmp_path / 'x.h5') as file:
    assert file.texts('names') == names
