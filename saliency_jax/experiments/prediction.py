"""Predicts saliency maps of photographs in their own sizes, or their scenes."""

import json
import os
import pathlib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from PIL import Image
from scipy import special

from saliency_jax import files, outside, progress, schema
from saliency_jax.data.pipeline import Reading
from saliency_jax.data.source import check_sizes
from saliency_jax.data.types import Source
from saliency_jax.errors import InputError, quoted
from saliency_jax.experiments import passes, predictors
from saliency_jax.networks.network import Network
from saliency_jax.ops import overlays, resize
from saliency_jax.training import trained_models
from saliency_jax.workdir import Folder, alone

_ENDS = ('.npy', '.png', '_overlay.png')  # appended to the image's name


def predict(config, source: Source, workdir: str, network: Network | None = None) -> dict:
  """Writes the saliency map of every image of a data set, or its scene.

  Files: `<image_id>.npy`, float32 `[H, W]` in 0-1; `<image_id>.png`, the same
  in 0-255; `<image_id>_overlay.png`, the map over the image, with a colour bar.
  Photographs are turned as their EXIF data say. `predicted.jsonl` has a line of
  names for every image; the next prediction deletes these files, and no others.
  `launch/evaluate.py` reads the folder as a model. A network that classifies
  scenes writes `schema.SCENES` instead.

  Raises:
    InputError: the network, a folder or an image is at fault.
    OSError: a map cannot be written.
  """
  reading = Reading.of(config.data)
  check_sizes(source, reading.on_bad_image)
  network = network or trained_models.load(config.network, config.run.cache_dir).whole
  scenes = (
    {}
    if predictors.SALIENCY in network.taps
    else {name: tap.labels for name, tap in network.taps.items() if tap.labels}
  )
  model = predictors.of_network(
    network.name, network, config.data.batch_size, tap=next(iter(scenes), predictors.SALIENCY)
  )
  logits: dict[str, np.ndarray] = {}
  with alone(workdir, 'predict') as out:
    earlier = _earlier(out, () if scenes else source.image_ids)
    folder = Folder(workdir, config.to_dict())
    folder.clear([*earlier, schema.SCENES.path])
    with progress.bar(total=len(source), unit='image', title='Predicting') as bar:
      for each in passes.predicted(source, [model], {model.name: set(range(len(source)))}, reading):
        found, record = each.maps[model.name], each.record
        if scenes:
          logits[record.image_id] = found
        else:
          _write(folder, record.image_id, record.image, to_pixels(found, record.image.shape[:2]))
        bar.update()
    if scenes:
      (folder.path / schema.PREDICTED.path).touch()  # no map
      _write_scenes(folder, *scenes.values(), logits)
    skipped = reading.skipped
    return folder.finish(
      'predict',
      network=network.facts(),
      weights=network.provenance._asdict(),
      counts={'images': len(source) - len(skipped), 'skipped': len(skipped)},
      skipped=skipped,
    )


def to_pixels(cells: np.ndarray, size: tuple[int, int]) -> np.ndarray:
  """Returns a map `[h, w]` upsampled bilinearly to (H, W), float32 in 0-1.

  He et al. 2019, Section 4.2. A constant map is 0 everywhere.
  """
  height, width = cells.shape
  full = resize.bilinear(size[0], height) @ cells.astype(np.float64) @ resize.bilinear(size[1], width).T
  span = np.ptp(full)
  return ((full - full.min()) / (span if span else 1)).astype(np.float32)


def overlay(image: np.ndarray, heat: np.ndarray) -> Image.Image:
  """Returns the map over the image, with a colour bar below.

  The map is in standard deviations above its mean, as on the pages.

  `image` is uint8 `[H, W, 3]`, RGB; `heat` float `[H, W]`, in any scale.
  """
  deviation = heat.std()
  return overlays.with_bar(overlays.under_map(image, (heat - heat.mean()) / (deviation if deviation else 1)))


def _write_scenes(folder: Folder, scenes: Sequence[str], logits: Mapping[str, np.ndarray]) -> None:
  table = schema.SCENES
  folder.table(
    table._replace(columns=(*table.columns, *(schema.Column(name, 'float', 'probability') for name in scenes))),
    ((image_id, scenes[int(x.argmax())], *special.softmax(x)) for image_id, x in logits.items()),
  )


def _write(folder: Folder, image_id: str, image: np.ndarray, saliency: np.ndarray) -> None:
  array, picture, overlaid = names = _names(image_id)
  listing = folder.path / schema.PREDICTED.path
  with files.naming(listing), open(listing, 'a', encoding='utf-8') as file:
    file.write(json.dumps(names) + '\n')  # before the files exist
  folder.array(array, saliency)
  for name, drawn in (
    (picture, Image.fromarray(np.round(saliency * 255).astype(np.uint8))),
    (overlaid, overlay(image, saliency)),
  ):
    with files.replacing(folder.path / name) as path:
      drawn.save(path)


def _names(image_id: str) -> list[str]:
  return [f'{image_id}{end}' for end in _ENDS]


def _earlier(out: pathlib.Path, image_ids: Iterable[str]) -> list[str]:
  """Returns the files of an earlier prediction, the list of them last.

  Raises:
    InputError: the list is damaged, two maps have one name, or one would
      replace a file that is not on the list.
  """
  listing, listed = out / schema.PREDICTED.path, []
  with outside.reading(listing, 'list of what was predicted', 'remove it or name another --workdir'):
    # The maps of a truncated line have not been begun.
    for line in listing.read_bytes().split(b'\n')[:-1] if (listing.exists()) else ():
      names = json.loads(line)
      outside.check(names, [str])
      for name in names:
        if pathlib.PurePath(name).is_absolute() or '..' in name.split('/'):
          raise ValueError(f'it names {quoted(name)}')
      listed += names
  # Temporary files of a killed run, in subfolders.
  files.remove_leftovers(out, {name.split('/')[0] for name in listed if '/' in name})
  known, new = {*listed}, set()
  for name in [name for each in image_ids for name in _names(each)]:
    if name in new:
      raise InputError(f'The maps of two images would both be called {name}; rename one of them.')
    if name not in known and os.path.lexists(out / name):
      raise InputError(
        f'{out / name} would be replaced and is not on the list of an '
        f'earlier prediction; move it or name another --workdir.'
      )
    new.add(name)
  return [*(x for x in listed if (out / x).is_file()), listing.name]
