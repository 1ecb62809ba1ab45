"""OSIE: 700 photographs, 800 x 600, looked at by 15 people for 3 s each.

Xu et al., "Predicting human gaze beyond pixels", Journal of Vision 14(1), 2014.
The layout is that of NUS-VIP/predicting-human-gaze-beyond-pixels on GitHub:
`stimuli/*.jpg` and `eye/fixations.mat`, in a folder or its `data/`. Other data
sets in this layout are read as well.
"""

import dataclasses
import os
import pathlib

from absl import logging

from saliency_jax.data import osie_download
from saliency_jax.data.coordinates import PIXELS, Coordinates
from saliency_jax.data.fixations import FixationReader, read_fixations
from saliency_jax.data.images import list_images, normal
from saliency_jax.data.photographs import Photographs
from saliency_jax.data.regions import open_packaged
from saliency_jax.errors import InputError


class Osie(Photographs):
  """A `Source` of the photographs in one folder; see the module."""

  _takes_more = False

  def __init__(
    self, folder: str | os.PathLike, regions: str | os.PathLike | None = None, recorded: Coordinates = PIXELS
  ):
    """Lists the photographs and reads all fixations.

    Args:
      folder: holds `stimuli/` and `eye/`, or `data/` with both.
      regions: a folder for `open_regions`, or None for the packaged annotation
        of OSIE's own photographs.
      recorded: how the fixations were recorded. They count from 1, and those
        half a pixel beyond the edge are moved to it, as by OSIE's authors.

    Raises:
      InputError: a folder or file is missing or damaged, or photographs,
        fixations and regions do not belong together.
    """
    super().__init__(folder, '', regions, recorded)
    if regions is not None:
      return
    own = osie_download.own_images(self)
    named = self._files.keys() & open_packaged().image_ids
    if named & own:
      self._regions = open_packaged(named & own)
      self.gives |= {'regions'}
    if others := sorted(named - own):
      logging.warning(
        '%d photographs have names of OSIE photographs but other contents; the '
        "first is %s. OSIE's regions are not used for them.",
        len(others),
        self._files[others[0]],
      )

  def _open(self, images, _, recorded):
    folder = _data_folder(images)
    path = folder / 'eye' / 'fixations.mat'
    read = read_fixations(path)
    names = {normal(pathlib.PurePath(name).stem): name for name in read}
    reader = FixationReader(path, names, dict(zip(names, read.values(), strict=True)))
    return list_images(folder / 'stimuli', read), reader, dataclasses.replace(recorded, origin=1, slack=0.5)


def _data_folder(folder: pathlib.Path) -> pathlib.Path:
  if not folder.is_dir():
    raise InputError(f'There is no folder {folder}.')
  for place in (folder, folder / 'data'):
    if (place / 'stimuli').is_dir():
      return place
  raise InputError(f"{folder} holds neither stimuli/ nor data/stimuli/; give a folder in OSIE's layout.")
