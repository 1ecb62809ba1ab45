"""Scene labels: read, thinned out, split."""

from collections import Counter

import numpy as np
import pytest

from saliency_jax.data import scenes
from saliency_jax.errors import InputError


def test_the_packages_own_labels_are_what_their_card_says():
  labels = scenes.read(scenes.OSIE)
  assert len(labels) == 700
  assert len(set(labels.values())) == 17
  assert labels['1001'] == 'office'


def write(path, text):
  path.write_text(text)
  return path


def test_a_file_is_read_whatever_its_order_and_other_columns(tmp_path):
  path = write(tmp_path / 'a.csv', 'scene,p,image_id\nsea ,.5,a\nwood,1,b\nsea,,a\n')
  assert scenes.read(path) == {'a': 'sea', 'b': 'wood'}
  write(path, 'Image ID;Scene\na.JPG;sea\nb.c;"wood, fir"\n')
  assert scenes.read(path) == {'a': 'sea', 'b.c': 'wood, fir'}


def test_scenes_that_differ_in_case_alone_are_told(tmp_path, caplog):
  path = write(tmp_path / 'a.csv', 'image_id,scene\na,Sea\nb,wood\nc,sea\n')
  assert scenes.read(path) == {'a': 'Sea', 'b': 'wood', 'c': 'sea'}
  assert [x.message.partition(': ')[2] for x in caplog.records] == [
    'the scenes Sea and sea differ only in case; spell them alike.'
  ]


@pytest.mark.parametrize(
  ('text', 'says'),
  [
    ('image_id,place\na,b\n', 'no column scene'),
    ('', 'no column image_id, scene'),
    ('image,label\na.jpg,sea\n', 'no column image_id, scene'),
    ('image_id,scene\na,\n', 'row 2: image_id and scene cannot be empty'),
    ('image_id,scene\na,sea\na,wood\n', 'row 3: a is wood here and sea before'),
    ('image_id,scene\na\n', 'row 2'),
  ],
)
def test_a_file_that_is_wrong_is_said(tmp_path, text, says):
  with pytest.raises(InputError, match=says):
    scenes.read(write(tmp_path / 'a.csv', text))
  with pytest.raises(InputError, match='There is no file'):
    scenes.read(tmp_path / 'b.csv')


LABELS = {f'{scene}{i}': scene for scene, n in (('sea', 10), ('wood', 5), ('sky', 2)) for i in range(n)}


def test_rare_scenes_are_left_out():
  kept, rare = scenes.frequent(LABELS, 5)
  assert Counter(kept.values()) == {'sea': 10, 'wood': 5}
  assert rare == {'sky': 2}
  with pytest.raises(InputError, match='1 of 3 scenes are left'):
    scenes.frequent(LABELS, 6)


def test_each_scene_is_in_every_part_in_proportion():
  train, validation = scenes.split(LABELS, 0.2, 0.0, seed=0)
  assert Counter(LABELS[name] for name in validation) == {'sea': 2, 'wood': 1, 'sky': 1}
  assert sorted(train + validation) == sorted(LABELS)
  # By the alphabet, so that it is the same in every process.
  rng = np.random.default_rng(0)
  of_scene = {scene: [name for name, of in LABELS.items() if of == scene] for scene in ('sea', 'sky', 'wood')}
  drawn = [names[i] for names in of_scene.values() for i in rng.permutation(len(names))[: max(len(names) // 5, 1)]]
  assert sorted(validation) == sorted(drawn)
  assert scenes.split(LABELS, 0.2, 0.0, seed=1)[1] != validation
  less, same = scenes.split(LABELS, 0.2, 0.2, seed=0)
  assert same == validation
  assert set(less) < set(train)
  assert Counter(LABELS[name] for name in set(train) - set(less)) == {
    'sea': 2,
    'wood': 1,
  }  # the one other sky is trained on
  # Of each scene one image at least is trained on, however large the others' shares.
  train, validation = scenes.split(LABELS, 0.4, 0.55, seed=0)
  assert Counter(LABELS[name] for name in train) == {'sea': 1, 'wood': 1, 'sky': 1}
  assert Counter(LABELS[name] for name in validation) == {'sea': 4, 'wood': 2, 'sky': 1}


@pytest.mark.parametrize(
  ('labels', 'fraction', 'says'),
  [
    (LABELS, 0.0, 'val_fraction is 0.0'),
    (LABELS, 1.0, 'val_fraction is 1.0'),
    (LABELS | {'a': 'snow'}, 0.2, 'snow has one image'),
  ],
)
def test_what_cannot_be_split_is_said(labels, fraction, says):
  with pytest.raises(InputError, match=says):
    scenes.split(labels, fraction, 0.0, seed=0)
