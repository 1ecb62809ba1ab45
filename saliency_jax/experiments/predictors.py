"""Whatever predicts saliency, by one name and in one form.

A model is a trained network, a classical model, the centre prior, or a folder
of maps that some other program has made.
"""

import json
import os
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np

from saliency_jax import files
from saliency_jax.classical import registry as classical
from saliency_jax.data import split
from saliency_jax.data.map_folder import MapFolder
from saliency_jax.errors import InputError
from saliency_jax.networks import vgg
from saliency_jax.networks.whole import SaliencyNetwork
from saliency_jax.ops import blur
from saliency_jax.training import checkpoints, trained_models

CENTRE = 'centre'
# A row of the table that no model may be called.
OBSERVERS = 'observers'


class Predictor(Protocol):
  """A model. Its methods raise `InputError`, naming the file at fault."""

  name: str  # in tables, and of files
  identity: str  # changes when its maps do

  def check(self, image_ids: Iterable[str]) -> None:
    """Raises an `InputError` if it will not have a map of every image."""
    ...

  def predict(
      self, images: Sequence[np.ndarray], image_ids: Sequence[str]
  ) -> list[np.ndarray]:
    """Returns the maps of some images, at the model's own resolution.

    Args:
      images: n of them, uint8 `[H, W, 3]`, RGB, of any sizes.
      image_ids: n names, unique in the data set.

    Returns:
      n maps, float32 `[h, w]`, finite, in a scale of the model's own.
    """
    ...


class Trained:
  """A network that `launch/train.py` or `launch/sweep.py` has trained.

  Attributes:
    weights: the whole network's.
    image_size: the side in pixels of the images that it was trained on.
    learnt: the images of OSIE that it was trained on, where it was trained on
      OSIE's split.
  """

  def __init__(
      self, name: str, workdir: str | os.PathLike, member: str, *,
      batch_size: int, dtype: str, widths: Mapping[str, int] = vgg.WIDTHS):
    """Reads the member's best checkpoint.

    Args:
      name: what to call the model.
      workdir: the run's folder.
      member: which one of a sweep.
      batch_size: images in a batch over all devices.
      dtype: the type of the arithmetic, 'float32' or 'bfloat16'.
      widths: units of every convolution; tests use fewer.

    Raises:
      InputError: the folder holds no such model, or a part of it is damaged.
    """
    self.weights = trained_models.load_trained(workdir, member, widths=widths)
    self.image_size = trained_models.trained_image_size(workdir)
    self.learnt = _learnt(workdir)
    self.name = name
    self.identity = f'trained {self.weights.sha256} {dtype} {self.image_size}'
    self._network = SaliencyNetwork(
        self.weights.params, self.weights.mean, image_size=self.image_size,
        batch_size=batch_size, dtype=dtype, widths=widths)

  def check(self, image_ids: Iterable[str]) -> None:
    del image_ids  # It predicts any image.

  def predict(
      self, images: Sequence[np.ndarray], image_ids: Sequence[str]
  ) -> list[np.ndarray]:
    del image_ids
    return list(self._network(images))


class Classical:
  """A model of `classical.registry`."""

  def __init__(self, name: str, model: str):
    """Takes what to call it, and a key of `classical.registry.MODELS`."""
    self.name, self._model, self.identity = name, model, f'classical {model}'

  def check(self, image_ids: Iterable[str]) -> None:
    del image_ids

  def predict(
      self, images: Sequence[np.ndarray], image_ids: Sequence[str]
  ) -> list[np.ndarray]:
    # Compiled for one image, and so once per size whatever the batch.
    found = []
    for image, image_id in zip(images, image_ids, strict=True):
      try:
        found.append(classical.predict(self._model, image[None])[0])
      except InputError as error:
        raise InputError(f'Image {image_id}: {error}') from error
    return found


class Centre:
  """A Gaussian around the centre, a quarter of the image's sides wide."""

  identity = CENTRE

  def __init__(self, name: str = CENTRE):
    """Takes what to call it."""
    self.name = name

  def check(self, image_ids: Iterable[str]) -> None:
    del image_ids

  def predict(
      self, images: Sequence[np.ndarray], image_ids: Sequence[str]
  ) -> list[np.ndarray]:
    del image_ids
    return [centre(image.shape[:2]) for image in images]


class Folder:
  """Maps that another program has made; see `datasets.map_folder`.

  Attributes:
    path: the folder.
  """

  def __init__(self, name: str, path: str | os.PathLike):
    """Takes what to call it, and lists the folder.

    Raises:
      InputError: the folder holds no map.
    """
    self.name, self._maps = name, MapFolder(path)
    self.path = self._maps.path
    self.identity = f'folder {files.stamp(self.path)}'

  def check(self, image_ids: Iterable[str]) -> None:
    self._maps.check(image_ids)

  def predict(
      self, images: Sequence[np.ndarray], image_ids: Sequence[str]
  ) -> list[np.ndarray]:
    del images
    return [self._maps.read(image_id) for image_id in image_ids]


def centre(size: tuple[int, int]) -> np.ndarray:
  """Returns the centre prior of an image (H, W), float32 `[H, W]`.

  Its standard deviations are a quarter of the height and of the width; the
  information that a model gains is counted from it.
  """
  return blur.centre_prior(size, (size[0] / 4, size[1] / 4)).astype(np.float32)


def open_predictors(
    config, *, widths: Mapping[str, int] = vgg.WIDTHS) -> list[Predictor]:
  """Opens the models that a config names.

  Args:
    config: `configs/evaluate.py`; `eval.models`, `eval.members`,
      `eval.batch_size` and `model.dtype` are read.
    widths: units of every convolution of trained models; tests use fewer.

  Returns:
    The models, in the order of the config, a sweep's members sorted.

  Raises:
    InputError: if there is no such model, or two have one name.
  """
  members = names(config.eval.members)
  if config.eval.batch_size < 1:
    raise InputError(
        f'config.eval.batch_size is {config.eval.batch_size}; give 1 or more.')
  known = ', '.join([*classical.MODELS, CENTRE])
  found: list[Predictor] = []
  unused = set(members)
  for given in names(config.eval.models):
    name, model = _named(given)
    folder = pathlib.Path(model).expanduser()
    if model in classical.MODELS:
      found.append(Classical(name, model))
    elif model == CENTRE:
      found.append(Centre(name))
    elif (folder / checkpoints.FOLDER).is_dir():
      chosen = _members(folder, members)
      unused -= set(chosen.values())
      found += [
          Trained(
              name + suffix, folder, member, dtype=config.model.dtype,
              batch_size=config.eval.batch_size, widths=widths)
          for suffix, member in chosen.items()]
    elif folder.is_dir():
      found.append(Folder(name, folder))
    else:
      raise InputError(
          f'config.eval.models has {given!r}, which is no folder and none of '
          f'{known}.')
  if unused:
    raise InputError(
        f'config.eval.members names {min(unused)}, which no model of '
        f'config.eval.models has.')
  if not found:
    raise InputError(
        f'config.eval.models is empty; name {known}, training runs or folders '
        f'of maps, with commas between.')
  _check_names([each.name for each in found])
  return found


def names(given: str) -> tuple[str, ...]:
  """Returns the parts of a flag that has commas between them."""
  return tuple(part.strip() for part in given.split(',') if part.strip())


def _named(given: str) -> tuple[str, str]:
  """Splits 'name=model'; a model without a name has its own, or its folder's.
  """
  name, equals, model = given.partition('=')
  if equals and not pathlib.Path(given).expanduser().is_dir():
    return name.strip(), model.strip()
  return pathlib.Path(given).expanduser().resolve().name, given


def _learnt(workdir: str | os.PathLike) -> frozenset[str]:
  data = json.loads((pathlib.Path(workdir) / 'config.json').read_text())['data']
  own_split = data.get('kind') == 'osie' and not any(
      data.get(key) for key in ('val_dir', 'val_fixations', 'val_fraction'))
  return frozenset(split.split('train') if own_split else ())


def _members(
    folder: pathlib.Path, wanted: tuple[str, ...]) -> dict[str, str]:
  """Returns the members of a run that are asked for, by their names' suffix."""
  members = checkpoints.members(folder)
  if len(members) == 1:
    return {'': members[0]}
  chosen = [each for each in members if each in wanted] if wanted else members
  if not chosen:
    raise InputError(
        f'{folder} has none of config.eval.members; its members are '
        f'{", ".join(members)}.')
  return {f'_{member}': member for member in chosen}


def _check_names(given: list[str]) -> None:
  for name in given:
    if given.count(name) > 1:
      raise InputError(
          f'Two models are called {name!r}; call one otherwise, e.g. '
          f'config.eval.models=other={name}.')
    # The name is that of files, too.
    if not name or '/' in name or name.startswith('.') or name == OBSERVERS:
      raise InputError(
          f'A model cannot be called {name!r}; give it another name, as in '
          f'config.eval.models=name=FOLDER.')
