"""Saliency maps of photographs at their own sizes, from a trained model."""

import json
import os
import pathlib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from absl import logging
from PIL import Image

from saliency_jax import files, progress
from saliency_jax.data.images import check_on_bad_image, read_image
from saliency_jax.errors import InputError
from saliency_jax.networks import vgg
from saliency_jax.networks.whole import SaliencyNetwork
from saliency_jax.ops import resize
from saliency_jax.training import trained_models
from saliency_jax.workdir import Folder, alone

_SUFFIXES = ('.bmp', '.gif', '.jpeg', '.jpg', '.png', '.ppm')
_OVERLAY = '_overlay'  # after the photograph's stem
# The maps that were written, or were about to be: a line of names a batch. The
# next prediction in the folder deletes them, and no other file.
_LISTING = 'predicted.jsonl'


def predict(
    config, images: str, workdir: str, *,
    widths: Mapping[str, int] = vgg.WIDTHS
) -> dict:
  """Writes the saliency map of every image of a folder.

  Files, for `<stem>.jpg`: `<stem>.npy`, float32 `[H, W]` in 0-1; `<stem>.png`,
  the same in 0-255; `<stem>_overlay.png`, the photograph under the map. Pixels
  are taken as stored: a photograph that its EXIF notes turn is not turned. What
  an earlier prediction wrote is deleted; `predicted.jsonl` lists it.

  Args:
    config: `configs/predict.py`.
    images: the folder of images.
    workdir: the folder for the maps, another one.
    widths: units of every convolution; tests use fewer.

  Returns:
    The summary.

  Raises:
    InputError: if the model, a folder or an image is at fault.
    OSError: if a map cannot be written.
  """
  paths = _images_in(images, workdir)
  if config.data.batch_size < 1:
    raise InputError(
        f'config.data.batch_size is {config.data.batch_size}; give 1 or more.')
  if not config.init.checkpoint:
    raise InputError(
        '--config.init.checkpoint is missing; name the --workdir of '
        'launch/train.py.')
  check_on_bad_image(config.data.on_bad_image)
  weights = trained_models.load_trained(
      config.init.checkpoint, config.init.member, widths=widths)
  network = SaliencyNetwork(
      weights.params, weights.mean, widths=widths, dtype=config.model.dtype,
      image_size=trained_models.trained_image_size(config.init.checkpoint),
      batch_size=config.data.batch_size)
  skipped: dict[str, str] = {}
  with alone(workdir, 'predict') as out:
    earlier = _earlier(out, [path.stem for path in paths])
    folder = Folder(workdir, config.to_dict())
    folder.clear(earlier)
    with progress.bar(
        total=len(paths), unit='image', title='Predicting') as bar:
      for first in range(0, len(paths), network.batch_size):
        part = paths[first:first + network.batch_size]
        read, problem = _read(part, skipped, config.data.on_bad_image)
        _list(out, read)
        for (path, photograph), cells in zip(
            read.items(), network(list(read.values())), strict=True):
          _write(folder, path.stem, photograph,
                 to_pixels(cells, photograph.shape[:2]))
        if problem:
          raise problem
        bar.update(len(part))
    return folder.finish(
        'predict', weights={'name': weights.name, 'sha256': weights.sha256},
        counts={'images': len(paths) - len(skipped), 'skipped': len(skipped)},
        skipped=skipped)


def to_pixels(cells: np.ndarray, size: tuple[int, int]) -> np.ndarray:
  """Returns a map in pixels: bilinear upsampling, then minimum 0, maximum 1.

  He et al. 2019, Section 4.2. A constant map is 0 everywhere.

  Args:
    cells: float `[h, w]`.
    size: (H, W) in pixels.

  Returns:
    float32 `[H, W]`.
  """
  height, width = cells.shape
  full = (resize.bilinear(size[0], height) @ cells.astype(np.float64)
          @ resize.bilinear(size[1], width).T)
  span = np.ptp(full)
  return ((full - full.min()) / (span if span else 1)).astype(np.float32)


def overlay(photograph: np.ndarray, heat: np.ndarray) -> np.ndarray:
  """Returns the photograph in grey under the map from black through red.

  Args:
    photograph: uint8 `[H, W, 3]`, RGB.
    heat: float `[H, W]` in 0-1.

  Returns:
    uint8 `[H, W, 3]`.
  """
  grey = photograph.mean(axis=2, keepdims=True)
  ramp = np.clip(
      3 * heat[:, :, None] - np.arange(3), 0, 1) * 255  # red, yellow, white
  share = 0.7 * heat[:, :, None]
  return np.round((1 - share) * grey + share * ramp).astype(np.uint8)


def _images_in(folder: str, workdir: str) -> list[pathlib.Path]:
  path = pathlib.Path(folder)
  if not folder or not path.is_dir():
    raise InputError(
        f'There is no folder {folder!r}; name the folder of photographs with '
        f'--images.')
  out = pathlib.Path(workdir).resolve() if workdir else None
  if path.resolve() == out:
    raise InputError(
        f'{folder} is the folder of photographs; name another --workdir.')
  # Names that begin with a dot are those of other programs' notes.
  found = sorted(x for x in path.iterdir() if _is_image(x))
  others = sorted(x.name for x in path.iterdir() if x.is_file()
                  and x not in found and not x.name.startswith('.'))
  below = _images_below(path, out)
  if not found:
    raise InputError(
        f'{folder} holds no image but those of its sub-folders, e.g. '
        f'{below[0]}; name one of these with --images.' if below else
        f'{folder} holds no image; it takes {", ".join(_SUFFIXES)}.')
  if others or below:
    logging.warning(
        'Left out of %s: %d files that are none of %s, and %d images in '
        'sub-folders, e.g. %s.', folder, len(others), ', '.join(_SUFFIXES),
        len(below), (others + below)[0])
  stems: dict[str, pathlib.Path] = {}
  for one in found:
    if one.stem in stems:
      raise InputError(
          f'{stems[one.stem]} and {one.name} would have maps of one name; '
          f'rename one of them.')
    stems[one.stem] = one
  for stem, one in stems.items():
    if f'{stem}{_OVERLAY}' in stems:
      raise InputError(
          f"{one} would have an overlay of the name of "
          f"{stems[f'{stem}{_OVERLAY}'].name}'s map; rename one of them.")
  return found


def _is_image(path: pathlib.Path) -> bool:
  return path.suffix.lower() in _SUFFIXES and not path.name.startswith('.')


def _images_below(
    folder: pathlib.Path, out: pathlib.Path | None) -> list[str]:
  """Returns the images in sub-folders but the one to write to."""
  found = []
  for at, folders, names in os.walk(folder):
    at = pathlib.Path(at)
    folders[:] = sorted(x for x in folders if not x.startswith('.')
                        and (at / x).resolve() != out)
    if at != folder:
      found += [str((at / x).relative_to(folder)) for x in sorted(names)
                if _is_image(at / x)]
  return found


def _names(stem: str) -> tuple[str, str, str]:
  return f'{stem}.npy', f'{stem}.png', f'{stem}{_OVERLAY}.png'


def _list(out: pathlib.Path, photographs: Iterable[pathlib.Path]) -> None:
  names = [name for path in photographs for name in _names(path.stem)]
  with (files.naming(out / _LISTING),
        open(out / _LISTING, 'a', encoding='utf-8') as listing):
    listing.write(json.dumps(names) + '\n')


def _earlier(out: pathlib.Path, stems: Iterable[str]) -> list[str]:
  """Returns the names of what an earlier prediction wrote, its listing last.

  Raises:
    InputError: the listing is damaged, or the maps of `stems` would replace a
      file that is not on it.
  """
  path = out / _LISTING
  try:
    # The maps of a line that was cut have not been begun.
    lines = path.read_text(encoding='utf-8').split('\n')[:-1]
    batches = [json.loads(line) for line in lines]
    listed = [name for batch in batches for name in batch]
    if not all(isinstance(batch, list) for batch in batches) or any(
        pathlib.Path(name).name != name for name in listed):
      raise ValueError
  except FileNotFoundError:
    listed = []
  except (ValueError, TypeError):
    raise InputError(
        f'{path} is not what a prediction wrote; remove it or name another '
        f'--workdir.') from None
  known = {*listed}
  for name in [name for stem in stems for name in _names(stem)]:
    if name not in known and os.path.lexists(out / name):
      raise InputError(
          f'{out / name} would be replaced and is not on the list of an '
          f'earlier prediction; move it or name another --workdir.')
  return [*(x for x in listed if (out / x).is_file()), _LISTING]


def _read(
    paths: Sequence[pathlib.Path], skipped: dict[str, str], on_bad_image: str
) -> tuple[dict[pathlib.Path, np.ndarray], InputError | None]:
  """Returns the photographs up to one that ends the run, and what is wrong.
  """
  read = {}
  for path in paths:
    try:
      read[path] = read_image(path)
    except InputError as error:
      if on_bad_image == 'raise':
        return read, error
      logging.warning('%s Left out.', error)
      skipped[path.name] = str(error)
  return read, None


def _write(
    folder: Folder, stem: str, photograph: np.ndarray,
    saliency_map: np.ndarray
) -> None:
  array, picture, overlaid = _names(stem)
  folder.array(array, saliency_map)
  for name, pixels in (
      (picture, np.round(saliency_map * 255).astype(np.uint8)),
      (overlaid, overlay(photograph, saliency_map))):
    with files.replacing(folder.path / name) as path:
      Image.fromarray(pixels).save(path)
