"""Bad input as a user meets it: one sentence, exit code 2, nothing written."""

import json
import pathlib
import shutil

import pytest

from tests.launch import commands


@pytest.fixture
def data(tiny_osie, tmp_path) -> pathlib.Path:
  """A copy of the made data set, to be damaged."""
  return shutil.copytree(tiny_osie, tmp_path / 'data')


def dissect(data, weights, workdir, *flags, run=commands.run_here):
  return run(
    'dissect',
    f'--workdir={workdir}',
    f'--config.data.dir={data}',
    f'--config.data.regions={data / "labelme"}',
    f'--config.network.weights={weights}',
    f'--config.run.cache_dir={workdir}/../cache',
    '--config.network.taps=conv1_1',
    '--config.network.image_size=32',
    *flags,
  )


@pytest.fixture(scope='module')
def finished(tiny_osie, random_weights, tmp_path_factory) -> pathlib.Path:
  """Results in a folder in which lay others: copy it before you change it."""
  out = tmp_path_factory.mktemp('finished') / 'out'
  for folder in ('association', 'nmm'):
    (out / folder).mkdir(parents=True)
    (out / folder / 'conv9_9.npy').touch()
  (out / 'patterns.csv').touch()
  (out / 'notes.txt').touch()  # not ours
  (out / 'config.json').write_text('{"run": {}}')
  result = dissect(tiny_osie, random_weights, out)
  assert result.returncode == 0, result.stderr
  return out


def truncate(data):
  path = data / 'stimuli' / '2003.jpg'
  path.write_bytes(path.read_bytes()[:1000])


def edit(name, change):
  def damage(data):
    path = data / 'labelme' / name
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))

  return damage


def wider(content):
  content['imageWidth'] += 1


def unnamed(content):
  content['shapes'][0]['label'] = ''


DAMAGES = {
  'missing folder': (shutil.rmtree, ['data']),
  'absent images': (lambda data: (data / 'stimuli' / '2002.jpg').unlink(), ['fixations.mat', '2002']),
  'region file for another size': (edit('2002.json', wider), ['2002.json', '164']),
  'label that is no name': (edit('2004.json', unnamed), ['2004.json', "label ''", 'category']),
}


@pytest.mark.parametrize('name', DAMAGES)
def test_bad_data_ends_in_one_sentence(name, data, random_weights, tmp_path):
  damage, said = DAMAGES[name]
  damage(data)
  result = dissect(data, random_weights, tmp_path / 'out')
  commands.is_one_sentence(result, 'dissect', *said)
  assert not (tmp_path / 'out' / 'summary.json').exists()


@pytest.mark.parametrize(
  ('flags', 'said'),
  [
    (['--config.network.taps=conv5_4'], ['conv5_4', 'conv5_3', 'networks.py']),
    (['--config.network.taps=conv1_1,features.1'], ['names conv1_1 twice']),
    (['--config.network.weights=imagenot'], ['imagenot', 'imagenet']),
    (['--config.network.name=vgg61'], ['vgg61', 'vgg16', 'module:function']),
    (['--config.network.weights=', '--config.network.name=nowhere:make'], ['nowhere:make', 'Network']),
    (['--config.network.weights=', '--config.network.name=tests.tiny:params'], ['a dict', 'from_linen']),
    (['--config.network.name=tests.tiny:nested'], ['weights', 'out.']),
    (['--config.network.dtype=float8'], ['config.network.dtype', 'float8']),
    (['--config.network.readout_tap=conv9'], ['conv9']),
    (['--config.network.member=depth_3'], ['config.network.member']),
    (['--config.data.on_bad_image=ignore'], ['on_bad_image', 'skip']),
    (['--config.analysis.fixations=some'], ['fixations', 'distinct']),
    (['--config.analysis.alignment=left'], ["alignment is 'left'", "'grid' or 'receptive_field'"]),
    (['--config.data.fixations=all'], ['config.analysis.fixations=all']),
    (['--config.data.kind=tables'], ['tables', 'osie, salicon']),
    (['--config.network.image_size=-1'], ['image_size']),
    (['--config.network.image_size=1'], ['image_size', 'conv1_1']),
    (['--config.data.batch_size=0'], ['batch_size']),
    (['--config.data.workers=-1'], ['workers']),
    (['--config.report.examples=-1'], ['examples']),
    (["--config.report.also=('conv1_1:64',)"], ['conv1_1:64', '64 units']),
    (['--config.analysis.top_units=0'], ['top_units']),
    (['--config.network.image_sise=3'], ['image_sise']),
    (['--config.network.image_size=big'], ['image_size']),
    (['--workdir='], ['--workdir']),
    (['--workdir=/proc/none'], ['/proc/none']),
    (['more'], ['more']),
  ],
)
def test_a_wrong_flag_ends_in_one_sentence(flags, said, tiny_osie, random_weights, tmp_path):
  result = dissect(tiny_osie, random_weights, tmp_path / 'out', *flags)
  commands.is_one_sentence(result, 'dissect', *said)


def test_the_config_of_another_job_ends_in_one_sentence(tmp_path):
  result = commands.run_here('dissect', f'--config={commands.ROOT}/configs/popout.py', f'--workdir={tmp_path / "out"}')
  commands.is_one_sentence(result, 'dissect', 'config.analysis.fixations', 'configs/osie.py')


@pytest.fixture(scope='module')
def skipped(tiny_osie, random_weights, tmp_path_factory) -> pathlib.Path:
  """Results without a broken image, after which labels were changed."""
  folder = tmp_path_factory.mktemp('skipped')
  data = shutil.copytree(tiny_osie, folder / 'data')
  truncate(data)
  one_by_one = '--config.data.batch_size=1'
  out = folder / 'out'
  # What is only met on the way ends a process that has threads.
  commands.is_one_sentence(
    dissect(data, random_weights, out, one_by_one, run=commands.run), 'dissect', '2003.jpg', 'truncated'
  )
  assert not (out / 'summary.json').exists()
  assert list((out / 'partial').glob('[!.]*.part'))
  edit('2001.json', lambda content: [shape.update(label='plant') for shape in content['shapes']])(data)
  result = dissect(data, random_weights, out, '--config.data.on_bad_image=skip')
  assert result.returncode == 0, result.stderr
  return out


def test_skipping_goes_on_and_lists_what_it_skipped(skipped):
  summary = json.loads((skipped / 'summary.json').read_text())
  assert list(summary['skipped']) == ['2003']
  assert 'truncated' in summary['skipped']['2003']
  assert summary['counts']['skipped'] == 1
  assert (skipped / 'report' / 'index.html').is_file()


def test_an_older_result_does_not_outlive_a_run_that_fails(finished, data, random_weights, tmp_path):
  out = shutil.copytree(finished, tmp_path / 'out')
  assert (out / 'summary.json').exists()
  truncate(data)
  assert dissect(data, random_weights, out).returncode == 2
  assert not (out / 'summary.json').exists()


def test_a_misspelt_flag_does_not_cost_the_results_that_lie_there(finished, tiny_osie, random_weights, tmp_path):
  out = shutil.copytree(finished, tmp_path / 'out')
  before = {path: path.read_bytes() for path in out.rglob('*.*')}
  for flag in ('--config.network.taps=conv9_9', '--config.data.on_bad_image=no', '--config.network.dtype=float8'):
    assert dissect(tiny_osie, random_weights, out, flag).returncode == 2
  assert {path: path.read_bytes() for path in out.rglob('*.*')} == before


def test_nothing_of_another_run_stays_in_the_folder(finished):
  assert sorted(path.name for path in finished.iterdir()) == [
    'association',
    'config.json',
    'fixations.npz',
    'images.csv',
    'maps',
    'masks',
    'notes.txt',
    'pictures',
    'regions.csv',
    'report',
    'samples.npy',
    'summary.json',
    'table2.csv',
    'units.csv',
  ]
  assert [path.name for path in (finished / 'association').iterdir()] == ['conv1_1.npy']


def test_data_that_changed_is_measured_again(skipped):
  regions = (skipped / 'regions.csv').read_text().splitlines()
  assert {row.split(',')[2] for row in regions if row.startswith('2001')} == {'plant'}


def test_results_of_photographs_are_not_made_from_search_arrays(random_weights, tmp_path):
  built = tmp_path / 'built'
  result = commands.run_here('build_dataset', '--dataset=popout', '--count=2', '--size=128', f'--output={built}')
  assert result.returncode == 0, result.stderr
  result = dissect(built, random_weights, tmp_path / 'out', '--config.data.regions=')
  commands.is_one_sentence(result, 'dissect', 'search arrays')
