"""Reading a sweep's folder, and what is said of a damaged one."""

import json

import numpy as np
import pytest

from saliency_jax.errors import InputError
from saliency_jax.report import swept
from tests.report import made_sweep as made


def test_what_was_written_is_read(tmp_path):
  results = swept.read(made.sweep(tmp_path))
  assert [(x.label, x.depth, x.score, x.step) for x in results.members] == [
      ('depth 0', 0, 1.625, 4), ('depth 3', 3, 2.75, 2),
      ('depth all', 13, 2.25, 4)]
  seen = results.seen
  assert seen.means.layers == ('depth 0', 'depth 3', 'depth all')
  assert seen.means.columns == made.CATEGORIES
  np.testing.assert_array_equal(seen.means.run, list(made.MEANS.values()))
  np.testing.assert_array_equal(seen.means.paper, list(made.PAPER.values()))
  np.testing.assert_array_equal(seen.counts.run, list(made.ABOVE.values()))
  np.testing.assert_array_equal(
      seen.counts.paper, list(made.PAPER_ABOVE.values()))
  assert seen.regions == [20, 10, 5]
  assert np.isnan(results.unseen.means.run[:, 2]).all()
  assert results.arrays.run.tolist() == [[0.25], [1.], [0.2]]
  assert len(results.lines) == 6


def test_views_are_read(tmp_path):
  results = swept.read(made.sweep(tmp_path))
  photograph, array = results.views
  assert results.base == 'depth_0'
  assert (photograph.unit, array.unit) == ('conv5_3:287', 'conv5_3:288')
  assert photograph.maps['depth_3'].shape == (3, 4)
  assert photograph.maps['depth_3'][1, 2] == 2
  picture, mask = photograph.read()
  assert picture.shape == (*made.SIZE, 3)
  assert mask.sum() == 150
  assert mask[10:20, 30:45].all()


def test_a_sweep_without_measurements_and_a_run_are_read(tmp_path):
  alone = swept.read(made.sweep(tmp_path / 'sweep', measured=()))
  assert (alone.seen, alone.unseen, alone.arrays, alone.views) == (
      None, None, None, ())
  run = swept.read(made.run(tmp_path / 'run'))
  assert [member.name for member in run.members] == ['depth_3']
  assert run.job == 'train'


def _member(folder):
  path = folder / 'table3.csv'
  path.write_text(path.read_text().replace('depth_3', 'depth_4'))


def _escape(folder):
  path = folder / 'before_after' / 'views.json'
  path.write_text(path.read_text().replace(
      'before_after/regions/pictures', 'before_after/../../pictures'))


def _fewer_maps(folder):
  with np.load(folder / 'before_after' / 'maps.npz') as archive:
    arrays = {name: array[:1] for name, array in archive.items()}
  np.savez(folder / 'before_after' / 'maps.npz', **arrays)


def _line(folder):
  with open(folder / 'metrics.jsonl', 'a') as file:
    file.write(json.dumps({'step': 5, 'kind': 'train', 'nss': {'a': 1}}) + '\n')


@pytest.mark.parametrize(('damage', 'said'), [
    (lambda folder: (folder / 'table6.csv').unlink(), 'table6.csv is missing'),
    (_member, 'table3.csv has other members'),
    (_escape, 'views.json does not fit'),
    (_fewer_maps, 'views.json does not fit'),
    (_line, 'metrics.jsonl is of other members'),
    (lambda folder: (folder / 'summary.json').write_text('{}'), 'job')])
def test_a_damaged_folder_is_named_in_one_sentence(damage, said, tmp_path):
  folder = made.sweep(tmp_path)
  damage(folder)
  with pytest.raises(InputError, match=said):
    swept.read(folder)
