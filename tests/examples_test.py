"""The notebooks run as they stand, and come to what they say."""

import json
import pathlib

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent / 'examples'


def _run(name: str) -> dict:
  """Runs a notebook's cells of code; returns its names."""
  cells = json.loads((EXAMPLES / name).read_text(encoding='utf-8'))['cells']
  names = {}
  for cell in cells:
    if cell['cell_type'] == 'code':
      exec(''.join(cell['source']), names)
  return names


def test_a_network_of_ones_own_on_regions_of_ones_own():
  names = _run('my_network_and_my_regions.ipynb')
  means = names['means']
  assert means.loc['disc'].idxmax() == 'red'
  assert means.loc['stripes'].idxmax() == 'edges'
  best = names['results'].tables['table2'].set_index('category')['top_units']
  assert best.astype(str).to_dict() == {'disc': '0', 'stripes': '1'}


def test_saliency_maps_of_ones_own():
  table = _run('my_saliency_maps.ipynb')['table']
  nss = table[table['metric'] == 'nss'].set_index('model')['mean']
  assert nss['mine'] > nss['centre'] > 0
  assert 'observers' in nss


def test_notebooks_hold_no_output():
  for path in EXAMPLES.glob('*.ipynb'):
    for cell in json.loads(path.read_text(encoding='utf-8'))['cells']:
      assert not cell.get('outputs'), path.name
