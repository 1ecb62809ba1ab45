"""The chapter of an evaluation: what is read, said, drawn and written."""

import html
import re

import numpy as np
import pytest

from saliency_jax.errors import InputError
from saliency_jax.report import (
    category_figures,
    evaluated,
    example_grid,
    metrics,
    score_figures,
    score_findings,
    site,
    style,
)
from saliency_jax.report.evaluated import Value
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
  assert [found.kind(model) for model in found.models] == [
      'network', 'classical', 'centre']
  assert found.scores['osie']['nss']['net'] == Value(2., 1.9, 2.1, 50)
  assert list(found.search['arrays']) == ['all', 'colour', 'shape']
  assert found.search['arrays']['shape']['nmm']['gbvs'].mean == 2
  assert np.isnan(found.search['arrays']['shape']['fixations']['net'].mean)
  first = found.categories['osie']['net'][0]
  assert (first.name, first.regions, first.inner) == ('person head', 5, 3.)
  assert np.isnan(found.categories['osie']['gbvs'][0].inner)
  photograph, array = found.examples
  assert photograph.human.shape == (6, 8)
  assert photograph.target is None
  assert array.target.sum() == 8
  assert (array.size, array.picture.shape) == ((60, 80), (30, 40, 3))


@pytest.mark.parametrize(('name', 'change', 'says'), [
    ('summary.json', {'layout': 1}, 'in layout 1'),
    ('summary.json', {'models': {'net': 'unheard of'}}, 'none of'),
    ('summary.json', {'models': {'gbvs': 'classical gbvs'}}, "'net'")])
def test_a_summary_that_does_not_fit_is_named(own, name, change, says):
  made_scores.edit(own / name, **change)
  with pytest.raises(InputError, match=says):
    evaluated.read(own)


@pytest.mark.parametrize(('name', 'old', 'new', 'says'), [
    ('examples.csv', 'pictures/00000.jpg', '../secret.jpg', 'belongs'),
    ('search.csv', 'gbvs', 'other', "'other'"),
    ('scores.csv', ',50', ',many', 'cannot be read'),
    ('figure7.csv', 'category', 'kind', 'does not have the columns'),
    ('statistics.json', '"gbvs"', '"other"', 'lacks a model')])
def test_a_table_that_does_not_fit_is_named(own, name, old, new, says):
  file = own / name
  file.write_text(file.read_text().replace(old, new))
  with pytest.raises(InputError, match=says) as error:
    evaluated.read(own)
  assert name in str(error.value)


@pytest.mark.parametrize('name', [
    'examples.csv', 'examples.npz', 'pictures/00001.jpg', 'statistics.json',
    'config.json'])
def test_a_missing_file_is_named(own, name):
  (own / name).unlink()
  with pytest.raises(InputError, match=name):
    evaluated.read(own)


def test_either_end_of_a_metric_may_be_the_better_one():
  values = {
      model: Value(mean, mean, mean, 5)
      for model, mean in (('a', 1.), ('b', 3.), ('c', float('nan')))}
  values[evaluated.OBSERVERS] = Value(9., 8., 10., 5)
  assert metrics.ranked('abc', values, 'nss') == ['b', 'a']
  assert metrics.ranked('abc', values, 'kl') == ['a', 'b']
  assert metrics.best(values, 'nss') == 'b'
  assert metrics.best({}, 'nss') == ''
  # People's CC is with the map of a single other person.
  assert metrics.ceiling(values, 'nss') == values[evaluated.OBSERVERS]
  assert metrics.ceiling(values, 'cc') is None


def said(folder) -> str:
  return '\n'.join(
      finding.text for finding in
      score_findings.findings(evaluated.read(folder)))


def test_findings_are_computed_from_the_numbers(run):
  text = said(run)
  assert (
      'On osie, net has the highest NSS, 2.00 [1.90, 2.10], before gbvs, 1.20 '
      '[1.10, 1.30], and the intervals do not overlap; that is 67 % of what '
      'people reach who predict each other, 3.00.') in text
  assert 'net is the best by 2 of 2 metrics.' in text
  assert (
      'On arrays, 1 of 1 classical models have a higher NMM than the best '
      'network: gbvs 3.00 [2.90, 3.10], against net 0.75 [0.65, 0.85], and '
      'the intervals do not overlap. In the paper BMS has 3.65') in text
  assert (
      'net looks at the target first on 50 % of 8 arrays of arrays and finds '
      '75 % of the targets at all; of 2 kinds of target it sees colour best '
      '(NMM 1.00) and shape least (0.50).') in text
  assert (
      "Spearman's \u03c1 = 0.80 [\u22120.20, 1.00], 0.60 on different halves "
      '(p = 0.20; paper: 0.96)') in text
  assert (
      'does not tellingly depend on the category (Welch: F(3, 12) = 2.50, '
      'p = 0.30; photographs as clusters, corrected over all tests: p = 1.00; '
      '\u03b7\u00b2 = 0.25); of gbvs and centre it does.') in text
  assert (
      'The output of net is 0.75 SD farther from people on 5 heads than on 21 '
      'other regions (95 % interval of the difference 0.25 to 1.25, '
      'photographs as clusters, p = 0.010; Hedges\' g = 0.50). The paper\'s '
      'analysis of category means gives the heads F(1, 4) = 12.50, '
      'p = 0.020') in text


def test_findings_follow_the_numbers(own):
  file = own / 'search.csv'
  # The network's NMM is now above the classical model's.
  file.write_text(file.read_text().replace('net,arrays,all,nmm,0.75,0.65,0.85',
                                           'net,arrays,all,nmm,3.05,2.9,3.2'))
  assert (
      '0 of 1 classical models have a higher NMM than the best network: gbvs '
      '3.00 [2.90, 3.10], against net 3.05 [2.90, 3.20].') in said(own)
  file = own / 'scores.csv'
  file.write_text(file.read_text().replace('gbvs,osie,nss,1.2,1.0999999999999999',
                                           'gbvs,osie,nss,1.2,1.1'))
  file.write_text(re.sub(
      'gbvs,osie,nss,.*', 'gbvs,osie,nss,2.05,1.8,2.3,50', file.read_text()))
  text = said(own)
  assert 'gbvs has the highest NSS, 2.05 [1.80, 2.30], before net' in text
  assert 'but the intervals overlap' in text
  assert 'gbvs is the best by 1 of 2 metrics; by the others it is net.' in text


def test_the_page_has_every_number_and_marks_the_best(page):
  text = text_of(page)
  for number in ('2.00 1.90 to 2.10', '1.20 1.10 to 1.30', '12.5 8.0 to 20.0',
                 '75', 'F(3, 12) = 2.50', 'F(3, 8) = 2.25',
                 'Left out, with fewer than 2 regions: plant',
                 'net: 2 targets are not found'):
    assert number in text, number
  best = re.findall(r'<td data-order="[^"]*" class="best">([^<]*)', page)
  assert best[:2] == ['2.00', '1.000']
  assert 'Note: net has a constant map' in text
  # What people reach has no KL, which would be no ceiling.
  foot = text_of(page[page.index('<tfoot>'):page.index('</tfoot>')])
  assert foot.split() == ['other', 'people', '3.00', '2.90', 'to', '3.10', '–']


def test_every_figure_is_there_for_a_paper(run, page):
  names = (
      'scores_osie', 'table4_arrays', 'kinds_arrays', 'search_arrays',
      'figure7_osie_net', 'pairs_output_osie_net',
      'pairs_difference_osie_net', 'examples')
  for name in names:
    for kind in ('svg', 'pdf'):
      assert (run / 'report' / 'figures' / f'{name}.{kind}').stat().st_size
      assert f'figures/{name}.{kind}"' in page
  assert (run / 'report/tables/table4_arrays.csv').read_text() == (
      'kind,gbvs,net,centre\nall,3,0.75,0\ncolour,4,1,0.1\nshape,2,0.5,-0.1\n'
      '"all, in the paper",2.57,,\n')


def test_without_arrays_regions_or_examples_their_sections_are_left_out(
    tmp_path):
  own = made_scores.folder(tmp_path / 'own', examples=0)
  for name in ('search.csv', 'figure7.csv', 'output.csv', 'statistics.json'):
    (own / name).unlink()
  text = text_of(site.write(own).read_text())
  assert 'Where people look: osie' in text
  for absent in ('odd one out', 'categories differ', 'Examples'):
    assert absent not in text


def test_arrays_without_masks_of_distractors_have_nmm_alone(own):
  file = own / 'search.csv'
  file.write_text(re.sub(
      r'(,all|,colour|,shape),(gsi|first|found|fixations),.*', r'\1,\2,,,,0',
      file.read_text()))
  for name in ('scores.csv', 'figure7.csv', 'output.csv', 'statistics.json'):
    (own / name).unlink()
  page = site.write(own).read_text()
  assert 'gbvs 3.00 [2.90, 3.10], against net 0.75' in text_of(page)
  assert 'None of the arrays has a mask of its distractors' in text_of(page)
  assert 'Search measures' not in page


def test_names_are_escaped_and_make_no_paths(own):
  for name in ('scores.csv', 'search.csv', 'summary.json'):
    file = own / name
    file.write_text(file.read_text().replace('arrays', 'a/<u>'))
  for name in ('figure7.csv', 'output.csv'):
    (own / name).unlink()
  page = site.write(own, single_file=True).read_text()
  assert 'The odd one out: a/&lt;u&gt;' in page
  assert '<u>' not in page


@pytest.mark.parametrize('narrow', [False, True])
def test_dots_stand_at_the_means(run, narrow):
  found = evaluated.read(run)
  drawn = score_figures.dots(
      found.scores['osie'], ['nss', 'kl'],
      {model: found.kind(model) for model in found.models}, style.LIGHT,
      narrow=narrow)
  nss, kl = (axis for axis in drawn.axes if axis.get_visible())
  dots = [line for line in nss.lines if line.get_marker() == 'o']
  assert [float(line.get_xdata()[0]) for line in dots] == [2., 1.2, .8]
  lines = [line for line in nss.lines if line.get_marker() == 'None']
  assert list(lines[0].get_xdata()) == [1.9, 2.1]
  assert list(lines[-1].get_xdata()) == [3., 3.]  # the ceiling
  assert nss.get_title(loc='left') == 'NSS (SD)\u00a0\u2191'
  assert kl.get_title(loc='left').endswith('\u2193')


@pytest.mark.parametrize('narrow', [False, True])
def test_names_of_categories_do_not_cover_each_other(run, narrow):
  found = evaluated.read(run)
  drawn = category_figures.scatter(
      found.categories['osie']['net'], found.statistics['osie', 'net'],
      style.LIGHT, narrow=narrow)
  renderer = drawn.canvas.get_renderer()
  for axis in drawn.axes:
    boxes = [text.get_window_extent(renderer) for text in axis.texts]
    assert len(boxes) == 4
    for i, box in enumerate(boxes):
      assert not any(box.overlaps(other) for other in boxes[:i])
  assert drawn.axes[0].get_title(loc='left') == (
      "Spearman's \u03c1 = 0.80 [\u22120.20, 1.00], 0.60 on different halves, "
      'p = 0.20')
  # Eq. 3 is absolute: the right panel begins at 0 and no point lies below.
  assert drawn.axes[1].get_ylim()[0] == 0
  others, heads = [
      line for line in drawn.axes[1].lines if line.get_marker() == 'o']
  assert (len(others.get_ydata()), len(heads.get_ydata())) == (3, 1)
  assert (others.get_ydata() > 0).all()


def test_pairs_that_differ_have_a_star():
  for p, starred in ((.04, True), (.06, False)):
    drawn = category_figures.pairs(made_scores.comparison(p), style.LIGHT)
    texts = [text.get_text() for text in drawn.axes[0].texts]
    assert len(texts) == 6
    assert all(text.endswith('*') == starred for text in texts)
    # Rows less columns: 'text' less 'person head'.
    assert texts[0].rstrip('*') == '\u22121.0'


def test_every_example_is_drawn_with_every_model(run):
  found = evaluated.read(run)
  drawn = example_grid.grid(found.examples, found.models, style.LIGHT)
  titles = [axis.get_title(loc='left') for axis in drawn.axes]
  assert titles[:-1] == [
      'image 0', 'people', 'net\nNSS 1.5', 'gbvs\nNSS \u22120.5',
      'centre\nNSS 0.0', 'image 1', 'target', 'net\nNMM 1.5',
      'gbvs\nNMM \u22120.5', 'centre\nNMM 0.0']


@pytest.mark.parametrize(('p', 'text'), [
    (.5, 'p = 0.50'), (.0234, 'p = 0.023'), (.001, 'p = 0.001'),
    (2.6e-9, 'p = 3 × 10⁻⁹'), (4e-22, 'p = 4 × 10⁻²²'), (0., 'p < 10⁻³⁰⁰')])
def test_how_probabilities_are_written(p, text):
  assert category_figures.probability(p) == text
