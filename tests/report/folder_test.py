"""A folder that is not whole ends in one sentence that names the file."""

import json
import shutil

import numpy as np
import pytest

from saliency_jax.errors import InputError
from saliency_jax.report import folder
from tests.report import made


@pytest.fixture
def run(tmp_path):
  return made.popout(tmp_path / 'run', made.scores())


def _message(path) -> str:
  with pytest.raises(InputError) as error:
    folder.read(path)
  message = str(error.value)
  assert message.endswith('.')
  assert '\n' not in message
  return message


def test_reads_what_the_job_wrote(tmp_path):
  scored = made.scores(('conv5_3', 'conv4_1'))
  results = folder.read(made.popout(tmp_path, scored))
  assert results.job == 'popout'
  assert results.layers == ('conv5_3', 'conv4_1')
  assert results.columns == ('target',)
  np.testing.assert_allclose(
      results.scores['conv4_1'], scored['conv4_1'], rtol=1e-6)
  cell = results.table['conv4_1']['target']
  assert cell.units[0] == scored['conv4_1'].mean(axis=0).argmax()
  assert [answer.layer for answer in results.examples[0].answers] == [
      'conv5_3', 'conv4_1']
  assert results.examples[0].answers[1].cells.shape == (4, 5)


def test_layers_come_in_the_config_s_order(run):
  summary = json.loads((run / 'summary.json').read_text())
  made.edit(
      run / 'summary.json', units=dict(sorted(summary['units'].items())))
  assert folder.read(run).layers == made.LAYERS


def test_no_folder(tmp_path):
  assert 'is not a folder; --workdir' in _message(tmp_path / 'none')
  assert _message('').startswith("''")


def test_an_unfinished_run(run):
  (run / 'summary.json').unlink()
  assert _message(run) == (
      f'{run} is not a finished run: summary.json is missing; start the job '
      f'again with the same --workdir.')


@pytest.mark.parametrize('name', [
    'config.json', 'patterns.csv', 'table5.csv', 'nmm/conv5_1.npy',
    'examples.json', 'examples/001.npz'])
def test_a_missing_file(run, name):
  (run / name).unlink()
  assert f'{name} is missing' in _message(run)


@pytest.mark.parametrize('name', [
    'summary.json', 'config.json', 'patterns.csv', 'table5.csv',
    'nmm/conv5_1.npy', 'examples.json', 'examples/001.npz'])
@pytest.mark.parametrize('content', [b'', b'\x00\xff{', b'[1]', b'{"a": 1}'])
def test_a_damaged_file(run, name, content):
  (run / name).write_bytes(content)
  assert str(run / name) in _message(run)


def test_a_folder_in_the_place_of_a_file(run):
  (run / 'table5.csv').unlink()
  (run / 'table5.csv').mkdir()
  assert 'table5.csv' in _message(run)


def test_another_layout(run):
  made.edit(run / 'summary.json', layout=0)
  assert 'has layout 0 where this version reads 1' in _message(run)


def test_an_unknown_job(run):
  made.edit(run / 'summary.json', job='train')
  assert "names the job 'train'" in _message(run)


def test_a_missing_key(run):
  summary = json.loads((run / 'summary.json').read_text())
  del summary['versions']
  (run / 'summary.json').write_text(json.dumps(summary))
  assert "lacks 'versions'" in _message(run)


def test_scores_of_another_shape(run):
  np.save(run / 'nmm' / 'conv4_2.npy', np.zeros((6, 4), np.float32))
  message = _message(run)
  assert 'nmm/conv4_2.npy holds float32 [6, 4]' in message
  assert '[6, 5]' in message


def test_pickled_scores_are_refused(run):
  np.save(run / 'nmm' / 'conv4_2.npy', np.array([{}], object))
  assert 'nmm/conv4_2.npy cannot be read' in _message(run)


def test_units_that_the_layer_lacks(run):
  table = (run / 'table5.csv').read_text().splitlines()
  table[1] = 'conv5_3,1.0,3 5'
  (run / 'table5.csv').write_text('\n'.join(table))
  assert 'names a unit that conv5_3 does not have' in _message(run)


def test_a_layer_without_a_line(run):
  table = (run / 'table5.csv').read_text().splitlines()
  (run / 'table5.csv').write_text('\n'.join(table[:-1]))
  assert 'table5.csv does not have one line per layer' in _message(run)


def test_categories_that_differ_between_layers(tmp_path):
  run = made.dissect(
      tmp_path, made.scores(rows=2), labels=['text', 'food'])
  table = (run / 'table2.csv').read_text().splitlines()
  (run / 'table2.csv').write_text('\n'.join(table[:-1]))
  assert 'the same categories for every layer' in _message(run)


def test_an_example_of_another_shape(run):
  with np.load(run / 'examples' / '000.npz') as archive:
    arrays = dict(archive)
  np.savez(
      run / 'examples' / '000.npz', **arrays | {'sets': arrays['sets'][:-1]})
  assert 'examples/000.npz holds arrays of unknown shapes' in _message(run)


def test_scores_of_the_other_job(tmp_path, run):
  other = made.dissect(tmp_path / 'other', made.scores(), labels=['text'] * 6)
  shutil.copy(other / 'summary.json', run / 'summary.json')
  assert 'regions.csv is missing' in _message(run)
