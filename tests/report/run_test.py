"""A folder that is not whole ends in one sentence that names the file."""

import json
import shutil

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from saliency_jax.errors import InputError
from saliency_jax.report.units import run as reader
from tests.report import made


@pytest.fixture
def run(tmp_path):
  return made.popout(tmp_path / 'run', made.scores())


def _message(path) -> str:
  with pytest.raises(InputError) as error:
    reader.read(path)
  message = str(error.value)
  assert message.endswith('.')
  assert '\n' not in message
  return message


def test_reads_what_the_job_wrote(tmp_path):
  scored = made.scores(('conv5_3', 'conv4_1'))
  results = reader.read(made.popout(tmp_path, scored))
  assert results.kind is reader.POPOUT
  assert results.layers == ('conv5_3', 'conv4_1')
  assert results.columns == ('target',)
  np.testing.assert_allclose(results.scores['conv4_1'], scored['conv4_1'], rtol=1e-6)
  assert results.best('conv4_1', 'target')[0] == (scored['conv4_1'].mean(axis=0).argmax())
  np.testing.assert_allclose(results.values('paper'), [[0.38], [2.12]])
  assert [x.image_id for x in results.kept.images] == [f'array-{i:02d}' for i in range(6)]
  assert results.kept.maps('conv5_3').cells.shape == (30, *made.CELLS)
  assert results.depth is None
  assert results.name == 'imagenet'
  few = reader.read(made.popout(tmp_path / 'few', scored, shown=2))
  assert few.rows['image'].tolist() == [0, 1, -1, -1, -1, -1]


def test_a_trained_model_says_its_depth(tmp_path):
  results = reader.read(made.popout(tmp_path, made.scores(), depth=3, weights='mine'))
  assert (results.depth, results.name) == (3, 'mine, depth 3')
  made.edit(tmp_path / 'summary.json', weights={'name': 'mine', 'sha256': 'ab', 'depth': 0})
  assert reader.read(tmp_path).name == 'mine, depth 0'
  made.edit(tmp_path / 'summary.json', weights={'name': 'mine', 'sha256': 'ab', 'depth': 'all'})
  assert "its 'depth' is 'all'" in _message(tmp_path)


def test_no_folder(tmp_path):
  assert 'is not a folder; --workdir' in _message(tmp_path / 'none')
  assert _message('').startswith("''")


def test_an_unfinished_run(run):
  (run / 'summary.json').unlink()
  assert _message(run) == (
    f'{run} is not a finished run: summary.json is missing; start the job again with the same --workdir.'
  )


@pytest.mark.parametrize(
  'name', ['config.json', 'patterns.csv', 'table5.csv', 'nmm/conv5_1.npy', 'images.csv', 'pictures/00001.jpg']
)
def test_a_missing_file(run, name):
  (run / name).unlink()
  assert f'{name} is missing' in _message(run)


@pytest.mark.parametrize(
  'name', ['summary.json', 'config.json', 'patterns.csv', 'table5.csv', 'nmm/conv5_1.npy', 'images.csv']
)
@pytest.mark.parametrize('content', [b'', b'\x00\xff{', b'[1]', b'{"a": 1}'])
def test_a_damaged_file(run, name, content):
  (run / name).write_bytes(content)
  assert str(run / name) in _message(run)


def test_a_folder_in_the_place_of_a_file(run):
  (run / 'table5.csv').unlink()
  (run / 'table5.csv').mkdir()
  assert 'table5.csv' in _message(run)


@pytest.mark.parametrize('layout', [1, 2])
def test_another_layout(run, layout):
  made.edit(run / 'summary.json', layout=layout)
  assert _message(run) == (
    f'{run}/summary.json has layout {layout}, and this version reads 3; start the job again with the same --workdir.'
  )


@pytest.mark.parametrize('name', ['../conv5_3', '/tmp/x', 'a b', '', '.x'])
def test_layers_whose_names_lead_elsewhere(run, name):
  made.edit(run / 'summary.json', units={name: 5})
  assert 'invalid characters' in _message(run)


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
  assert 'nmm/conv4_2.npy holds [6, 4]' in message
  assert '[6, 5]' in message


def test_pickled_scores_are_refused(run):
  np.save(run / 'nmm' / 'conv4_2.npy', np.array([{}], object))
  assert 'nmm/conv4_2.npy is no usable' in _message(run)


def test_units_that_the_layer_lacks(run):
  table = (run / 'table5.csv').read_text().splitlines()
  table[1] = 'conv5_3,1.0,,,,,,,3 5'
  (run / 'table5.csv').write_text('\n'.join(table))
  assert 'names a unit that conv5_3 does not have' in _message(run)


def test_a_layer_without_a_line(run):
  table = (run / 'table5.csv').read_text().splitlines()
  (run / 'table5.csv').write_text('\n'.join(table[:-1]))
  assert 'the same categories for every layer' in _message(run)


@pytest.mark.parametrize('change', [{1: 'nothing'}, {2: ''}, {2: '7'}], ids=['category', 'none', 'number'])
def test_a_table_of_other_regions(tmp_path, change):
  path = made.dissect(tmp_path / 'D', {'conv5_3': np.ones((2, 3), np.float32)}, labels=['text', 'text'])
  table = path / 'table2.csv'
  lines = [x.split(',') for x in table.read_text().splitlines()]
  for column, cell in change.items():
    lines[1][column] = cell
  table.write_text('\n'.join(map(','.join, lines)) + '\n')
  assert 'does not count the regions of' in _message(path)


def test_a_category_that_the_table_lacks(tmp_path):
  path = made.dissect(tmp_path, {'conv5_3': np.ones((2, 3), np.float32)}, labels=['text', 'food'])
  table = (path / 'table2.csv').read_text().splitlines()
  (path / 'table2.csv').write_text('\n'.join(table[:-1]))
  assert 'does not count the regions of' in _message(path)


def test_categories_that_differ_between_layers(tmp_path):
  run = made.dissect(tmp_path, made.scores(rows=2), labels=['text', 'food'])
  table = (run / 'table2.csv').read_text().splitlines()
  (run / 'table2.csv').write_text('\n'.join(table[:-1]))
  assert 'the same categories for every layer' in _message(run)


@pytest.mark.parametrize(
  ('change', 'part'),
  [
    ({'kinds': ('colour',), 'job': 'dissect'}, 'the job'),
    ({'layers': ('conv5_3',)}, 'the layers'),
    ({'units': 4}, 'other numbers of units'),
  ],
)
def test_runs_that_cannot_be_compared(tmp_path, run, change, part):
  if 'job' in change:
    other = made.dissect(tmp_path / 'other', made.scores(), labels=['text'] * 6)
  else:
    other = made.popout(tmp_path / 'other', made.scores(**change))
  with pytest.raises(InputError) as error:
    reader.beside(reader.read(run), other)
  message = str(error.value)
  assert part in message
  assert str(other) in message
  assert message.endswith('--compare takes a run with the same.')


def test_differences_are_paired_where_both_are_of_the_same_photographs(tmp_path):
  rng, labels = np.random.default_rng(0), ['text', 'food'] * 4
  first, second, third = (
    reader.read(
      made.dissect(
        tmp_path / str(i),
        made.scores(('a', 'b'), rows=8, seed=i),
        labels=labels,
        image_ids=[f'{name}{k}' for k in range(8)],
      )
    )
    for i, name in enumerate('xxy')
  )
  shared = rng.normal(0, 1, (1, 400, 1))
  one, other = (
    run._replace(samples=run.values('mean')[:, None] + shared + rng.normal(0, 0.1, (2, 400, 2)))
    for run in (first, second)
  )
  found = reader.differences(one, other)
  gaps = one.samples - other.samples
  change = first.values('mean') - second.values('mean')
  assert found.paired
  np.testing.assert_allclose(found.change, change)
  middle = gaps.mean(axis=1)
  wider = stats.t.ppf(0.975, 3) / stats.norm.ppf(0.975) * np.sqrt(4 / 3)  # each is on four photographs
  np.testing.assert_allclose(
    found.low, np.minimum(change, 2 * change - middle) + wider * (middle - np.quantile(gaps, 0.975, axis=1))
  )
  both = np.stack([change, 2 * change - middle])
  nearest = np.where(both.prod(axis=0) > 0, np.abs(both).min(axis=0), 0)
  # Each category is on 4 photographs.
  p = 2 * stats.t.sf(nearest / gaps.std(axis=1, ddof=1) / np.sqrt(4 / 3), 3)
  np.testing.assert_allclose(found.p.ravel(), multipletests(p.ravel(), method='holm')[1])
  # Photographs of other names vary on their own: what is shared is no more.
  apart = reader.differences(one, third._replace(samples=other.samples))
  assert not apart.paired
  assert (apart.high - apart.low > 5 * (found.high - found.low)).all()
  # `beside` brings layers and categories in the order of the first.
  np.save(tmp_path / '1' / 'samples.npy', np.arange(24.0).reshape(2, 6, 2))
  read = reader.beside(first._replace(layers=('b', 'a'), columns=('food', 'text')), tmp_path / '1')
  assert read.samples[:, 0].tolist() == [[13, 12], [1, 0]]


def test_runs_with_other_categories_are_not_compared(tmp_path):
  first, second = (made.dissect(tmp_path / label, made.scores(rows=1), labels=[label]) for label in ('text', 'food'))
  with pytest.raises(InputError, match='the categories food where .* text'):
    reader.beside(reader.read(first), second)


@pytest.mark.parametrize('name', ['../summary.json', '/etc/passwd', 'pictures/../config.json', ''])
def test_pictures_outside_the_folder_are_not_taken(run, name):
  lines = (run / 'images.csv').read_text().replace('pictures/00003.jpg', name, 1)
  (run / 'images.csv').write_text(lines)
  assert f'names the picture {name!r}, which is none of' in _message(run)


def test_scores_of_the_other_job(tmp_path, run):
  other = made.dissect(tmp_path / 'other', made.scores(), labels=['text'] * 6)
  shutil.copy(other / 'summary.json', run / 'summary.json')
  assert 'regions.csv is missing' in _message(run)
