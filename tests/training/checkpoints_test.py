"""Checkpoints that are damaged, belong to another run or find no room."""

import errno
import json
import pathlib
import shutil
import subprocess
import sys
import time

import jax
import jax.numpy as jnp
import orbax.checkpoint as ocp
import pytest

from saliency_jax.data.parts import Data
from saliency_jax.errors import InputError
from saliency_jax.training import checkpoints, checksums, journal
from saliency_jax.training.step import MemberState
from tests import tiny
from tests.training import made
from tests.training.running import are_equal, load, params, train

ROOT = pathlib.Path(__file__).resolve().parents[2]

# When a read fails, Orbax leaves the reads beside it to themselves.
pytestmark = pytest.mark.filterwarnings('ignore::pytest.PytestUnraisableExceptionWarning')


@pytest.fixture(autouse=True)
def settled():
  """Lets those reads end before the next test."""
  yield
  time.sleep(0.3)


def _arrays(item: pathlib.Path) -> list[pathlib.Path]:
  """Returns the files that hold numbers: Orbax keeps small arrays twice."""
  return [path for path in item.rglob('*') if path.parent.name == 'd']


def _flip(step: pathlib.Path) -> None:
  for path in _arrays(step / 'params'):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _shorten(step: pathlib.Path) -> None:
  for path in _arrays(step / 'optimizer'):
    path.write_bytes(path.read_bytes()[:-40])


DAMAGES = {
  'a bit': _flip,
  'files cut short': _shorten,
  'a folder gone': lambda step: shutil.rmtree(step / 'params'),
  'no description': lambda step: shutil.rmtree(step / 'about'),
}


@pytest.mark.parametrize('name', DAMAGES)
def test_a_damaged_checkpoint_is_passed_over(name, whole, copy, caplog):
  DAMAGES[name](copy / checkpoints.FOLDER / '9')
  train(made.run(), copy)
  assert any('9 is damaged' in record.message for record in caplog.records if record.levelname == 'WARNING')
  are_equal(params(copy), params(whole[1]))
  assert (copy / journal.NAME).read_text() == (whole[1] / journal.NAME).read_text()


def test_a_damaged_best_model_is_not_loaded(whole, copy, caplog):
  _flip(copy / checkpoints.FOLDER / '9')
  assert 'step 6' in load(copy).provenance.source
  assert '9 is damaged' in caplog.text
  _flip(copy / checkpoints.FOLDER / '6')
  with pytest.raises(InputError, match='no undamaged checkpoint'):
    load(copy)
  with pytest.raises(InputError, match='no undamaged checkpoint'):
    train(made.run(), copy)


def test_a_time_that_no_calendar_has_is_told(copy):
  path = copy / checkpoints.FOLDER / '9' / '_CHECKPOINT_METADATA'
  path.write_text(json.dumps(json.loads(path.read_text()) | {'commit_timestamp_nsecs': 10**21}))
  for opened in (load, lambda folder: train(made.run(), folder)):
    with pytest.raises(InputError, match='damaged file'):
      opened(copy)


def _depth(config):
  config.train.depth = 1


def _rate(config):
  config.train.trunk_rate = 0.1


def _epochs(config):
  config.train.epochs = 4


@pytest.mark.parametrize(
  ('change', 'said'),
  [
    (_depth, 'depth is 2 there and 1 here'),
    (_rate, 'trunk_rate is 0.003 there and 0.1 here'),
    (_epochs, 'epochs is 3 there and 4 here'),
  ],
)
def test_a_run_of_another_config_is_refused(change, said, whole, copy):
  config = made.run()
  change(config)
  before = (copy / 'config.json').read_text()
  with pytest.raises(InputError, match=said):
    train(config, copy)
  assert (copy / 'config.json').read_text() == before
  assert (copy / 'summary.json').exists()


def test_other_images_weights_and_widths_are_refused(whole, copy, tmp_path):
  config = made.run()
  with pytest.raises(InputError, match='images.train'):
    train(config, copy, Data(made.Photographs(9), made.VALIDATION))
  with pytest.raises(InputError, match='weights'):
    train(config, copy, network=tiny.vgg(seed=1).replace(preprocess=tiny.vgg().preprocess._replace(image_size=48)))
  name = made.NETWORK
  with pytest.MonkeyPatch.context() as context:
    context.setattr(tiny, 'WIDTHS', tiny.WIDTHS | {'conv4_1': 5})
    context.setattr(tiny.vgg, '__defaults__', (tiny.WIDTHS, *tiny.vgg.__defaults__[1:]))
    with pytest.raises(InputError, match=f'not those of {name}'):
      load(copy)


def test_what_changes_no_number_may_change(whole, copy):
  config = made.run()
  config.data.workers = 1
  config.data.dir = 'elsewhere'
  config.train.checkpoint_every = 2
  train(config, copy)


def _state(value: float) -> checkpoints.States:
  return {name: MemberState({'readout': {'kernel': jnp.full(3, value)}}, {'moment': jnp.zeros(3)}) for name in 'ab'}


def _save(workdir, scores: dict[int, tuple[float, float] | None]) -> None:
  """Opens the folder and saves a checkpoint for every step."""
  like = jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=x.sharding), _state(0.0))
  with checkpoints.Checkpoints(workdir, {}, ('a', 'b')) as opened:
    opened.restore(like)
    for step, pair in scores.items():
      opened.save(step, _state(float(step)), pair and dict(zip('ab', pair, strict=True)), {})


def test_the_best_outlast_a_restart(tmp_path):
  _save(tmp_path, {1: (10.0, 0.0), 2: (1.0, 3.0), 3: (1.0, 3.0), 4: (1.0, 1.0)})
  _save(tmp_path, {5: (1.0, 1.0), 6: None, 7: (2.0, 1.0)})
  folder = tmp_path / checkpoints.FOLDER
  # The best of a, the later of b's two best, and the two latest.
  assert {path.name for path in folder.iterdir() if path.is_dir()} == {'1', '3', '6', '7'}
  best = checkpoints.read_best(tmp_path, 'a')
  assert best.step == 1
  assert best.params['readout']['kernel'].tolist() == [1.0, 1.0, 1.0]
  assert checkpoints.read_best(tmp_path, 'b').step == 3


def test_what_is_skipped_later_is_of_later_checkpoints(tmp_path, monkeypatch):
  """Orbax writes while training goes on."""
  given, skipped, argument = [], {'1': 'damaged'}, ocp.args.JsonSave
  monkeypatch.setattr(ocp.args, 'JsonSave', lambda about: given.append(about) or argument(about))
  with checkpoints.Checkpoints(tmp_path, {}, ('a', 'b')) as opened:
    opened.save(1, _state(1.0), None, skipped)
    skipped['2'] = 'damaged'
  assert [about['skipped'] for about in given] == [{'1': 'damaged'}]


def test_shapes_are_of_any_type():
  tree = {'a': {'x': jnp.zeros((2, 3), jnp.bfloat16), 'y': {'n': jnp.zeros(4, jnp.int32)}}}
  found = checksums.structs(checksums.shapes(tree)['a'])
  assert jax.tree.map(lambda x: (x.shape, x.dtype), found) == jax.tree.map(lambda x: (x.shape, x.dtype), tree['a'])


def test_a_member_is_read_and_vouched_for_alone(tmp_path, monkeypatch):
  _save(tmp_path, {1: (1.0, 1.0)})
  read = []
  compute = checksums.checksums
  monkeypatch.setattr(checksums, 'checksums', lambda tree: read.append(sorted(tree)) or compute(tree))
  best = checkpoints.read_best(tmp_path, 'b')
  assert read == [['b']]
  assert best.params['readout']['kernel'].tolist() == [1.0, 1.0, 1.0]
  (about,) = (tmp_path / checkpoints.FOLDER / '1' / 'about').glob('metadata')
  kept = json.loads(about.read_text())
  assert checksums.is_whole(kept, 1)
  assert not checksums.is_whole(kept, 2)
  assert not checksums.is_whole(kept | {'skipped': {'9': 'changed'}}, 1)
  of_others = kept | {'scores': {'a': 1.0}}
  assert not checksums.is_whole(of_others | {'digest': checksums.of_json(of_others)}, 1)
  kept['crc32']['params']['a'] ^= 1
  kept['digest'] = checksums.of_json(kept)
  about.write_text(json.dumps(kept))
  assert checkpoints.read_best(tmp_path, 'b').step == 1
  with pytest.raises(InputError, match='no undamaged checkpoint'):
    checkpoints.read_best(tmp_path, 'a')


@pytest.mark.parametrize(
  'error',
  [
    MemoryError('no room'),
    PermissionError(13, 'not yours'),
    RuntimeError('RESOURCE_EXHAUSTED: out of memory'),
    KeyboardInterrupt(),
  ],
)
def test_what_says_nothing_of_the_files_is_no_damage(error, tmp_path, monkeypatch):
  _save(tmp_path, {1: (1.0, 1.0), 2: (1.0, 1.0)})
  restore = ocp.CheckpointManager.restore

  def fail(self, step, args):
    if 'params' in args:
      raise error
    return restore(self, step, args=args)

  with monkeypatch.context() as context:
    context.setattr(ocp.CheckpointManager, 'restore', fail)
    with pytest.raises(type(error)) as raised:
      checkpoints.read_best(tmp_path, 'a')
    assert raised.value is error
    with pytest.raises(type(error)):
      _save(tmp_path, {})
  assert checkpoints.read_best(tmp_path, 'a').step == 2


def test_a_full_disk_ends_a_run_that_goes_on_once_there_is_room(whole, tmp_path, monkeypatch):
  usage, folder = shutil.disk_usage, tmp_path / 'run' / checkpoints.FOLDER

  def fills(path):
    assert path == folder
    return usage(path)._replace(**{'free': 1000} if (folder / '6').is_dir() else {})

  with monkeypatch.context() as full:
    full.setattr(shutil, 'disk_usage', fills)
    with pytest.raises(
      InputError,
      match=(
        f'^{folder}: a checkpoint cannot be written .it takes 1.*, and 0.0 '
        f'are free.; make room and start the same command again'
      ),
    ):
      train(made.run(), tmp_path / 'run')
  assert {path.name for path in folder.iterdir()} == {'3', '6'}
  assert not (tmp_path / 'run' / 'summary.json').exists()
  # One that does not know its size is given the benefit of the doubt.
  monkeypatch.setattr(shutil, 'disk_usage', lambda path: usage(path)._replace(total=0, free=0))
  train(made.run(), tmp_path / 'run')
  are_equal(params(tmp_path / 'run'), params(whole[1]))
  assert (tmp_path / 'run' / journal.NAME).read_text() == (whole[1] / journal.NAME).read_text()


# The second one finds the room, but cannot be written for all that.
_LIMITED = """
import resource, sys
import jax.numpy as jnp, numpy as np
from saliency_jax.errors import InputError
from saliency_jax.training import checkpoints
from saliency_jax.training.step import MemberState

def state(size):
  x = jnp.asarray(np.random.default_rng(0).random(size))
  return {'': MemberState(x, x)}

try:
  with checkpoints.Checkpoints(sys.argv[1], {}, ['']) as opened:
    opened.save(1, state(100), None, {})
    opened.wait()
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    opened.save(2, state(100_000), None, {})
    SOON
    print('at work')
except InputError as error:
  print(error)
"""


@pytest.mark.parametrize('soon', ['pass', 'opened.wait()', 'opened.save(3, state(1), None, {})'])
def test_what_orbax_cannot_write_is_told_in_one_sentence(soon, tmp_path):
  result = subprocess.run(
    [sys.executable, '-c', _LIMITED.replace('SOON', soon), str(tmp_path)],
    cwd=ROOT,
    capture_output=True,
    text=True,
    check=True,
    timeout=120,
  )
  folder = tmp_path / checkpoints.FOLDER
  said = (
    f'{folder}: a checkpoint cannot be written (File too large); make room and start the same command again to go on.'
  )
  assert result.stdout.splitlines() == (['at work'] if soon == 'pass' else []) + [said]
  assert 'Traceback' not in result.stderr
  assert {path.name for path in folder.iterdir() if path.name.isdigit()} == {'1'}


def test_other_errors_of_orbax_are_not_about_the_disk(tmp_path, monkeypatch):
  full = OSError(errno.ENOSPC, 'No space left on device', 'a: b')
  with checkpoints.Checkpoints(tmp_path, {}, ()) as opened:
    for error in (full, MemoryError(), RuntimeError('RESOURCE_EXHAUSTED: memory')):
      with monkeypatch.context() as context:
        context.setattr(
          ocp.CheckpointManager, 'wait_until_finished', lambda self, error=error: (_ for _ in ()).throw(error)
        )
        with pytest.raises(InputError if error is full else type(error)) as raised:
          opened.wait()
      if error is full:
        assert 'cannot be written (No space left on device); make room' in str(raised.value)
      else:
        assert raised.value is error
