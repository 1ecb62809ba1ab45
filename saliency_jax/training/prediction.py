"""Saliency maps of photographs at their own sizes, from a trained model."""

import pathlib
from collections.abc import Mapping, Sequence

import numpy as np
from absl import logging
from PIL import Image

from saliency_jax import files, progress, results
from saliency_jax.datasets.images import check_on_bad_image, read_image
from saliency_jax.errors import InputError
from saliency_jax.models import vgg
from saliency_jax.models.whole import SaliencyNetwork
from saliency_jax.ops import resize
from saliency_jax.weights import initial

_SUFFIXES = ('.bmp', '.gif', '.jpeg', '.jpg', '.png', '.ppm')
_OVERLAY = '_overlay'  # after the photograph's stem


def predict(
    config, images: str, workdir: str, *,
    widths: Mapping[str, int] = vgg.WIDTHS
) -> dict:
  """Writes the saliency map of every image of a folder.

  Files, for `<stem>.jpg`: `<stem>.npy`, float32 `[H, W]` in 0-1; `<stem>.png`,
  the same in 0-255; `<stem>_overlay.png`, the photograph under the map. Pixels
  are taken as stored: a photograph that its EXIF notes turn is not turned.

  Args:
    config: `configs/predict.py`.
    images: the folder of images.
    workdir: the folder for the maps, another one.
    widths: units of every convolution; tests use fewer.

  Returns:
    The summary.

  Raises:
    InputError: if the model, the folder or an image is at fault.
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
  weights = initial.load_trained(
      config.init.checkpoint, config.init.member, widths=widths)
  network = SaliencyNetwork(
      weights.params, weights.mean, widths=widths, dtype=config.model.dtype,
      image_size=initial.trained_image_size(config.init.checkpoint),
      batch_size=config.data.batch_size)
  skipped: dict[str, str] = {}
  with results.alone(workdir):
    folder = results.Folder(workdir, config.to_dict())
    with progress.bar(
        total=len(paths), unit='image', title='Predicting') as bar:
      for first in range(0, len(paths), network.batch_size):
        part = paths[first:first + network.batch_size]
        read, problem = _read(part, skipped, config.data.on_bad_image)
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
  if workdir and path.resolve() == pathlib.Path(workdir).resolve():
    raise InputError(
        f'{folder} is the folder of photographs; name another --workdir.')
  # Names that begin with a dot are those of other programs' notes.
  found = sorted(x for x in path.iterdir() if x.suffix.lower() in _SUFFIXES
                 and not x.name.startswith('.'))
  if not found:
    raise InputError(
        f'{folder} holds no image; it takes {", ".join(_SUFFIXES)}.')
  others = sorted(x.name for x in path.iterdir() if x.is_file()
                  and x not in found and not x.name.startswith('.'))
  if others:
    logging.warning(
        '%d files of %s are none of %s and left out, e.g. %s.', len(others),
        folder, ', '.join(_SUFFIXES), others[0])
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
    folder: results.Folder, stem: str, photograph: np.ndarray,
    saliency_map: np.ndarray
) -> None:
  folder.array(f'{stem}.npy', saliency_map)
  for name, pixels in (
      (f'{stem}.png', np.round(saliency_map * 255).astype(np.uint8)),
      (f'{stem}{_OVERLAY}.png', overlay(photograph, saliency_map))):
    with files.replacing(folder.path / name) as path:
      Image.fromarray(pixels).save(path)
