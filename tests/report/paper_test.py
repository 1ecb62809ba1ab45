"""The paper's numbers, spot-checked against its pages."""

from saliency_jax.report import paper


def test_table2_is_by_layer_and_category():
  table = paper.table2()
  assert list(table) == [
      'conv5_3', 'conv5_2', 'conv5_1', 'conv4_3', 'conv4_2', 'conv4_1']
  assert all(len(row) == 12 for row in table.values())
  assert table['conv4_3']['person head'] == 3.46
  assert table['conv4_1']['other'] == 0.72
  assert paper.table2_counts()['conv5_2']['animal head'] == 50


def test_table5_and_the_paper_s_choices():
  assert paper.table5() == {
      'conv5_3': 0.38, 'conv5_2': 0.94, 'conv5_1': 1.47, 'conv4_3': 1.96,
      'conv4_2': 1.94, 'conv4_1': 2.12}
  assert (paper.top_units(), paper.threshold()) == (10, 1.5)
  assert 'CVPR 2019' in paper.citation()


def test_tables_3_and_6_are_by_depth():
  table = paper.table3()
  assert list(table) == [0, 1, 2, 3, 4, 5, 6, 13]
  assert all(len(row) == 12 for row in table.values())
  assert table[0] == paper.table2()['conv5_3']
  assert table[3]['person head'] == 3.28
  assert table[paper.ALL]['other'] == 1.07
  counts = paper.table3_counts()
  # The other categories are not legible in the copy that was read.
  assert counts[5] == {
      'person head': 71, 'animal head': 77, 'animal part': 37, 'vehicle': 46,
      'drink': 28}
  assert paper.table6()[2] == 0.98
  assert paper.table6()[0] == paper.table5()['conv5_3']
