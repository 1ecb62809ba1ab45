"""Makes a small folder of a sweep as launch/sweep.py writes it, without JAX."""

import csv
import json
import pathlib

import numpy as np
from PIL import Image

from tests.report import made
from tests.report.made import BESIDE, beside

DEPTHS = {'depth_0': 0, 'depth_3': 3, 'depth_all': 13}
CATEGORIES = ('person head', 'text', 'drink')
# Mean NSS of the best units: members by categories.
MEANS = {'depth_0': (1.0, 0.75, 1.25), 'depth_3': (3.5, 1.25, 1.0), 'depth_all': (2.0, 2.0, 1.5)}
ABOVE = {'depth_0': (4, 0, 2), 'depth_3': (90, 3, 1), 'depth_all': (30, 9, 2)}
PAPER = {'depth_0': (1.21, 1.1, 1.48), 'depth_3': (3.28, 1.34, 1.68), 'depth_all': (2.85, 1.2, 1.33)}
PAPER_ABOVE = {'depth_0': (2, 2, 4), 'depth_3': (43, 0, 16), 'depth_all': (27, 0, 0)}
NMM = {'depth_0': 0.25, 'depth_3': 1.0, 'depth_all': 0.2}
PAPER_NMM = {'depth_0': 0.38, 'depth_3': 0.92, 'depth_all': 0.73}
# After the two epochs, which have two steps each.
VALIDATION = {'depth_0': (1.5, 1.625), 'depth_3': (2.75, 2.5), 'depth_all': (2.0, 2.25)}
SIZE = (45, 60)


def sweep(
  folder: pathlib.Path, members=tuple(DEPTHS), *, means=MEANS, measured=('regions', 'popout'), unseen=True, views=True
) -> pathlib.Path:
  """Writes a finished sweep of these members."""
  folder.mkdir(parents=True, exist_ok=True)
  if 'regions' in measured:
    _table3(folder / 'table3.csv', members, means, regions=(20, 10, 5))
    made.samples(folder, [means[name] for name in members])
    (folder / 'depth_tests.json').write_text(
      json.dumps(
        {
          'members': {},
          'blocked': None,
          'differs': {'person head': {**{name: DEPTHS[name] > 0 for name in members}, 'blocked': True}},
        }
      )
    )
    if unseen:
      _table3(folder / 'table3_unseen.csv', members, means, regions=(4, 2, 0))
    _table(
      folder / 'regions' / members[0] / 'regions.csv', 'image_id region_id category fixations', [('1001', 1, 'text', 9)]
    )
  if 'popout' in measured:
    _table(
      folder / 'popout' / members[0] / 'patterns.csv', 'image_id kind background set_size', [('a', 'colour', 'grey', 9)]
    )
    _table(
      folder / 'table6.csv',
      f'member depth mean_nmm_top10 {BESIDE}',
      [(name, DEPTHS[name], f'{NMM[name]:.6f}', *beside(NMM[name])) for name in members],
    )
  if views and len(members) > 1 and measured:
    _views(folder, members, measured)
  return _finish(folder, 'sweep', members, measured=list(measured))


def table5(folder: pathlib.Path, layers: tuple[str, ...]) -> None:
  """Writes a member's own table of targets."""
  _table(
    folder / 'table5.csv',
    f'layer mean_nmm_top10 {BESIDE} top_units',
    [(layer, 1, *beside(1.0), '0') for layer in layers],
  )


def run(folder: pathlib.Path, name: str = 'depth_3') -> pathlib.Path:
  """Writes a finished run of launch/train.py."""
  folder.mkdir(parents=True, exist_ok=True)
  return _finish(folder, 'train', (name,))


def _table3(path, members, means, regions) -> None:
  _table(
    path,
    f'member depth category regions mean_nss_top10 {BESIDE} units_above_threshold above_chance_low above_chance_high',
    [
      (
        name,
        DEPTHS[name],
        category,
        n,
        *((f'{means[name][i]:.6f}', *beside(means[name][i]), ABOVE[name][i], 0, 1) if n else [''] * 10),
      )
      for name in members
      for i, (category, n) in enumerate(zip(CATEGORIES, regions, strict=True))
    ],
  )


def _views(folder, members, measured) -> None:
  """Keeps a unit on one photograph and one on an array, 3 x 4 cells."""
  maps, listed = {}, []
  for number, kind in enumerate(measured):
    place = f'before_after/{kind}'
    picture = np.full((*SIZE, 3), 200, np.uint8)
    mask = np.zeros(SIZE, np.uint16)
    mask[10:20, 30:45] = 2
    for name, array in (('pictures/00000.jpg', picture), ('masks/00000.png', mask)):
      (folder / place / name).parent.mkdir(parents=True, exist_ok=True)
      Image.fromarray(array).save(folder / place / name)
    maps[f'maps_{number}'] = np.zeros((len(members), 3, 4), np.float16)
    maps[f'maps_{number}'][:, 1, 2] = np.arange(len(members)) * 2.0
    listed.append(
      {
        'image_id': f'img{number}',
        'place': 1,
        'label': ('text', 'colour')[number],
        'layer': 'conv5_3',
        'unit': 287 + number,
        'best': members[-1],
        'scores': {name: 0.5 + k for k, name in enumerate(members)},
        'kind': kind,
        'picture': f'{place}/pictures/00000.jpg',
        'mask': f'{place}/masks/00000.png',
        'height': SIZE[0],
        'width': SIZE[1],
      }
    )
  if 'popout' in measured:
    maps[f'placement_{measured.index("popout")}'] = np.array([-0.5, 4.0])
  np.savez(folder / 'before_after' / 'maps.npz', **maps)
  (folder / 'before_after' / 'views.json').write_text(
    json.dumps({'base': members[0], 'members': list(members), 'views': listed})
  )


def _finish(folder, job, members, **facts) -> pathlib.Path:
  lines = []
  for epoch in range(2):
    for step in (2 * epoch + 1, 2 * epoch + 2):
      nss = {name: step / 2 + k for k, name in enumerate(members)}
      lines.append(
        {'step': step, 'kind': 'train', 'images': 4, 'nss': nss, 'loss': {name: -value for name, value in nss.items()}}
      )
    lines.append(
      {
        'step': 2 * epoch + 2,
        'kind': 'validate',
        'epoch': epoch + 1,
        'nss': {name: VALIDATION[name][epoch] for name in members},
      }
    )
  (folder / 'metrics.jsonl').write_text(''.join(json.dumps(line) + '\n' for line in lines))
  for name, value in (
    (
      'config.json',
      {
        'network': {'name': 'vgg16', 'dtype': 'float32'},
        'data': {'seed': 0},
        **{kind: {'analysis': {'top_units': 10, 'threshold': 1.5}} for kind in ('regions', 'popout')},
      },
    ),
    (
      'summary.json',
      {
        'job': job,
        'layout': 3,
        'network': {'name': 'vgg16', 'readout_tap': 'conv5_3'},
        'weights': {'name': 'imagenet', 'sha256': 'ab' * 32},
        'counts': {'train': 8, 'validation': 5, 'steps': 4, 'skipped': 0},
        'members': {
          name: {
            'depth': DEPTHS[name],
            'nss': max(VALIDATION[name]),
            'step': 2 + 2 * int(np.argmax(VALIDATION[name])),
            'trunk_rate': 1e-4,
            'readout_rate': 3e-3,
            'seed': 0,
          }
          for name in members
        },
        'measured_on': {'regions': {'train': 8, 'validation': 5, 'unseen': 3}},
        'skipped': {},
        'seconds': {'training': 2.5},
        'device': '1 x cpu',
        'versions': {'saliency_jax': '0.1.0'},
        **facts,
      },
    ),
  ):
    (folder / name).write_text(json.dumps(value))
  return folder


def _table(path: pathlib.Path, header: str, rows) -> None:
  path.parent.mkdir(parents=True, exist_ok=True)
  with open(path, 'w', newline='', encoding='utf-8') as file:
    csv.writer(file, lineterminator='\n').writerows([header.split(), *rows])
