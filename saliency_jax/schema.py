"""Every result file and every column, stated once.

Writers and readers take names, types and formats from here, and so does
`docs/results.md`: `python -m saliency_jax.schema > docs/results.md`. In paths
`<...>` stands for a name: of a tap, a member, an image's rank k among those
that are shown.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from saliency_jax.csv_cells import Column as Column
from saliency_jax.csv_cells import File as File
from saliency_jax.csv_cells import read as read
from saliency_jax.csv_cells import row as row
from saliency_jax.csv_cells import write as write

# Raised when a file of a folder changes its meaning; readers refuse others.
LAYOUT = 3
SUMMARY, CONFIG, LEDGER = 'summary.json', 'config.json', 'partial'


class Job(NamedTuple):
  """What a job leaves in its folder, beside config and summary."""
  files: tuple[File, ...]
  # Jobs whose results it replaces; any other job's are left alone.
  replaces: tuple[str, ...]


_SD, _PIXELS = 'standard deviations', 'pixels'
_IMAGE = Column('image_id', 'str', "the image file's stem")
_TAP = Column('layer', 'str', 'the tap of the network')
_CATEGORY = Column('category', 'str', "of regions, the annotation's own")
_MEMBER = Column('member', 'str', 'of the sweep')
_DEPTH = Column('depth', 'int', 'stages that were trained', 'stages')
_MODEL = Column('model', 'str', 'the name of what makes the maps')
_DATASET = Column('dataset', 'str', 'the name of the data set')
_KIND = Column('kind', 'str', 'the feature by which the target differs')
_METRIC = Column('metric', 'str', 'the name of the score')
_FIXATIONS = Column('fixations', 'int', 'that count in the region')
_REGION = Column('region_id', 'int', "the annotation's own number")
_REGIONS = Column('regions', 'int', 'of the category, with a fixation')
_BEST_NSS, _BEST_NMM = (
    Column(f'mean_{score}_top10', 'float', 'mean over the best units '
           f'(`analysis.top_units`) of their mean {score.upper()}', _SD)
    for score in ('nss', 'nmm'))
_HELD_OUT = Column('held_out', 'float', 'of units chosen on other images', _SD)
_ABOVE = (
    Column('units_above_threshold', 'int', 'units whose mean NSS exceeds '
           '`analysis.threshold`'),
    *(Column(f'above_chance_{end}', 'float', '95 % band of that by chance')
      for end in ('low', 'high')))
_DIFFERENCE = Column(
    'difference', 'float', 'absolute difference of output and human saliency '
    '(Eq. 3)', _SD)
_BIAS = Column('bias', 'float', 'output less human saliency', _SD)
_UNITS = Column('top_units', 'ints', 'the best units, best first, from 0')
_SUMMARISED = (
    Column('mean', 'float', 'over images'),
    Column('low', 'float', 'lower end of the 95 % interval of the mean'),
    Column('high', 'float', 'upper end'),
    Column('images', 'int', 'that the mean is over'))
_SIZE = (
    Column('picture', 'str', 'path of a JPEG of at most 640 pixels a side'),
    *(Column(name, 'int', 'of the original image', _PIXELS)
      for name in ('height', 'width')))
_MAP = ('in cells; upsampled bilinearly, it is in standard deviations from its '
        'mean over the image')


def _interval(name: str, unit: str = _SD) -> tuple[Column, Column]:
  return (
      Column(f'{name}_low', 'float', 'lower end of its 95 % interval', unit),
      Column(f'{name}_high', 'float', 'upper end', unit))


# What tells luck from response, beside every mean of the best units.
_BESIDE = (*_interval('mean'), _HELD_OUT, *(
    Column(f'chance_{x}', 'float', '95 % band and mean with permuted labels, '
           "or other items in the target's place; empty: none can be", _SD)
    for x in ('low', 'mean', 'high')))
REGIONS = File('regions.csv', 'Every labelled region, in the order of images.',
               (_IMAGE, _REGION, _CATEGORY, _FIXATIONS))
ASSOCIATION = File(
    'association/<tap>.npy', 'Rows are those of regions.csv.', (Column(
        '', 'float32 [regions, units]', 'NSS of every unit inside every region '
        '(Eq. 1); NaN where no fixation counts', _SD),))
TABLE2 = File('table2.csv', 'Table 2: the best units of every tap by category.',
              (_TAP, _CATEGORY, _REGIONS, _BEST_NSS, *_BESIDE, *_ABOVE,
               _UNITS))
UNITS = File('units.csv', 'Every unit on every category with a region.', (
    _TAP, Column('unit', 'int', 'counted from 0'), _CATEGORY, Column(
        'mean_nss', 'float', 'over regions', _SD),
    *(Column(f'{end}{of}', 'float', f'{which} end of the 95 % interval of the '
             f'mean, {how}', _SD) for of, how in (
                 ('', 'of regions as independent'),
                 ('_clustered', 'allowing for those of one photograph'))
      for end, which in (('low', 'lower'), ('high', 'upper'))), _HELD_OUT,
    Column('chance', 'float', 'over all regions', _SD),
    *(Column(f'chance_{end}', 'float', '95 % band with permuted labels', _SD)
      for end in ('low', 'high')), _REGIONS))
PATTERNS = File(
    'patterns.csv', 'Every search array.', (
        _IMAGE, _KIND, Column('background', 'str', 'of drawn arrays'),
        Column('set_size', 'int', 'items, the target included')))
NMM = File(
    'nmm/<tap>.npy', 'Rows are those of patterns.csv.', (Column(
        '', 'float32 [arrays, units]',
        "mean of every unit's standardised map in the target's mask (Eq. 4)",
        _SD),))
TABLE5 = File('table5.csv', 'Table 5: the best units of every tap on targets.',
              (_TAP, _BEST_NMM, *_BESIDE, _UNITS))
IMAGES = File('images.csv', 'The images that the page shows, by rank k.',
              (_IMAGE, *_SIZE))
PICTURE = File('pictures/<k>.jpg', 'The image that the page shows.')
MASK = File(
    'masks/<k>.png', "16 bits, the image's size: 1 + the place of a set of "
    'pixels in its image, the last where several overlap; 0 elsewhere.')
POINTS = File(
    'fixations.npz', 'Fixations of the images in images.csv.', (
        Column('points', 'int32 [fixations, 2]',
               '(y, x), image by image', _PIXELS),
        Column('offsets', 'int64 [images + 1]', 'where each image begins')))
MAPS = File(
    'maps/<tap>.npz', 'Maps of some units on some images.', (
        Column('units', 'int32 [maps]', 'counted from 0'),
        Column('images', 'int32 [maps]', 'k of the image'),
        Column('maps', 'float16 [maps, h, w]', _MAP, _SD)))
SALIENCY = File(
    'saliency.npz', "A trained network's output on every image shown.", (
        Column('maps', 'float16 [images, h, w]', _MAP, _SD),))
ALL_MAPS = File(
    'maps/all.h5', 'All units (`report.all_units`).', (Column(
        '<tap>', 'float16 [images, units, h, w]', _MAP, _SD),))
_PAGE = (File('report/', 'The page.'), File('report.html', 'In one file.'))
_SHOWN = (IMAGES, PICTURE, MASK, POINTS, MAPS, SALIENCY, ALL_MAPS)

_FEATURES = File(
    'features/', 'What frozen stages compute, while a run lasts.')
TRAINED = File('training.json', 'What `summary.json` says of the training.')
_TRAINED = (
    TRAINED,
    File('checkpoints/', 'Parameters and the state of the optimizer.'),
    File('pretrained.safetensors', 'Where training started.'),
    File('images.json', 'What it is trained on: names, sizes and hashes.'),
    _FEATURES,
    File('metrics.jsonl', 'A line for every step and every validation.'),
    File('tensorboard/', 'The same for TensorBoard.'))
TABLE3 = File(
    'table3.csv', "Table 3: the readout tap's best units by depth.",
    (_MEMBER, _DEPTH, _CATEGORY, _REGIONS, _BEST_NSS, *_BESIDE, *_ABOVE))
TABLE3_UNSEEN = TABLE3._replace(
    path='table3_unseen.csv',
    meaning='The same on unseen images; without any, on those that validated.')
TABLE6 = File('table6.csv', "Table 6: the readout tap's best units on targets.",
              (_MEMBER, _DEPTH, _BEST_NMM, *_BESIDE))
DEPTH_TESTS = File('depth_tests.json', 'Do categories differ, and gain?')
VIEWS = File(
    'before_after/views.json', 'Figures 5 and 6: units on images, before and '
    'after training, with their scores, pictures and masks.')
VIEW_MAPS = File(
    'before_after/maps.npz', 'Their maps.', (Column(
        'maps_<n>', 'float16 [members, h, w]', _MAP, _SD),))
_TRUNK = Column('trunk', 'str', 'pt is the pretrained one, sp has learnt '
                'saliency, sr scenes; of controls see configs/tasks.py')
_SEED = Column('seed', 'int', 'of the heads and of dropout')
TABLE7 = File(
    'table7.csv', "Table 7: the readout tap's best units by trunk.",
    (_TRUNK, _SEED, *TABLE2.columns[1:]))
TASK_DIFFERENCES = File(
    'task_differences.csv', 'How much more one trunk responds than another.', (
        _TRUNK, _TRUNK._replace(name='other'), _CATEGORY,
        Column('change', 'float', 'mean NSS of the best units less that in the '
               'other trunk, mean over seeds', _SD), *_interval('change'),
        Column('seeds', 'int', 'or pairs of seeds'),
        Column('seeds_higher', 'int', 'in which the change is above 0')))
TASK_DISTANCES = File(
    'task_distances.csv', 'How far trunks lie from each other; of a trunk and '
    'itself other seeds, of pt samples of photographs.', (
        *TASK_DIFFERENCES.columns[:2], Column('pairs', 'int', 'of seeds'),
        Column('distance', 'float', 'mean absolute difference over categories '
               'of the mean NSS of the best units', _SD),
        *_interval('distance'),
        Column('category_r', 'float', "Pearson's, of these means"),
        Column('unit_r', 'float', "Pearson's, of the mean NSS of every unit "
               'for every category')))
_PART = Column('part', 'str', 'test: neither learnt from nor chosen with, '
               'validation: chose the epoch, or all')
SCENE_ACCURACY = File(
    'scene_accuracy.csv', 'How well scenes are told on images not learnt from; '
    'linear is a readout of the frozen trunk.', (
        Column('head', 'str', 'sr, linear or chance'), _SEED, _PART,
        Column('images', 'int', 'of the part'),
        Column('accuracy', 'float', 'share of the images'),
        *_interval('accuracy', ''),
        Column('balanced', 'float', 'mean over scenes of the share of each'),
        *_interval('balanced', '')))
TABLE8 = File(
    'table8.csv', "Table 8: NSS of the mean of the readout tap's maps at all "
    'fixations of an image.', (
        _TRUNK._replace(meaning='as above, or the centre prior, or observers: '
                        "people's blurred fixations at another one's"),
        _SEED, _PART,
        Column('share', 'float', "of the part that sr's head tells right"),
        Column('group', 'str', 'images told right, or wrong, or the difference '
               'of their means'),
        Column('images', 'int', 'of the group with a fixation'),
        Column('nss', 'float', 'mean over these', _SD), *_interval('nss')))
PEOPLE_MAPS = File(
    'people.npz', 'The human maps of before_after/views.json.', (Column(
        'maps_<n>', 'float16 [h, w]', 'in cells, standardised', _SD),))
TASK_FILES = (TABLE7, TASK_DIFFERENCES, TASK_DISTANCES, SCENE_ACCURACY, TABLE8,
              VIEWS, VIEW_MAPS, PEOPLE_MAPS)
MEASURED = File('measured.json', 'What was measured of which member.')

SCORES = File('scores.csv', 'Mean scores of models on photographs.',
              (_MODEL, _DATASET, _METRIC, *_SUMMARISED))
PER_IMAGE = File(
    'per_image/<dataset>/<model>.csv',
    'Scores of every image; a column for each score follows.', (_IMAGE,))
SEARCH = File('search.csv', "Mean scores of models on search arrays.",
              (_MODEL, _DATASET, _KIND, _METRIC, *_SUMMARISED))
OUTPUT = File(
    'output.csv', 'Output saliency of every region (Eq. 2).', (
        _MODEL, _DATASET, _IMAGE, _REGION, _CATEGORY, _FIXATIONS,
        Column('output_saliency', 'float', "of the model's map", _SD),
        Column('human_saliency', 'float', 'of the blurred fixations', _SD),
        _DIFFERENCE, _BIAS))
FIGURE7 = File(
    'figure7.csv', 'Figure 7: means over the regions of a category.', (
        _MODEL, _DATASET, _CATEGORY, _REGIONS,
        Column('inner', 'float', "NSS of a network's best units", _SD),
        *_interval('inner'), _HELD_OUT._replace(name='inner_held_out'),
        Column('output', 'float', 'output saliency', _SD),
        *_interval('output'), Column('human', 'float', 'human saliency', _SD),
        _DIFFERENCE, *_interval('difference'), _BIAS))
STATISTICS = File('statistics.json', 'Tests of what figure7.csv shows.')
EXAMPLES = File(
    'examples.csv', "Figure 8: images with every model's map.", (
        Column('example', 'int', 'its number in examples.npz'), _DATASET,
        _IMAGE, _KIND, _METRIC, *_SIZE))
EXAMPLE_MAPS = File('examples.npz', 'Their maps, scores and fixations.')
MODEL_MAP = File('maps/<model>/', 'Maps of every image (`eval.save_maps`).')
SCENES = File(
    'scene_probabilities.csv', 'What a scene model tells; a column for each '
    'scene with its probability follows.', (
        _IMAGE, Column('scene', 'str', 'the most probable one')))
PREDICTED = File('predicted.jsonl', 'Which maps were written; the next run '
                 'deletes them.')

_MEASURING = (*_SHOWN, *_PAGE, REGIONS, ASSOCIATION, TABLE2, UNITS, PATTERNS,
              NMM, TABLE5)
_SWEPT = (TABLE3, TABLE3_UNSEEN, TABLE6, DEPTH_TESTS, VIEWS, VIEW_MAPS)
JOBS = {
    'dissect': Job(_MEASURING, ('dissect', 'popout')),
    'popout': Job(_MEASURING, ('dissect', 'popout')),
    'train': Job((*_TRAINED, *_PAGE), ('train',)),
    'sweep': Job(
        (*_TRAINED, *_PAGE, *_SWEPT, MEASURED,
         File('regions/<member>/', 'A folder of dissect.'),
         File('popout/<member>/', 'A folder of popout.')), ('sweep',)),
    'tasks': Job(
        (*TASK_FILES, *_PAGE, MEASURED,
         File('runs/<run>/', 'What train leaves, of every seed.'), _FEATURES,
         File('regions/trunks/', 'A folder of dissect, of every trunk a layer.')
         ), ('tasks',)),
    'evaluate': Job(
        (SCORES, PER_IMAGE, SEARCH, OUTPUT, FIGURE7, STATISTICS, EXAMPLES,
         EXAMPLE_MAPS, PICTURE, MODEL_MAP, *_PAGE), ('evaluate',)),
    'predict': Job((PREDICTED, SCENES, *_PAGE), ('predict',)),
}


def top(files: Iterable[File]) -> set[str]:
  """Returns the names of files and folders that lie in the folder itself."""
  return {file.path.split('/')[0] for file in files}


def page() -> Iterator[str]:
  """Yields the lines of `docs/results.md`."""
  yield from (
      '# Results', '', f'Layout {LAYOUT}. Made by `python -m '
      'saliency_jax.schema > docs/results.md`.', '', f'Every job writes '
      f'`{CONFIG}`, its whole config, first, and `{SUMMARY}`, which declares '
      'the folder whole, last.', '')
  for file in dict.fromkeys(x for job in JOBS.values() for x in job.files):
    jobs = ', '.join(name for name, job in JOBS.items() if file in job.files)
    yield from (f'## `{file.path}`', '', f'{file.meaning} ({jobs})', '')
    if file.columns:
      yield from ('| name | type | unit | meaning |', '|---|---|---|---|')
      for name, type_, meaning, unit in file.columns:
        yield f'| {name and f"`{name}`"} | {type_} | {unit} | {meaning} |'
      yield ''


if __name__ == '__main__':
  print('\n'.join(page()))
