"""TensorBoard's event files, read back by TensorBoard itself."""

import pathlib
import subprocess
import sys

import numpy as np
from tensorboard.backend.event_processing import event_accumulator

from saliency_jax.training import journal

ROOT = pathlib.Path(__file__).resolve().parents[2]


def lines(first, last):
  return [(step, {'depth_0': step / 10, 'depth_all': 1 - 1 / step}) for step in range(first, last + 1)]


def write(workdir, first, last):
  with journal.Journal(workdir, step=first - 1) as opened:
    for step, nss in lines(first, last):
      opened.write(step, 'train', images=4, nss=nss)
      if not step % 3:
        opened.write(step, 'validate', epoch=step // 3, nss=nss)


def read(workdir, member, tag):
  folder = event_accumulator.EventAccumulator(str(workdir / journal.EVENTS / member))
  folder.Reload()
  return [(event.step, event.value) for event in folder.Scalars(tag)]


def test_every_number_is_there_once_after_a_resumption(tmp_path):
  write(tmp_path, 1, 5)
  write(tmp_path, 4, 7)  # it was killed after step 5; the checkpoint was of 3
  for member in ('depth_0', 'depth_all'):
    expected = [(step, nss[member]) for step, nss in lines(1, 7)]
    np.testing.assert_allclose(read(tmp_path, member, 'train/nss'), expected, rtol=1e-6)
    np.testing.assert_allclose(read(tmp_path, member, 'validate/nss'), [expected[2], expected[5]], rtol=1e-6)


def test_a_record_cut_short_spoils_nothing(tmp_path):
  write(tmp_path, 1, 5)
  (path,) = (tmp_path / journal.EVENTS / 'depth_0').iterdir()
  path.write_bytes(path.read_bytes()[:-7])
  write(tmp_path, 4, 6)
  assert [step for step, _ in read(tmp_path, 'depth_0', 'train/nss')] == [1, 2, 3, 4, 5, 6]


def test_numbers_can_be_read_while_it_trains(tmp_path):
  with journal.Journal(tmp_path, step=0) as opened:
    opened.write(1, 'train', images=4, nss={'a': 0.5})
    assert read(tmp_path, 'a', 'train/nss') == [(1, 0.5)]


def test_a_run_that_starts_again_takes_everything_back(tmp_path):
  write(tmp_path, 1, 5)
  write(tmp_path, 1, 2)
  assert [step for step, _ in read(tmp_path, 'depth_0', 'train/nss')] == [1, 2]


def test_without_tensorboard_there_are_none(tmp_path):
  code = (
    'import sys; sys.modules["tensorboard"] = None; '
    'from saliency_jax.training import journal; '
    f'journal.Journal({str(tmp_path)!r}, step=0).write('
    '1, "train", nss={"depth_0": 1.})'
  )
  subprocess.run([sys.executable, '-c', code], check=True, cwd=ROOT)
  assert [path.name for path in tmp_path.iterdir()] == [journal.NAME]


def test_tensorflow_is_not_needed():
  code = (
    'import sys; from saliency_jax.training import journal; '
    'assert journal.record_writer; assert "tensorflow" not in sys.modules'
  )
  subprocess.run([sys.executable, '-W', 'error', '-c', code], check=True, cwd=ROOT)
