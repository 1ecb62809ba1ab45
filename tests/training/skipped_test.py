"""Images that cannot be read are listed, whichever leg of a run met them."""

import json

import pytest

from saliency_jax.data.parts import Data
from saliency_jax.errors import InputError
from saliency_jax.training import image_batches, journal, loop
from tests import tiny
from tests.training import made


class Damaged(made.Photographs):
  """Photographs of which some cannot be read."""

  def __init__(self, count: int, *damaged: int, first: int = 0):
    super().__init__(count, first)
    self._damaged = damaged

  def __getitem__(self, index: int):
    if index in self._damaged:
      raise InputError('It is truncated; fetch it again.')
    return super().__getitem__(index)


def test_what_an_earlier_leg_skipped_is_listed(tmp_path, monkeypatch):
  config = made.run()
  config.data.on_bad_image = 'skip'
  config.train.epochs = config.train.checkpoint_every = 1
  # The first image of three steps: the second leg does not meet it again.
  damaged = int(image_batches.epoch_order(config.data.seed, 0, 10)[0])
  workdir = tmp_path / 'run'

  def train():
    with tiny.devices(1):
      return loop.train(config, Data(Damaged(10, damaged), made.VALIDATION), str(workdir))

  write = journal.Journal.write

  def stop(self, at, kind, **values):
    if at == 3:
      raise KeyboardInterrupt
    write(self, at, kind, **values)

  with monkeypatch.context() as context:
    context.setattr(journal.Journal, 'write', stop)
    with pytest.raises(KeyboardInterrupt):
      train()
  assert [line['step'] for line in journal.read(workdir)] == [1, 2]
  summary = train()
  assert summary['skipped'] == {f'{damaged:03d}': 'It is truncated; fetch it again.'}
  assert summary['counts']['skipped'] == 1
  written = json.loads((workdir / 'summary.json').read_text())
  assert written['skipped'] == summary['skipped']


TRUNCATED = r'images can be used \(It is truncated; fetch it again\); check'


@pytest.mark.parametrize(
  ('training', 'validation', 'says'),
  [
    (Damaged(4, *range(4)), made.VALIDATION, f'None of the training {TRUNCATED}'),
    (made.TRAIN, Damaged(3, *range(3), first=50), f'None of the validation {TRUNCATED}'),
    (  # the reason is of the part's own images
      Damaged(4, 0),
      made.Photographs(1, first=50, broken=0),
      r'None of the validation images can be used \(they have no fixation\)',
    ),
  ],
)
def test_a_part_of_which_nothing_counts_is_refused(tmp_path, training, validation, says):
  config = made.run()
  config.data.on_bad_image = 'skip'
  with pytest.raises(InputError, match=says), tiny.devices(1):
    loop.train(config, Data(training, validation), str(tmp_path / 'run'))
  assert not (tmp_path / 'run' / 'summary.json').exists()
