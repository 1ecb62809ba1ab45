"""The kinds of input that `fuzz` damages: how each is made, and how it is read."""

import pathlib
import shutil
from collections.abc import Callable
from typing import NamedTuple

import jax
import numpy as np
from PIL import Image

from saliency_jax import ledger, results
from saliency_jax.data import fingerprints, images, map_folder, scenes, source
from saliency_jax.data.popout import masked_folder, search_arrays
from saliency_jax.data.regions import open_regions
from saliency_jax.errors import InputError
from saliency_jax.networks.weights import weight_files
from saliency_jax.report import reading, site
from saliency_jax.training import checkpoints
from saliency_jax.training.step import MemberState
from tests.data import made, made_pysaliency, made_salicon
from tests.experiments import made_scores as made_looks
from tests.networks.weights import made as made_weights
from tests.report import made as made_report
from tests.report import made_scores, made_sweep

Place = pathlib.Path


class Target(NamedTuple):
  """A kind of input."""

  make: Callable[[Place], object]  # writes it into a new folder
  read: Callable[[Place], object]
  files: str = '**/*'  # which of its files are damaged
  weight: int = 8  # how often it is drawn


def _every(opened) -> None:
  """Reads all records; raises the first that cannot be read."""
  errors = []
  for index in range(len(opened)):
    for read in (opened.__getitem__, getattr(opened, 'scanpaths', None)):
      try:
        if read:
          read(index)
      except InputError as error:
        errors.append(error)
  if errors:
    raise errors[0]


def _photographs(
  kind: str, write: Callable[[Place, Place], object], files: str = 'f*/*', weight: int = 8, fixations: str = 'f'
) -> Target:
  """Returns a data set of photographs and what `write` writes beside them."""

  def make(folder: Place) -> None:
    write(folder / 'i', folder / fixations)

  return Target(
    make, lambda folder: _every(source.open_source(kind, folder / 'i', fixations=folder / fixations)), files, weight
  )


def _points(photographs: Place, folder: Place) -> None:
  """Writes fixation maps in every format."""
  photographs.mkdir()
  folder.mkdir()
  points = np.zeros((9, 12), np.uint8)
  points[2, 3] = points[7, 9] = 255
  for name, write in {
    'a.png': lambda path: Image.fromarray(points).save(path),
    'b.npy': lambda path: np.save(path, points),
    'c.mat': lambda path: made.scipy.io.savemat(path, {'m': points}),
    'd.gif': lambda path: Image.fromarray(points).save(path),
  }.items():
    write(folder / name)
    Image.new('RGB', (12, 9)).save(photographs / f'{name[0]}.png')


def _labels(folder: Place) -> None:
  objects = np.kron(np.arange(6).reshape(2, 3) % 4, np.ones((5, 4), np.uint8))
  for name, values in (('Object', objects), ('Class', (objects > 0) * 2)):
    (folder / f'Segmentation{name}').mkdir()
    Image.fromarray(values.astype(np.uint8)).save(folder / f'Segmentation{name}' / 'a.png')
    np.save(folder / f'Segmentation{name}' / 'b.npy', values)
  (folder / 'class_names.txt').write_text('_background_\ntext\nplant\n')


def _built(folder: Place) -> None:
  from saliency_jax.data import builders  # imports TFDS

  photographs = source.open_source('osie', made.osie(folder / 'o'), regions=folder / 'o' / 'labelme')
  shutil.move(builders.build(photographs, 'osie', folder / 't'), folder / 'b')
  shutil.rmtree(folder / 'o')
  shutil.rmtree(folder / 't')


_STATE = {name: MemberState(*({'w': np.full((2, 3), value, np.float32)} for value in (1, 2))) for name in 'ab'}


def _checkpoints(folder: Place) -> None:
  with checkpoints.Checkpoints(folder, {'x': 1}, 'ab') as opened:
    for step in (1, 2):
      opened.save(step, _STATE, {'a': float(step), 'b': 0.0}, {'c': 'no'})


def _read_checkpoints(folder: Place) -> None:
  checkpoints.members(folder)
  best = checkpoints.read_best(folder, 'a')
  jax.tree.map(np.testing.assert_array_equal, best.params, _STATE['a'].params)
  like = jax.tree.map(
    lambda x: jax.ShapeDtypeStruct(
      x.shape, x.dtype, sharding=jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
    ),
    _STATE,
  )
  with checkpoints.Checkpoints(folder, {'x': 1}, 'ab') as opened:
    restored = opened.restore(like)
  jax.tree.map(np.testing.assert_array_equal, restored[0], _STATE)


def _maps(folder: Place) -> None:
  values = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
  np.save(folder / 'a.npy', values / 7)
  Image.fromarray(values).save(folder / 'b.png')
  Image.fromarray(values.astype(np.float32)).save(folder / 'c.tif')
  Image.fromarray(values).save(folder / 'd.jpg')
  made.scipy.io.savemat(folder / 'e.mat', {'m': values / 7, 't': 'x'}, do_compression=True)


def _read_maps(folder: Place) -> None:
  opened = map_folder.MapFolder(folder)
  for name in 'abcde':
    opened.read(name)


def _weights(folder: Place) -> None:
  for number, title in enumerate(made_weights.FILES):
    (folder / str(number)).mkdir()
    made_weights.write(title, folder / str(number), made_weights.tensors())
  for path in made_weights.FIXTURES.glob('*.pth'):
    shutil.copy(path, folder)


def _read_weights(folder: Place) -> None:
  read_weights(max((x for x in folder.rglob('*') if x.is_file()), key=lambda x: x.stat().st_mtime_ns))


def read_weights(path: Place) -> None:
  """Reads and ports a file; its name is put before what the port says."""
  arrays = weight_files.read_arrays(path)
  try:
    made_weights.port(arrays)
  except InputError as error:
    raise InputError(f'{path}: {error}') from error


def _ledger(folder: Place) -> None:
  with ledger.Ledger(folder, {'': 1}) as kept:
    for item in 'ab':
      kept.add('', item, ledger.Entry({'x': 1}, {'s': np.ones((2, 3))}))


def _read_ledger(folder: Place) -> None:
  kept = ledger.Ledger(folder, {'': 1}).entries['']
  for entry in kept.values():
    assert entry.facts == {'x': 1}
    assert (entry.arrays['s'] == 1).all()


def read_results(folder: Place) -> None:
  """Reads all of a folder but its pictures, and writes its tables."""
  results.read(folder)
  with reading.fitting(folder):
    job = reading.job(folder, site.JOBS)
    site.JOBS[job].read(folder)
  site.text(folder)


def _dissect(folder: Place) -> None:
  made_report.dissect(
    folder, made_report.scores(('conv5_3',)), labels=['text', 'food'] * 3, image_ids=('a', 'b'), depth=3
  )


REPORTS = {
  'popout': lambda folder: made_report.popout(folder, made_report.scores(('conv5_3',))),
  'dissect': _dissect,
  'evaluate': made_scores.folder,
  'sweep': made_sweep.sweep,
  'train': made_sweep.run,
}
TARGETS = {
  'maps': Target(_maps, _read_maps),
  'weights': Target(_weights, _read_weights),
  'images': Target(
    lambda folder: [
      Image.fromarray(np.full((9, 7, 3), 99, np.uint8)).save(folder / f'a{end}') for end in images.SUFFIXES
    ],
    lambda folder: [images.read_image(x) for x in folder.iterdir()],
  ),
  'osie': Target(made.osie, lambda folder: _every(source.open_source('osie', folder, regions=folder / 'labelme'))),
  'labelme': Target(
    made.osie,
    lambda folder: [open_regions(folder / 'labelme').regions(name, *size) for name, size in made.SIZES.items()],
    'labelme/*',
  ),
  'labels': Target(_labels, lambda folder: [open_regions(folder).regions(name, 10, 12) for name in 'ab']),
  'salicon-mat': _photographs(
    'salicon', lambda photographs, files: (made_salicon.photographs(photographs), made_salicon.mat_files(files))
  ),
  'salicon-json': _photographs(
    'salicon',
    lambda photographs, file: (made_salicon.photographs(photographs), made_salicon.json_file(file)),
    'f.json',
    fixations='f.json',
  ),
  'points': _photographs('maps', _points),
  'table': Target(
    made_looks.photographs,
    lambda folder: _every(source.open_source('table', folder / 'images', fixations=folder / 'looks.csv')),
    '*.csv',
  ),
  'pysaliency': Target(
    lambda folder: made_pysaliency.copy(folder / 'p'),
    lambda folder: _every(
      source.open_source('pysaliency', folder / 'p' / 'stimuli.hdf5', fixations=folder / 'p' / 'trains.hdf5')
    ),
    'p/[st]*.hdf5',
    2,
  ),
  'arrays': Target(
    lambda folder: masked_folder.save(search_arrays.SearchArrays(count=2, size=128), folder),
    lambda folder: _every(masked_folder.MaskedFolder(folder)),
  ),
  'scenes': Target(
    lambda folder: (folder / 's.csv').write_text('image_id,scene\na,street\nb,room\n'),
    lambda folder: scenes.read(folder / 's.csv'),
    weight=2,
  ),
  'built': Target(_built, lambda folder: _every(source.open_source('built', folder / 'b'))),
  'checkpoints': Target(_checkpoints, _read_checkpoints),
  'ledger': Target(_ledger, _read_ledger),
  'trained-on': Target(
    lambda folder: fingerprints.write(folder, [fingerprints.Fingerprint('a', 2, 3, 'ab')]), fingerprints.read, weight=2
  ),
  **{f'results-{name}': Target(make, read_results) for name, make in REPORTS.items()},
  **{f'page-{name}': Target(make, site.write, weight=1) for name, make in REPORTS.items()},
}
