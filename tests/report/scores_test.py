"""The chapter of an evaluation: what is read, said, drawn and written."""

import html
import json
import re
import types

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from saliency_jax.errors import InputError
from saliency_jax.report import chart_files, site
from saliency_jax.report.chapter import Site
from saliency_jax.report.scores import evaluated, region_tests, score_findings, score_tables, scores_page
from tests.report import made_scores


@pytest.fixture(scope='module')
def run(tmp_path_factory):
  return made_scores.folder(tmp_path_factory.mktemp('scores') / 'run')


@pytest.fixture(scope='module')
def page(run) -> str:
  return site.write(run).read_text()


@pytest.fixture
def own(tmp_path):
  """A folder that a test may break."""
  return made_scores.folder(tmp_path / 'own')


def text_of(page: str) -> str:
  return re.sub(r'\s+', ' ', html.unescape(re.sub('<[^>]*>', ' ', page)))


def test_the_folder_is_read_as_it_was_written(run):
  found = evaluated.read(run)
  assert found.models == tuple(made_scores.MODELS)
  assert [found.kind(model) for model in found.models] == ['network', 'classical', 'centre']
  nss = evaluated.ranked(found.scores, 'nss')
  assert nss.index.tolist() == ['net', 'gbvs', 'centre']
  chart = score_tables.dots(found, found.scores, 'nss', nss.index.tolist())
  assert {'x': {'datum': 3.0}} in [part['encoding'] for part in chart['layer']], 'what people reach'
  assert nss.loc['net', ['mean', 'low', 'high', 'images']].tolist() == [2.0, 1.9, 2.1, 50]
  search = found.search[found.search['kind'] == 'shape']
  assert evaluated.ranked(search, 'nmm').loc['gbvs', 'mean'] == 2
  assert not len(evaluated.ranked(search, 'fixations')), 'none was found'
  first = found.categories.iloc[0]
  assert (first['category'], first['regions'], first['inner']) == ('person head', 5, 3.0)
  photograph, array = found.examples
  assert photograph.human.shape == (6, 8)
  assert photograph.target is None
  assert array.target.sum() == 32
  assert (array.size, array.picture.shape) == ((60, 80), (30, 40, 3))


def test_a_target_has_the_size_of_its_array(own):
  file = own / 'examples.csv'
  file.write_text(file.read_text().replace(',60,80', ',59,79'))
  _, array = evaluated.read(own).examples
  assert array.target.shape == array.size == (59, 79)
  assert [x.tolist() for x in np.unique(np.argwhere(array.target)[:, 0], return_counts=True)] == [[16, 17], [16, 16]]


def test_all_models_that_share_the_best_value_are_bold(page):
  bold = re.findall(r'class="best">([^<]*)', page)
  assert bold.count('2.00') == 1, 'NSS: one is best'
  assert bold.count('50') == len(made_scores.MODELS), 'found at once: all are'


@pytest.mark.parametrize(
  ('name', 'change', 'says'),
  [
    ('summary.json', {'layout': 1}, 'has layout 1'),
    ('summary.json', {'models': {'net': 'unheard of'}}, 'none of'),
    ('summary.json', {'models': {'gbvs': 'classical gbvs'}}, "'net'"),
    ('summary.json', {'datasets': {}}, 'data sets of scores.csv'),
  ],
)
def test_a_summary_that_does_not_fit_is_named(own, name, change, says):
  made_scores.edit(own / name, **change)
  with pytest.raises(InputError, match=says):
    evaluated.read(own)


@pytest.mark.parametrize(
  ('name', 'old', 'new', 'says'),
  [
    ('examples.csv', 'pictures/00000.jpg', '../secret.jpg', 'belongs'),
    ('examples.csv', ',nmm,', ',1e400,', 'does not fit examples.csv'),
    ('search.csv', 'gbvs', 'other', "'other'"),
    ('differences.csv', ',centre,', ',unheard,', "'unheard'"),
    ('scores.csv', ',50', ',many', 'invalid literal'),
    ('scores.csv', ',kl,', ',nss,', 'has a duplicate line'),
    ('figure7.csv', 'category', 'kind', 'does not have the columns'),
    ('statistics.json', '"gbvs"', '"other"', 'lacks a model'),
  ],
)
def test_a_table_that_does_not_fit_is_named(own, name, old, new, says):
  file = own / name
  file.write_text(file.read_text().replace(old, new))
  with pytest.raises(InputError, match=says) as error:
    evaluated.read(own)
  assert name in str(error.value)


@pytest.mark.parametrize(
  'name', ['examples.csv', 'examples.npz', 'pictures/00001.jpg', 'statistics.json', 'config.json']
)
def test_a_missing_file_is_named(own, name):
  (own / name).unlink()
  with pytest.raises(InputError, match=name):
    evaluated.read(own)


def said(folder) -> str:
  found = score_findings.findings(evaluated.read(folder))
  assert len(found) <= 6
  return '\n'.join(x.text for x in found)


def test_findings_are_computed_from_the_numbers(own):
  text = said(own)
  assert (
    'On osie, net has the highest NSS, 2.00 [1.90, 2.10], ahead of gbvs, 1.20 '
    '[1.10, 1.30], by 0.80 [0.60, 0.90] on the same images (p = 0.040, '
    'corrected); net reaches 67 % of the NSS of people predicting each other, '
    '3.00 [2.90, 3.10].'
  ) in text
  statistics = own / 'statistics.json'
  # Eight arrays, four categories and five heads are too few.
  for absent in ('NMM', 'Spearman', 'heads'):
    assert absent not in text
  file = own / 'search.csv'
  file.write_text(re.sub(r',8$', ',80', file.read_text(), flags=re.M))
  statistics.write_text(
    statistics.read_text().replace('"pairs": 4', '"pairs": 12').replace('"heads": 5', '"heads": 50')
  )
  text = said(own)
  assert (
    'On arrays, 1 of 1 classical models have a higher NMM than the best '
    'network: gbvs has 3.00 [2.90, 3.10], net 0.75 [0.65, 0.85], a difference of 2.25 [2.15, '
    '2.45] on the same images (p = 0.040, corrected); in the paper, on '
    'its own arrays, BMS has 3.65'
  ) in text
  assert (
    'Over 12 categories of osie, inner and output saliency of net correlate '
    "at Spearman's \u03c1 = 0.80 [\u22120.20, 1.00], 0.60 on different "
    'halves (p = 0.20; paper: 0.96); 2 categories have an inner saliency '
    'above its 95 % chance band.'
  ) in text
  assert (
    'The output saliency of net is 0.75 SD farther from human saliency on 50 heads than on '
    '21 other regions (95 % interval of the difference 0.25 to 1.25, '
    "photographs as clusters, p = 0.010; Hedges' g = 0.50)."
  ) in text
  # Nobody says what people reach.
  scores = own / 'scores.csv'
  scores.write_text(re.sub('observers,.*\n', '', scores.read_text()))
  assert 'predicting each other' not in said(own)


def test_the_network_that_leads_has_inner_saliency(own):
  results = evaluated.read(own)
  best = results.scores['model'] == 'gbvs'
  ahead = results._replace(scores=results.scores.assign(mean=results.scores['mean'].where(~best, 9.0)))
  assert score_findings.leading(ahead, 'osie') == 'net'


def test_shares_are_in_percent():
  row = pd.Series({'mean': 0.5, 'low': 0.25, 'high': 0.75})
  for name in ('stands_out', 'first', 'found'):
    metric = evaluated.METRICS[name]
    assert (metric.written(row), metric.title[-5:-2]) == (('50', '25 to 75'), '(%)')


def test_maps_of_a_folder_are_a_kind_of_their_own(own):
  file = own / 'summary.json'
  file.write_text(file.read_text().replace('"classical gbvs"', '"folder gbvs"'))
  results = evaluated.read(own)
  assert results.kind('gbvs') == 'folder'
  assert list(score_tables.legend(results)) == ['network', 'centre prior', 'folder of maps']


def test_findings_follow_the_numbers(own):
  file = own / 'scores.csv'
  file.write_text(re.sub('gbvs,osie,nss,.*', 'gbvs,osie,nss,2.05,1.8,2.3,50', file.read_text()))
  text = said(own)
  assert 'gbvs has the highest NSS, 2.05 [1.80, 2.30], ahead of net' in text
  assert ', by −0.80 [−0.90, −0.60] on the same images' in text
  file.write_text(file.read_text().replace('gbvs,osie,nss,2.05', ('gbvs,osie,nss,2.001')))
  assert (
    'On osie, gbvs and net have the highest NSS, equal within rounding: 2.00 '
    '[1.80, 2.30] and 2.00 [1.90, 2.10], differing by −0.80'
  ) in said(own)
  (own / 'differences.csv').unlink()  # of an older version
  assert 'on the same images' not in said(own)


@pytest.mark.usefixtures('undrawn_here')
def test_other_data_are_not_set_beside_the_paper_s(own, monkeypatch):
  monkeypatch.setattr(chart_files, 'for_page', lambda spec, alt: str(spec))
  made_scores.edit(
    own / 'summary.json', datasets={'osie': {'kind': 'table', 'images': 50}, 'arrays': {'kind': 'popout', 'images': 80}}
  )
  made_scores.edit(own / 'config.json', sets={'arrays': {'dir': 'mine'}})
  file = own / 'search.csv'
  file.write_text(re.sub(r',8$', ',80', file.read_text(), flags=re.M))
  assert 'in the paper' not in said(own)
  page = site.write(own).read_text()
  assert 'net' in page[page.index("'data'") :]
  assert ', paper' not in page
  assert 'Not run here' not in page


def test_the_page_has_every_number_and_marks_the_best(page):
  text = text_of(page)
  assert 'models on 50 photographs (osie) and 8 search arrays (arrays).' in text
  assert 'osie: kind osie, images 53, without_fixations 2, skipped 7 gone\narrays: kind popout, images 8' in page
  # Of Table 4 GBVS was scored, in Table 1 it is not.
  table = text[text.index('Not run here') : text.index('How to read it')]
  for name in ('DeepFix', 'DVA', 'BMS', 'Human IO'):
    assert name in table
  assert {'BMS, paper', 'GBVS, paper'} < {*re.findall('>([^<>]+, paper)<', page)}
  assert 'GBVS' not in table
  # A difference of two models, its interval, its p and its star.
  assert '+0.80* (95 % interval' in text
  assert '0.60 to 0.90, p = 0.040 corrected' in text
  for number in (
    'NSS (SD) ↑',
    'KL (nats) ↓',
    '2.00 1.90 to 2.10',
    '1.20 1.10 to 1.30',
    '12.5 8.0 to 20.0',
    '75',
    'F(3, 12) = 2.50',
    'F(3, 8) = 2.25',
    'Left out, with fewer than 2 regions: plant',
    'net cluster F(1, 4) = 12.50 p = 0.020 0.70',
    # Bias, which people have not, is the third table.
    'centre 3.50 2.50 1.00 1.50 people 4.00 4.00 4.00 4.00 regions 5 6 7 8',
    'centre 0.50 1.50 3.00 2.50 regions 5 6 7 8',
    'the paper not said which – p = 9 × 10⁻⁹ –',
    'gbvs 5 21 +0.75 0.25 to 1.25 p = 0.010 +0.50 0.10 to 0.90',
  ):
    assert number in text, number
  best = re.findall(r'<td data-order="[^"]*" class="best">([^<]*)', page)
  assert best[:2] == ['2.00', '1.000']
  assert 'Note: net has a constant map' in text
  # What people reach has no KL, which would be no ceiling.
  foot = text_of(page[page.index('<tfoot>') : page.index('</tfoot>')])
  assert foot.split() == ['other', 'people', '3.00', '2.90', 'to', '3.10', '–']


def test_every_figure_is_there_for_a_paper(run, page):
  names = (
    'scores_osie',
    'best',
    'kinds_arrays',
    'search_arrays',
    'figure7_osie_net',
    'pairs_output_osie_net',
    'pairs_difference_osie_net',
    'examples',
  )
  for name in names:
    for kind in ('svg', 'pdf'):
      assert (run / 'report' / 'figures' / f'{name}.{kind}').stat().st_size
      assert f'figures/{name}.{kind}"' in page
  with Image.open(run / 'report/pictures/examples/00000.jpg') as picture:
    assert (picture.format, picture.size) == ('JPEG', (40, 30))
  assert (run / 'report/tables/table4_arrays.csv').read_text() == (
    'kind,gbvs,net,centre\nall,3,0.75,0\ncolour,4,1,0.1\nshape,2,0.5,-0.1\n"all, in the paper",2.57,,\n'
  )


def test_heads_are_told_from_other_categories(run, monkeypatch):
  found = evaluated.read(run)
  monkeypatch.setattr(region_tests.charts, 'scatter', lambda rows, series, **of: rows)
  rows = found.categories[found.categories['model'] == 'net']
  panels = region_tests._scatter(found, types.SimpleNamespace(chart=lambda name, specs, *_: specs), rows)
  heads = {'person head', 'animal head'}
  assert any(x['name'] in heads for x in panels[0])
  assert all((x['who'] == 'heads') == (x['name'] in heads) for x in panels[0])


def test_arrays_of_a_kind_are_counted(run):
  found = evaluated.read(run)
  fewer = found._replace(
    search=found.search.assign(images=found.search['images'].mask(found.search['kind'] == 'shape', 3))
  )
  assert scores_page._arrays(fewer, Site(fewer, None, root=None), 'arrays')['counts'] == (3, 4)


def test_an_example_has_the_image_and_every_map(run):
  found = evaluated.read(run)
  photograph, array = (scores_page._example(found, Site(found, None, root=None), k) for k in range(2))
  maps = ['net: {} 1.5', 'gbvs: {} \N{MINUS SIGN}0.5', 'centre: {} 0.0']
  assert [x.text for x in photograph] == ['the image', 'people', *(x.format('NSS') for x in maps)]
  assert [x.text for x in array] == ['the image', *(x.format('NMM') for x in maps)]
  assert {x.coloured for x in photograph} == {False}
  assert {x.coloured for x in array} == {True}
  assert [len(x.points) if x.points is not None else None for x in photograph] == [5, *[None] * 4]
  for k, of in enumerate(array[1:]):
    np.testing.assert_array_equal(of.cells, found.examples[1].maps[k])


@pytest.mark.usefixtures('undrawn_here')
def test_what_is_not_known_is_left_out_or_a_dash(own):
  file = own / 'statistics.json'
  statistics = json.loads(file.read_text())
  of = statistics[0]
  of['inner_output'] |= dict.fromkeys(('p', 'p_holm', 'low', 'high', 'halves')) | {'pairs': 12}
  for name in ('output', 'difference'):
    of[name] |= {'clustered': None, 'p_holm': None}
    of[name]['groups'][0]['mean'] = of[name]['welch']['p'] = of[name]['pairs'][0]['p_holm'] = None
  of['paper_anova']['cluster']['p'] = None
  file.write_text(json.dumps(statistics))
  assert "correlate at Spearman's \u03c1 = 0.80 (p not known; paper: 0.96)" in said(own)
  text = text_of(site.write(own).read_text())
  assert 'net cluster F(1, 4) = 12.50 p not known 0.70' in text


@pytest.mark.usefixtures('undrawn_here')
def test_without_arrays_regions_or_examples_their_sections_are_left_out(tmp_path):
  own = made_scores.folder(tmp_path / 'own', examples=0)
  for name in ('search.csv', 'figure7.csv', 'output.csv', 'statistics.json'):
    (own / name).unlink()
  text = text_of(site.write(own).read_text())
  assert 'Where people look: osie' in text
  assert 'used other arrays' in text
  for absent in ('odd one out', 'categories differ', 'Examples'):
    assert absent not in text
  datasets = json.loads((own / 'summary.json').read_text())['datasets']
  made_scores.edit(own / 'summary.json', datasets={name: of | {'kind': 'table'} for name, of in datasets.items()})
  assert 'used other arrays' not in site.write(own).read_text()


@pytest.mark.usefixtures('undrawn_here')
def test_no_search_is_best_where_models_found_other_targets(own):
  file = own / 'search.csv'
  assert site.write(own).read_text().count('class="best">12.5<') == 3
  file.write_text(file.read_text().replace('net,arrays,all,fixations,12.5,8,20,6', 'net,arrays,all,fixations,2,1,3,1'))
  page = site.write(own).read_text()
  assert '>2.0<small>1.0 to 3.0</small>' in page
  assert 'class="best">2.0<' not in page
  assert 'class="best">12.5<' not in page
  assert 'class="best">0.30<' in page, 'GSI is over the same arrays'


@pytest.mark.usefixtures('undrawn_here')
def test_arrays_without_masks_of_distractors_have_nmm_alone(own):
  (file := own / 'search.csv').write_text(
    re.sub(r'(,all|,colour|,shape),(gsi|first|found|fixations),.*', r'\1,\2,,,,0', file.read_text())
  )
  for name in ('scores.csv', 'figure7.csv', 'output.csv', 'statistics.json'):
    (own / name).unlink()
  page = site.write(own).read_text()
  assert 'No array has a mask of its distractors' in text_of(page)
  assert 'Outlined: the target. Maps' in page
  assert 'Yellow dots' not in page
  assert 'Search measures' not in page


@pytest.mark.usefixtures('undrawn_here')
def test_names_are_escaped_and_make_no_paths(own):
  for name in ('scores.csv', 'search.csv', 'differences.csv', 'summary.json'):
    file = own / name
    file.write_text(file.read_text().replace('arrays', 'a/<u>'))
  [(own / name).unlink() for name in ('figure7.csv', 'output.csv')]
  page = site.write(own, single_file=True).read_text()
  assert 'The odd one out: a/&lt;u&gt;' in page
  assert '<u>' not in page


def test_means_stand_over_their_intervals_on_the_terminal(run):
  text = site.text(run)
  assert text.startswith("""osie: 50 images

                  NSS             KL
net              2.00          1.000
           1.90..2.10   0.900..1.100
""")
  assert 'Note: net has a constant map for 1 image of osie (7).' in text
  assert 'observers: each observer is scored against the others.' in text
  assert 'shape' not in text, 'all arrays alone'
