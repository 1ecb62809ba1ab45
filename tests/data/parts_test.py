"""What training opens: both parts of every kind of data set."""

import shutil

import pytest

from configs import train as train_config
from saliency_jax.data import builders, labelme, parts, pixel_sets, split
from saliency_jax.data.popout import masked_folder
from saliency_jax.data.popout.search_arrays import SearchArrays
from saliency_jax.data.source import open_source
from saliency_jax.data.sources.osie import Osie
from saliency_jax.errors import InputError


def _config(**given):
  config = train_config.get_config()
  config.data.update({name: value if isinstance(value, (int, float)) else str(value) for name, value in given.items()})
  return config


@pytest.fixture
def arrays(tmp_path):
  """Returns two folders of search arrays with the same names."""
  for seed in (0, 1):
    masked_folder.save(SearchArrays(count=2, seed=seed, size=128), tmp_path / f'arrays{seed}')
  return tmp_path / 'arrays0', tmp_path / 'arrays1'


@pytest.fixture
def table(tiny_osie, tmp_path):
  """Returns photographs and fixations that count from 1, one outside."""
  path = tmp_path / 'fixations.csv'
  path.write_text('image,x,y\n' + ''.join(f'{image_id},2,3\n' for image_id in Osie(tiny_osie, tiny_osie).image_ids))
  return {'kind': 'table', 'dir': tiny_osie / 'stimuli', 'fixations': path}


def test_search_arrays_are_learnt_from_their_targets(arrays):
  train, val = arrays
  opened = parts.open_parts(_config(kind='popout', dir=train, val_dir=val))
  assert opened.choose is pixel_sets.target
  assert opened.train.image_ids == opened.validation.image_ids
  assert (opened.train[0].image != opened.validation[0].image).any()


def test_osie_is_split(osie_dir):
  opened = parts.open_parts(_config(dir=osie_dir))
  assert opened.train.image_ids == tuple(split.split('train'))
  assert opened.validation.image_ids == tuple(split.split('validation'))
  tested = parts.open_parts(_config(dir=osie_dir, test_fraction=0))
  assert tested.validation.image_ids == opened.validation.image_ids
  assert tested.train.image_ids == tuple(sorted(split.split('train') + split.split('test')))
  with pytest.raises(InputError, match="test_fraction is 0.1, but OSIE's split keeps a fifth"):
    parts.open_parts(_config(dir=osie_dir, test_fraction=0.1))


def test_training_fills_no_regions(tiny_osie, monkeypatch):
  given = {'dir': tiny_osie, 'regions': tiny_osie / 'labelme'}
  with monkeypatch.context() as patched:
    patched.setattr(labelme.Outline, 'fill', None)
    opened = parts.open_parts(_config(**given, val_fraction=0.4))
    records = [x[i] for x in (opened.train, opened.validation) for i in range(len(x))]
  whole = open_source('osie', **given)
  assert [len(x.fixations) for x in records] == [
    len(whole[whole.image_ids.index(x.image_id)].fixations) for x in records
  ]
  assert not any(len(x.regions.ids) for x in records)
  assert 'regions' not in opened.train.gives
  whole.without_regions()  # is another source
  assert any(len(x.regions.ids) for x in whole)
  assert 'regions' in whole.gives
  with pytest.raises(InputError, match='nowhere'):
    parts.open_parts(_config(dir=tiny_osie, regions='nowhere'))


def test_photographs_that_are_not_osie_are_not_split(tiny_osie):
  with pytest.raises(InputError, match=r'not OSIE .*val_dir'):
    parts.open_parts(_config(dir=tiny_osie))


def test_other_kinds_need_images_to_validate(arrays, table):
  for config in (_config(kind='popout', dir=arrays[0]), _config(**table)):
    with pytest.raises(InputError, match=r'are chosen for validation; .*val_fraction'):
      parts.open_parts(config)


@pytest.mark.parametrize(
  ('given', 'missing'), [((), 'dir'), (('dir',), 'fixations'), (('dir', 'fixations', 'val_fixations'), 'val_dir')]
)
def test_the_key_that_is_missing_is_named(given, missing, table):
  config = _config(kind='table', **{key: table[key.removeprefix('val_')] for key in given})
  with pytest.raises(InputError, match=rf'--config\.data\.{missing}\.$'):
    parts.open_parts(config)


def test_the_folder_that_a_data_set_was_built_into_opens(tiny_osie, tmp_path):
  source = Osie(tiny_osie, tiny_osie)
  builders.build(source, 'osie', tmp_path / 'built')
  opened = parts.open_parts(_config(dir=tmp_path / 'built', val_dir=tiny_osie))
  assert opened.train.image_ids == source.image_ids


def test_one_table_may_cover_both_folders(table, tmp_path):
  train, val = tmp_path / 'train', tmp_path / 'val'
  for folder, names in ((train, ('2001', '2003')), (val, ('2002',))):
    folder.mkdir()
    for name in names:
      shutil.copy(table['dir'] / f'{name}.jpg', folder)
  opened = parts.open_parts(_config(**table | {'dir': train}, val_dir=val))
  assert opened.train.image_ids == ('2001', '2003')
  assert opened.validation.image_ids == ('2002',)
  assert opened.validation[0].fixations.tolist() == [[3, 2]]
  # Or each has its own.
  other = tmp_path / 'others.csv'
  other.write_text('image,x,y\n2002,7,8\n')
  opened = parts.open_parts(_config(**table | {'dir': train}, val_dir=val, val_fixations=other))
  assert [x[0].fixations.tolist() for x in (opened.train, opened.validation)] == [[[3, 2]], [[8, 7]]]


def test_a_share_of_the_images_validates(table, caplog):
  config = _config(**table, val_fraction=0.4)
  opened = parts.open_parts(config)
  assert 'Images: 2 for training, 2 for validation, 1 kept for testing' in caplog.text
  train, validation = opened.train, opened.validation
  assert (len(train), len(validation)) == (2, 2)  # and 1 in neither
  assert not set(train.image_ids) & set(validation.image_ids)
  assert parts.open_parts(config).validation.image_ids == validation.image_ids
  whole = parts.open_parts(_config(**table, val_fraction=0.4, test_fraction=0))
  assert whole.validation.image_ids == validation.image_ids
  assert len(whole.train) == 3
  assert set(train.image_ids) < set(whole.train.image_ids)
  draws = set()
  for seed in range(20):
    config.data.seed = seed
    draws.add(parts.open_parts(config).validation.image_ids)
  assert len(draws) > 5


@pytest.mark.parametrize(
  ('given', 'message'),
  [
    ({'val_fraction': 1.0}, 'val_fraction is 1 and .* of 5'),
    ({'val_fraction': -0.2}, 'val_fraction is -0.2'),
    ({'val_fraction': 0.01}, 'val_fraction is 0.01 and .* of 5'),
    ({'val_fraction': 0.4, 'test_fraction': 0.6}, 'test_fraction 0.6 of 5'),
    ({'val_fraction': 0.4, 'test_fraction': 0.01}, 'test_fraction 0.01 of 5'),
    ({'val_fraction': 0.2, 'val_dir': 'val'}, 'give one of them'),
  ],
)
def test_a_share_must_leave_images_on_both_sides(given, message, table):
  with pytest.raises(InputError, match=message):
    parts.open_parts(_config(**table, **given))


def test_which_fixations_are_to_be_found(table):
  config = _config(**table, val_fraction=0.4)
  assert parts.open_parts(config).choose is pixel_sets.distinct_fixations
  config.analysis.fixations = 'all'
  assert parts.open_parts(config).choose is pixel_sets.all_fixations
  config.analysis.fixations = 'some'
  with pytest.raises(InputError, match="analysis.fixations is 'some'"):
    parts.open_parts(config)


def test_a_table_may_count_from_one(table):
  given = {'val_dir': table['dir'], 'val_fixations': table['fixations'], **table}
  for origin, wanted in ((0, [[3, 2]]), (1, [[2, 1]])):
    opened = parts.open_parts(_config(origin=origin, **given))
    for source in (opened.train, opened.validation):
      assert source[0].fixations.tolist() == wanted


def test_fixations_outside_may_be_left_out(table):
  first = parts.open_parts(_config(**table, val_dir=table['dir'], val_fixations=table['fixations'])).train
  with open(table['fixations'], 'a') as file:
    file.write(f'{first.image_ids[0]},9999,3\n')
  config = _config(**table, val_dir=table['dir'], val_fixations=table['fixations'])
  with pytest.raises(InputError, match='outside'):
    [record.fixations for record in parts.open_parts(config).train]
  config.data.drop_outside = True
  for record in parts.open_parts(config).train:
    assert record.fixations.tolist() == [[3, 2]]


def test_an_option_of_another_kind_is_refused(arrays):
  with pytest.raises(InputError, match='no use for origin'):
    parts.open_parts(_config(kind='popout', dir=arrays[0], origin=1))


def _scenes(tmp_path, images):
  path = tmp_path / 'scenes.csv'
  path.write_text(
    'image_id,scene\n' + ''.join(f'{name},{"sea" if number % 2 else "wood"}\n' for number, name in enumerate(images))
  )
  return path


def test_the_packages_scenes_are_of_osies_own_photographs(tiny_osie, tmp_path, caplog):
  """Others may have their names, whatever `data.kind` says by default."""
  tiny_osie = shutil.copytree(tiny_osie, tmp_path / 'named')
  for old, new in (('2001', '1001'), ('2002', '1002')):
    (tiny_osie / f'stimuli/{old}.jpg').rename(tiny_osie / f'stimuli/{new}.jpg')
  given = {'kind': 'images', 'dir': tiny_osie / 'stimuli', 'val_fraction': 0.5, 'min_images': 1}
  for kind in ('osie', 'images'):
    config = _config(**given | {'kind': kind})
    config.task.name = 'scene'
    with pytest.raises(InputError, match='scenes of these images are not'):
      parts.split_parts(config, open_source('images', tiny_osie / 'stimuli'))
  config = _config(**given, scenes=_scenes(tmp_path, 'ab'))
  config.task.name = 'scene'
  with pytest.raises(InputError, match='scenes.csv names none of the 5 images'):
    parts.open_parts(config)
  absent = [*map(str, range(29, 10, -1))]
  config = _config(**given, scenes=_scenes(tmp_path, ('1001', '1002', '2003', '2004', *absent)))
  config.task.name = 'scene'
  opened = parts.open_parts(config)
  assert sorted((*opened.train.image_ids, *opened.validation.image_ids)) == ['1001', '1002', '2003', '2004']
  assert opened.test is None
  assert 'names 19 images that are not in config.data.dir; the first is 11.' in caplog.text


def test_osies_photographs_have_their_scenes_in_any_layout(osie_dir):
  config = _config(kind='images', dir=osie_dir / 'stimuli', val_fraction=0.2, test_fraction=0.3, min_images=15)
  config.task.name = 'scene'
  opened = parts.open_parts(config)
  assert len(set(opened.scenes.values())) == 13
  train, validation, test = ({*x.image_ids} for x in (opened.train, opened.validation, opened.test))
  assert train | validation | test == {*opened.scenes}
  assert len(train) + len(validation) + len(test) == len(opened.scenes)
  assert len(test) == pytest.approx(0.3 * len(opened.scenes), abs=7)
