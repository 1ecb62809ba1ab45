"""The page of a prediction."""

import json

import pytest

from saliency_jax.errors import InputError
from saliency_jax.report import site
from tests.report.parsed import BAD, Page


def test_predicted_maps_have_a_page(tmp_path):
  (tmp_path / 'predicted.jsonl').write_text(json.dumps(['a.npy', 'a.png', 'a_overlay.png']) + '\n')
  for name, value in (
    (
      'summary.json',
      {
        'job': 'predict',
        'layout': 3,
        'network': {'name': BAD},
        'device': '1 x cpu',
        'weights': {'name': 'mine', 'sha256': '0' * 64, 'depth': 1},
        'seconds': {},
        'counts': {'images': 1},
        'skipped': {'b': BAD},
        'versions': {},
      },
    ),
    ('config.json', {}),
  ):
    (tmp_path / name).write_text(json.dumps(value))
  with pytest.raises(InputError, match="names 'a.npy', which is not in"):
    site.write(tmp_path)
  listed = (tmp_path / 'predicted.jsonl').read_text()
  (tmp_path / 'predicted.jsonl').write_text('5\n')
  with pytest.raises(InputError, match='predicted.jsonl'):
    site.write(tmp_path)
  (tmp_path / 'predicted.jsonl').write_text(listed)
  for name in ('a.npy', 'a.png', 'a_overlay.png'):
    (tmp_path / name).write_bytes(b'x')
  page = Page(site.write(tmp_path))
  (shown,) = page.all('img')
  # The pages can be copied alone: their pictures travel.
  assert (tmp_path / 'report' / shown['src']).read_bytes() == b'x'
  page.shows_names_as_text()
  assert f'name mine, sha256 {"0" * 64}, depth 1' in page.words
  assert site.text(tmp_path) == f'1 maps of {BAD} (mine)'
  (tmp_path / 'scene_probabilities.csv').write_text('image_id,scene,sea,wood\n7,sea,0.750000,0.250000\n')
  site.write(tmp_path)
  table = (tmp_path / 'report/tables/scenes.md').read_text().splitlines()
  assert table[1:] == ['| --- | --- | --: | --: |', '| 7 | sea | 0.75 | 0.25 |']
