"""The numbers of the paper's tables, beside which a run's tables stand."""

import functools
import json
import pathlib
import re
from collections.abc import Iterable

NETWORK = 'vgg16'  # which all tables are of
LAYER = 'conv5_3'  # which those by depth are of
ALL = 13  # the depth at which every convolution is trained
_FILE = pathlib.Path(__file__).parent / 'paper.json'


@functools.cache
def _facts() -> dict:
  return json.loads(_FILE.read_text(encoding='utf-8'))


def citation() -> str:
  """Returns the authors, the title, the venue and the year."""
  return _facts()['source']


def top_units() -> int:
  """Returns how many of the best units the paper averages."""
  return _facts()['facts']['top_k']


def threshold() -> float:
  """Returns T: Table 2 counts the units whose mean NSS exceeds it."""
  return _facts()['facts']['threshold_T']


def published(run) -> tuple[str, dict, dict]:
  """Returns what the paper has beside a run, if it is of the paper's data.

  Tables 2 and 5 are of the trunk as ImageNet's classes left it. Of trained
  models the paper shows its last layer, by the number of convolutions trained:
  Tables 3 and 6. All are of one network, OSIE's photographs and arrays such as
  this package draws.

  Args:
    run: `units.run.Run`, whose table need not be complete yet.

  Returns:
    The table's name, '' for none; its means and its counts of units above T,
    (layer, column) -> value. The counts are left out if the run took another T.
  """
  depth, means, counts, name = run.depth, {}, {}, ''
  if (run.network != NETWORK or not has_any(run.layers)
      or run.summary['weights']['name'] == 'random'):
    return '', {}, {}
  if run.kind.job == 'dissect':
    if not is_osie(run.rows['image_id']):
      return '', {}, {}
    if depth is None:
      name, means, counts = 'Table 2', table2(), table2_counts()
    elif depth in table3():
      name = f'Table 3 at depth {depth}'
      means, counts = (
          {LAYER: of()[depth]} for of in (table3, table3_counts))
    if run.config['analysis']['threshold'] != threshold():
      counts = {}
  elif (run.rows['background'] != '').all():
    if depth is None:
      name = 'Table 5'
      means = {x: {'target': value} for x, value in table5().items()}
    elif depth in table6():
      name = f'Table 6 at depth {depth}'
      means = {LAYER: {'target': table6()[depth]}}
  return name, _flat(means), _flat(counts)


def is_osie(image_ids: Iterable[str]) -> bool:
  """Tells whether images have the names of OSIE's photographs."""
  return all(re.fullmatch('1[0-7][0-9]{2}', x) for x in image_ids)


def _flat(table: dict) -> dict:
  return {(layer, column): value for layer, row in table.items()
          for column, value in row.items()}


def table2() -> dict[str, dict[str, float]]:
  """Returns the mean NSS of the best units: layer -> category -> value."""
  return _by_category('table2_mean_nss_top10')


def has_any(layers: Iterable[str]) -> bool:
  """Tells whether the paper's tables have one of some layers."""
  return bool({*layers} & {*table2()})


def table2_counts() -> dict[str, dict[str, float]]:
  """Returns how many units' mean NSS exceeds T: layer -> category -> count."""
  return _by_category('table2_units_above_1.5')


def table5() -> dict[str, float]:
  """Returns the mean NMM of the best units: layer -> value."""
  return dict(_facts()['table5_nmm_top10_pretrained'])


def table3() -> dict[int, dict[str, float]]:
  """Returns the mean NSS of conv5_3's best units: depth -> category -> value.

  The depth is the number of convolutions trained, `ALL` for all of them.
  """
  return {
      _depth(name): values for name, values in
      _by_category('table3_conv5_3_mean_nss_top10_by_depth').items()}


def table3_counts() -> dict[int, dict[str, float]]:
  """Returns how many units of conv5_3 exceed T: depth -> category -> count.

  Of ten categories; object and other are not legible in the copy that was
  read, and some digits are put together, see `paper.json`.
  """
  counts = _facts()['table3_conv5_3_units_above_1.5_by_depth']
  return {
      _depth(name): {
          category: counts[category][i] for category in _facts()['categories']
          if category in counts}
      for i, name in enumerate(counts['order'])}


def table6() -> dict[int, float]:
  """Returns the mean NMM of conv5_3's best units: depth -> value."""
  return {
      _depth(name): value for name, value in
      _facts()['table6_nmm_top10_conv5_3_by_depth'].items()}


def table4() -> dict[str, float]:
  """Returns the NMM of models' output on search arrays: model -> value."""
  return dict(_facts()['table4_nmm_popout'])


def figure7() -> tuple[float, float]:
  """Returns Spearman's coefficient of inner and output saliency, and the p of
  the analysis of variance over categories."""
  facts = _facts()['facts']
  return (
      facts['fig7_spearman_inner_vs_output_saliency'], facts['fig7_anova_p'])


def table7() -> dict[str, dict[str, float]]:
  """Returns the mean NSS of conv5_3's best units: trunk -> category -> value.

  The trunks are pt, sp and sr, see `configs/tasks.py`.
  """
  return _by_category('table7_mean_nss_top10_by_task')


def table8() -> tuple[float, ...]:
  """Returns the NSS of sr's mean map where its scene is right, and wrong."""
  return tuple(_facts()[
      'table8_nss_mean_conv5_3_map_vs_fixations'].values())


def heads() -> tuple[str, ...]:
  """Returns the categories that Figure 7 marks as differing most."""
  return ('person head', 'animal head')


def _depth(name: str) -> int:
  return ALL if name == 'all' else int(name)


def _by_category(table: str) -> dict[str, dict[str, float]]:
  return {
      layer: dict(zip(_facts()['categories'], values, strict=True))
      for layer, values in _facts()[table].items()}
