"""The text on the terminal, letter by letter on small made numbers."""

import json
import textwrap

import numpy as np

from saliency_jax.report import folder, tables
from tests.report import made


def test_table5(tmp_path):
  levels = {'conv5_3': 0.5, 'conv5_1': 1., 'conv4_1': 1.5, 'conv3_1': 2.5}
  results = folder.read(made.popout(tmp_path, {
      layer: np.array([[x + 1, x, -9.], [x - 1, x, -9.]])
      for layer, x in levels.items()}))
  assert tables.text(results) == textwrap.dedent('''\
      Table 5: mean NMM of the 2 best units (the paper: 10) of each layer

      layer      run   held out   chance from     to   paper   run - paper
      conv5_3   0.50       0.25          0.50   1.00    0.38          0.12
      conv5_1   1.00       0.75          0.50   1.00    1.47         -0.47
      conv4_1   1.50       1.25          0.50   1.00    2.12         -0.62
      conv3_1   2.50       2.25          0.50   1.00       -             -

      - The values correlate with Table 5 of the paper at r = 0.990 (Pearson, 3 shared layers) and are
        0.32 lower on average.
      - conv3_1 responds most (mean NMM 2.50), conv5_3 least (0.50, in the paper 0.38), which is lowest
        in the paper too.
      - 2 of 4 means lie above their chance band, 0 below; no more than luck are target in conv5_3,
        target in conv5_1. Units chosen on other images have 0.25 less on average, most for target in
        conv5_3 (0.25 of 0.50).
      - On 2 of 2 arrays the best units of conv3_1 respond more on the target than over the whole array.
      - Of 2 kinds of target, colour is seen best (mean NMM over layers 1.88), shape least (0.88).''')  # noqa: E501


def test_table2_with_a_category_without_regions(tmp_path):
  results = folder.read(made.dissect(
      tmp_path, {
          'conv5_3': np.array([[2., 1., 0.], [3., 1., 0.], [1., 1., 1.]]),
          'conv3_1': np.array([[0., 1., 2.], [0., 1., 2.], [4., 0., 0.]])},
      labels=['person head', 'person head', 'text'],
      categories=('person head', 'text', 'drink')))
  assert tables.text(results) == textwrap.dedent('''\
      Table 2: mean NSS of the 2 best units (the paper: 10) for each category

                          person
                            head text drink
      regions                  2    1     0
      conv5_3 run           1.75 1.00     -
              held out      1.50 0.75     -
              chance from   0.50 0.50     -
              to            1.00 1.00     -
              paper         1.21 1.10  1.48
      conv3_1 run           1.50 2.00     -
              held out      1.25 1.75     -
              chance from   0.50 0.50     -
              to            1.00 1.00     -

      Table 2: number of units whose mean NSS exceeds 1.5

                    person
                      head text drink
      regions            2    1     0
      conv5_3 run        1    0     -
              paper      2    2     4
      conv3_1 run        1    1     -

      - The values are 0.22 higher on average than those of Table 2 of the paper; too few cells are
        shared (2) for a correlation.
      - conv3_1 responds most (mean NSS over categories 1.75), conv5_3 least (1.38, in the paper 1.16).
      - 3 of 4 means lie above their chance band, 0 below; no more than luck are text in conv5_3. Units
        chosen on other images have 0.25 less on average, most for person head in conv5_3 (1.50 of
        1.75).
      - The strongest units are those for text: mean NSS 2.00 in conv3_1 (held out 1.75, chance 0.50 to
        1.00), led by unit conv3_1:0.
      - Most units exceed T = 1.5 for person head in conv5_3: 1 of 3.
      - No region with a fixation is labelled drink.''')  # noqa: E501


def test_a_trained_model_stands_beside_its_row_of_table_3(tmp_path):
  results = folder.read(made.dissect(
      tmp_path, {'conv5_3': np.array([[3., 1.]]), 'conv5_2': np.ones((1, 2))},
      labels=['text'], depth=4))
  text = tables.text(results)
  assert 'Table 3, depth 4: mean NSS' in text
  # The paper's Table 3 at depth 4: text 1.25 and a count.
  assert '\n        paper       1.25\n' in text
  assert text.count('        paper') == 2
  assert 'are 0.75 higher on average than those of Table 3 at depth 4' in (
      ' '.join(text.split()))


def test_a_depth_that_the_paper_lacks(tmp_path):
  results = folder.read(made.popout(
      tmp_path, {'conv5_3': np.ones((2, 2))}, depth=9))
  text = tables.text(results)
  assert text.startswith('vgg16, depth 9: mean NMM')
  assert 'The paper shows no model with 9 trained convolutions' in text


def test_a_trained_network_is_named_by_the_summary(tmp_path):
  """Its config has `network.checkpoint`, and `network.name` by default."""
  run = made.popout(tmp_path, {'layer4': np.ones((2, 2))}, depth=1)
  summary = json.loads((run / 'summary.json').read_text())
  summary['network'] = {'name': 'resnet18'}
  (run / 'summary.json').write_text(json.dumps(summary))
  text = tables.text(folder.read(run))
  assert text.startswith('resnet18, depth 1: mean NMM')
  assert 'The paper shows no resnet18;' in text


def test_all_regions_without_a_fixation(tmp_path):
  results = folder.read(made.dissect(
      tmp_path, made.scores(rows=2), labels=['text', 'food'],
      fixations=[0, 0]))
  assert tables.text(results).endswith(
      '- Nothing was measured: no set of pixels has a score.')


def test_fits_100_columns_with_the_twelve_categories(tmp_path):
  labels = (
      'person head', 'person part', 'animal head', 'animal part', 'object',
      'text', 'symbol', 'vehicle', 'food', 'plant', 'drink', 'other')
  results = folder.read(made.dissect(
      tmp_path, made.scores(rows=12), labels=labels))
  assert max(map(len, tables.text(results).splitlines())) <= 100
