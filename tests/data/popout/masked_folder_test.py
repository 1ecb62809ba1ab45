import shutil

import numpy as np
import pytest
from PIL import Image

from saliency_jax.data import subset
from saliency_jax.data.popout.masked_folder import MaskedFolder, save
from saliency_jax.data.popout.patterns import Pattern
from saliency_jax.data.popout.search_arrays import SearchArrays
from saliency_jax.errors import InputError


@pytest.fixture(scope='module')
def drawn(tmp_path_factory):
  folder = tmp_path_factory.mktemp('drawn')
  save(SearchArrays(count=5, seed=1, size=128), folder)
  return folder


@pytest.fixture
def folder(drawn, tmp_path):
  """A copy to spoil: colour-00 to width-00."""
  return shutil.copytree(drawn, tmp_path / 'arrays')


def _refuses(folder, *words):
  """The folder is refused, when opened or read, in one sentence."""
  with pytest.raises(InputError) as caught:
    list(MaskedFolder(folder))
  message = str(caught.value)
  for word in words:
    assert str(word) in message
  assert message.endswith('.')
  assert '\n' not in message


def test_what_is_saved_comes_back(folder):
  arrays, read = SearchArrays(count=5, seed=1, size=128), MaskedFolder(folder)
  assert read.image_ids == arrays.image_ids
  assert read.patterns == arrays.patterns
  assert len(read) == len(arrays)
  for ours, theirs in zip(read, arrays, strict=True):
    assert ours.image_id == theirs.image_id
    assert ours.regions.categories == theirs.regions.categories
    for one, other in (
      (ours.image, theirs.image),
      (ours.fixations, theirs.fixations),
      (ours.regions.ids, theirs.regions.ids),
      (ours.regions.masks, theirs.regions.masks),
    ):
      assert one.dtype == other.dtype
      np.testing.assert_array_equal(one, other)


def test_what_is_read_can_be_saved_again(folder, tmp_path):
  shutil.rmtree(folder / 'distractors')
  save(MaskedFolder(folder), tmp_path / 'again')
  again = MaskedFolder(tmp_path / 'again')
  assert again.patterns == MaskedFolder(folder).patterns
  assert not (tmp_path / 'again' / 'distractors').exists()
  np.testing.assert_array_equal(again[3].image, MaskedFolder(folder)[3].image)


def test_distractors_are_optional_image_by_image(folder):
  (folder / 'distractors' / 'length-00.png').unlink()
  read = MaskedFolder(folder)
  with_none = read[read.image_ids.index('length-00')].regions
  np.testing.assert_array_equal(with_none.ids, [1])
  assert with_none.categories == ('target',)
  assert with_none.masks.shape == (1, 128, 128)
  assert read[0].regions.masks.shape == (2, 128, 128)


def test_distractors_that_do_not_touch_are_items(folder):
  arrays, read = SearchArrays(count=5, seed=1, size=128), MaskedFolder(folder)
  size = read.patterns[0].set_size
  items, drawn = (source.items('colour-00', size) for source in (read, arrays))
  assert len(items) == size - 1
  assert {item.tobytes() for item in items} == {item.tobytes() for item in drawn}
  assert read.items('colour-00', 2).tobytes() == items[:2].tobytes()
  (folder / 'patterns.csv').write_text('image_id,set_size\ncolour-00,9\n')
  (folder / 'distractors/width-00.png').unlink()
  read = MaskedFolder(folder)
  assert [len(read.items(name, 3)) for name in ('colour-00', 'width-00', 'intensity-00')] == [0, 0, 3]


def test_items_of_several_parts_have_values_of_their_own(tmp_path):
  arrays = SearchArrays(count=16, seed=1, size=256)
  name = next(
    name for name, pattern in zip(arrays.image_ids, arrays.patterns, strict=True) if pattern.kind == 'closure'
  )
  chosen = subset.subset(arrays, [name])
  save(chosen, tmp_path)
  read, size = MaskedFolder(tmp_path), chosen.patterns[0].set_size
  items = read.items(name, size)
  assert len(items) == size - 1
  assert {item.tobytes() for item in items} == {item.tobytes() for item in arrays.items(name, size)}
  save(read, tmp_path / 'again')
  again = MaskedFolder(tmp_path / 'again')
  assert {item.tobytes() for item in again.items(name, size)} == {item.tobytes() for item in items}
  np.testing.assert_array_equal(again[0].regions.masks, read[0].regions.masks)
  path = tmp_path / 'distractors' / f'{name}.png'
  with Image.open(path) as image:
    image.convert('RGB').save(path)
  assert len(MaskedFolder(tmp_path).items(name, 5)) == 5
  with Image.open(path) as image:
    image.save(path.with_suffix('.jpg'))
  path.unlink()
  assert len(MaskedFolder(tmp_path).items(name, 5)) == 0


def test_without_a_table_images_are_sorted_and_unknown(folder):
  (folder / 'patterns.csv').unlink()
  read = MaskedFolder(folder)
  assert read.image_ids == ('colour-00', 'intensity-00', 'length-00', 'orientation-00', 'width-00')
  assert read.patterns[1] == Pattern('intensity-00', '', '', '')


def test_a_table_may_be_short_and_names_images_in_its_order(folder):
  (folder / 'patterns.csv').write_text('\ufeffset_size,image_id\n,width-00\n\n25, length-00\n', 'utf-8')
  assert MaskedFolder(folder).patterns == (
    Pattern('width-00', '', '', ''),
    Pattern('length-00', '', '', 25),
    Pattern('colour-00', '', '', ''),
    Pattern('intensity-00', '', '', ''),
    Pattern('orientation-00', '', '', ''),
  )


def test_a_photograph_may_be_a_jpeg_and_a_mask_any_grey(folder):
  image = folder / 'images' / 'width-00.png'
  Image.open(image).save(folder / 'images' / 'width-00.JPG')
  image.unlink()
  mask = np.zeros((128, 128), np.uint8)
  mask[3:5, 7] = 1, 200
  (folder / 'distractors' / 'width-00.png').unlink()
  Image.fromarray(mask).save(folder / 'targets' / 'width-00.png')
  record = MaskedFolder(folder)[4]
  assert record.image_id == 'width-00'
  np.testing.assert_array_equal(record.regions.masks[0], mask > 0)


def test_hidden_and_foreign_files_are_passed_over(folder):
  (folder / 'images' / '._width-00.png').write_bytes(b'')
  (folder / 'images' / 'Thumbs.db').write_bytes(b'')
  assert len(MaskedFolder(folder)) == 5


def test_a_missing_folder_is_named(tmp_path):
  _refuses(tmp_path / 'nowhere', tmp_path / 'nowhere')


def test_a_folder_without_images_is_refused(tmp_path):
  _refuses(tmp_path, tmp_path / 'images')


@pytest.mark.parametrize('masks', ['targets', 'distractors'])
def test_a_mask_of_no_image_is_named(folder, masks):
  path = folder / masks / 'width-01.png'
  shutil.copy(folder / masks / 'width-00.png', path)
  _refuses(folder, path, 'of no image')


def test_an_image_without_a_target_is_named(folder):
  path = folder / 'targets' / 'width-00.png'
  path.unlink()
  _refuses(folder, folder / 'images' / 'width-00.png', path)


@pytest.mark.parametrize('masks', ['targets', 'distractors'])
def test_a_mask_of_another_size_is_named(folder, masks):
  path = folder / masks / 'width-00.png'
  Image.open(path).resize((64, 128)).save(path)
  _refuses(folder, path, '64 x 128', 'photograph is 128 x 128')


@pytest.mark.parametrize('masks', ['targets', 'distractors'])
def test_an_empty_mask_is_named(folder, masks):
  path = folder / masks / 'width-00.png'
  Image.new('L', (128, 128)).save(path)
  _refuses(folder, path, 'is empty')


def test_masks_that_overlap_are_named(folder):
  shutil.copy(folder / 'targets' / 'width-00.png', folder / 'distractors' / 'width-00.png')
  _refuses(folder, folder / 'distractors' / 'width-00.png', 'shares')


@pytest.mark.parametrize('kind', ['images', 'targets', 'distractors'])
@pytest.mark.parametrize('damage', ['cut', 'text'])
def test_a_damaged_file_is_named(folder, kind, damage):
  path = folder / kind / 'width-00.png'
  whole = path.read_bytes()
  path.write_bytes(whole[: len(whole) // 2] if damage == 'cut' else b'none')
  _refuses(folder, path)


def test_two_images_of_one_name_are_named(folder):
  path = folder / 'images' / 'width-00.jpg'
  Image.open(folder / 'images' / 'width-00.png').save(path)
  _refuses(folder, folder / 'images' / 'width-00.png', 'and width-00.jpg')


@pytest.mark.parametrize(
  ('table', 'words'),
  [
    ('', ['no column image_id', 'perhaps kind, background, set_size']),
    ('kind,set_size\ncolour,16\n', ['it has kind, set_size']),
    ('image_id,kind,kind\nwidth-00,a,b\n', ['has the column kind twice']),
    ('image_id,kind\nwidth-00\n', ['row 2']),
    ('image_id\nwidth-00\nwidth-00\n', ['row 3', "'width-00' again"]),
    ('image_id,set_size\nwidth-00,many\n', ['row 2', "'many'"]),
    ('image_id\nwidth-09\n', ["'width-09'", 'images']),
  ],
)
def test_a_bad_table_is_named(folder, table, words):
  (folder / 'patterns.csv').write_text(table)
  _refuses(folder, folder / 'patterns.csv', *words)


@pytest.mark.parametrize('content', [b'image_id\n\xff\n', b'\x00\x01'])
def test_a_table_that_is_no_text_is_named(folder, content):
  (folder / 'patterns.csv').write_bytes(content)
  _refuses(folder, folder / 'patterns.csv')
