"""The two jobs from config to what the page shows."""

import json

import numpy as np
import pytest
from PIL import Image

from configs import osie as osie_config
from configs import popout as popout_config
from saliency_jax.data.popout import search_arrays as arrays
from saliency_jax.errors import InputError
from saliency_jax.experiments import dissection, forward, popout
from tests.experiments import made
from tests.training import made as tiny


def config(get_config, folder, **report):
  config = get_config()
  path = folder / 'tiny.npz'
  if not path.exists():
    tiny.weights(path)
  config.init.weights, config.init.cache_dir = str(path), str(folder / 'cache')
  config.model.layers = made.LAYERS
  config.data.image_size, config.data.batch_size = 32, 8
  config.report.update({'units': 2, 'examples': 1} | report)
  return config


def dissect(folder, source, workdir, skip=False, **report):
  given = config(osie_config.get_config, folder, **report)
  # A file that no run changes, so that the next one may go on.
  given.data.dir = given.data.regions = given.init.weights
  given.data.on_bad_image = 'skip' if skip else 'raise'
  return dissection.dissect(given, source, str(workdir), widths=tiny.WIDTHS)


def test_an_image_that_was_skipped_is_not_shown(tmp_path):
  dissect(tmp_path, made.Photographs(6, broken=(2,)), tmp_path / 'out', True)
  listed = made.listed(tmp_path / 'out')
  assert [row['image_id'] for row in listed] == [
      '000', '001', '003', '004', '005']


def test_images_with_the_most_categories_are_shown_first(tmp_path):
  # By category with a fixation: 0, 2, 4, 2, 4, 0, 2, 4, ...
  dissect(tmp_path, made.Photographs(10), tmp_path / 'out', images=5)
  assert [row['image_id'] for row in made.listed(tmp_path / 'out')] == [
      '001', '002', '004', '007', '009']


def test_an_interrupted_pass_is_made_again_without_measuring(
    tmp_path, monkeypatch):
  dissect(tmp_path, made.Photographs(6), tmp_path / 'whole')
  out = tmp_path / 'out'
  real = forward.Step.standardised

  def interrupt(*_):
    raise KeyboardInterrupt

  monkeypatch.setattr(forward.Step, 'standardised', interrupt)
  with pytest.raises(KeyboardInterrupt):
    dissect(tmp_path, made.Photographs(6), out)
  assert not (out / 'summary.json').exists()
  monkeypatch.setattr(forward.Step, 'standardised', real)
  source = made.Photographs(6)
  summary = dissect(tmp_path, source, out)
  assert summary['counts']['resumed'] == 6
  assert sorted(source.reads) == list(range(6))  # once, to be drawn
  for path in (tmp_path / 'whole').rglob('*.*'):
    if path.name not in ('summary.json', 'config.json'):
      assert (out / path.relative_to(tmp_path / 'whole')).read_bytes() == (
          path.read_bytes())


def test_an_image_that_vanished_is_named(tmp_path):
  source = made.Photographs(6)
  real = made.Photographs.__getitem__

  class Vanishing(made.Photographs):

    def __getitem__(self, index):
      if index == 4 and 4 in self.reads:
        raise InputError('004.jpg is gone.')
      return real(self, index)

  with pytest.raises(InputError, match='004.jpg is gone'):
    dissect(tmp_path, Vanishing(6), tmp_path / 'out', skip=True)
  assert not (tmp_path / 'out/summary.json').exists()
  assert dissect(tmp_path, source, tmp_path / 'out')['layout'] == 2


def test_nothing_of_an_earlier_page_stays(tmp_path):
  out = tmp_path / 'out'
  for name in ('pictures/00099.jpg', 'masks/00099.png', 'maps/conv9_9.npz',
               'saliency.npz', 'report/index.html', 'report.html',
               'examples/000.npz', 'examples.json', 'fixations.npz'):
    (out / name).parent.mkdir(parents=True, exist_ok=True)
    (out / name).touch()
  dissect(tmp_path, made.Photographs(3), out, images=0)
  assert {path.name for path in out.iterdir()} == {
      'association', 'config.json', 'images.csv', 'regions.csv',
      'summary.json', 'table2.csv'}


def test_a_wrong_unit_does_not_cost_the_results_that_lie_there(tmp_path):
  out = tmp_path / 'out'
  dissect(tmp_path, made.Photographs(3), out)
  before = {path: path.read_bytes() for path in out.rglob('*.*')}
  for wrong in ({'also': ('conv5_3:4',)}, {'also': ('conv1_1:0',)},
                {'images': -1}):
    with pytest.raises(InputError, match='config.report'):
      dissect(tmp_path, made.Photographs(3), out, **wrong)
  assert {path: path.read_bytes() for path in out.rglob('*.*')} == before


def test_search_arrays_are_shown_with_their_targets(tmp_path):
  source = arrays.SearchArrays(count=20, size=160)
  given = config(popout_config.get_config, tmp_path, images=18)
  popout.popout(given, source, str(tmp_path / 'out'), widths=tiny.WIDTHS)
  listed = made.listed(tmp_path / 'out')
  # The first array of each of the 16 kinds, then two second ones.
  assert [row['image_id'] for row in listed] == list(source.image_ids[:18])
  for k in (0, 17):
    with Image.open(tmp_path / f'out/masks/{k:05d}.png') as mask:
      np.testing.assert_array_equal(mask, source[k].regions.masks[0])
  with np.load(tmp_path / 'out/fixations.npz') as file:
    assert file['points'].shape == (0, 2)
    assert file['offsets'].tolist() == [0] * 19
  scores = np.load(tmp_path / 'out/nmm/conv5_3.npy')
  with np.load(tmp_path / 'out/maps/conv5_3.npz') as file:
    found = set(zip(file['units'], file['images'], strict=True))
  best = np.argsort(-scores.mean(axis=0), kind='stable')[:2]
  assert found == {(scores[k].argmax(), k) for k in range(18)} | {
      (unit, k) for unit in best
      for k in (scores[:18, unit].argmax(), 17 - scores[17::-1, unit].argmin())}
  assert not (tmp_path / 'out/saliency.npz').exists()
  summary = json.loads((tmp_path / 'out/summary.json').read_text())
  assert 'depth' not in summary['weights']
