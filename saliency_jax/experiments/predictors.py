"""Whatever makes saliency maps, as one kind of value.

A model is a network with the tap 'saliency' (trained here, or published), a
classical model, the centre prior, or a folder of another program's maps.
"""

import dataclasses
import os
import pathlib
from collections.abc import Callable, Iterable, Mapping, Sequence

import jax
import numpy as np

from saliency_jax import files, outside, runtime, schema
from saliency_jax.classical import registry as classical
from saliency_jax.classical.photograph import SMALLEST
from saliency_jax.data import fingerprints
from saliency_jax.data.fingerprints import Fingerprint
from saliency_jax.data.map_folder import MapFolder
from saliency_jax.errors import InputError
from saliency_jax.networks import heads, user_networks, zoo
from saliency_jax.networks.network import Frame, Network, resized
from saliency_jax.ops import blur
from saliency_jax.training import checkpoints, trained_models

CENTRE = 'centre'
# The observers' row of the table, a name that no model may have.
OBSERVERS = 'observers'
SALIENCY = heads.READOUT.output.name  # the tap that is a saliency map

Images = Sequence[np.ndarray]  # uint8 `[H, W, 3]`, RGB, of any sizes
Maps = list[np.ndarray]  # float32 `[h, w]` each, of any sizes


@dataclasses.dataclass(frozen=True)
class Predictor:
  """A model. Its functions raise `InputError`, naming the file at fault."""

  name: str  # in tables and file names
  identity: str  # changes when its maps do
  # `predict(images, image_ids)` returns the maps of some images at the model's
  # own resolution, finite, in any scale; the ids are unique.
  predict: Callable[[Images, Sequence[str]], Maps]
  # `check(image_ids)` raises if the model lacks a map of one of the images.
  check: Callable[[Iterable[str]], None] = lambda image_ids: None
  # `check_size(image_id, size)` raises if an image of (H, W) pixels is too
  # small, or if its map does not fit it.
  check_size: Callable[[str, tuple[int, int]], None] | None = None
  network: Network | None = None  # if it is one
  trained_on: tuple[Fingerprint, ...] = ()  # images, if trained here
  folder: pathlib.Path | None = None  # of its maps, if they come from one


def of_network(
  name: str, network: Network, batch_size: int, *, trained_on: Sequence[Fingerprint] = (), tap: str = SALIENCY
) -> Predictor:
  """Returns a network with a saliency map as a model.

  Networks that differ only in their variables share one program.

  Args:
    batch_size: images in a batch over this process's devices.
    tap: instead of the map; vectors `[K]` are returned as they are.

  Raises:
    InputError: the network has no saliency map.
  """
  if tap not in network.taps:
    raise InputError(
      f'{network.name} ({network.provenance.name}) has no saliency map; give '
      'a model that launch/train.py has trained on saliency.'
    )
  if network.decoder and network.provenance.name in (zoo.IMAGENET, zoo.RANDOM):
    raise InputError(
      f'The decoder of {network.name} is randomly initialised, not trained; give its '
      f"authors' file with config.network.weights, or a training run."
    )
  preprocess, found = network.preprocess, network.provenance
  mesh = runtime.data_mesh(jax.local_devices())
  size = runtime.whole_batches(batch_size, mesh)
  variables = runtime.replicate(network.variables, mesh)
  forward = network.compiled((tap,))

  frame = (
    tap == SALIENCY and network.frame or Frame(lambda image: resized(image, preprocess), lambda saliency, _: saliency)
  )

  def predict(images: Images, image_ids: Sequence[str]) -> Maps:
    del image_ids
    prepared = [frame.prepare(image) for image in images]
    maps: dict[int, np.ndarray] = {}
    # A frame may depend on an image's shape.
    for shape in dict.fromkeys(x.shape for x in prepared):
      rows = [i for i, x in enumerate(prepared) if x.shape == shape]
      for first in range(0, len(rows), size):
        part = rows[first : first + size]
        batch = np.stack([prepared[i] for i in part + part[-1:] * (size - len(part))])
        computed = np.asarray(forward(variables, runtime.split(batch, mesh))[tap], np.float32)
        maps |= {
          i: frame.restore(x[:, :, 0], images[i].shape[:2]) if tap == SALIENCY else x
          for i, x in zip(part, computed, strict=False)
        }
    return [maps[i] for i in range(len(images))]

  return Predictor(
    name,
    f'network {found.sha256} {network.name} {network.dtype} '
    f'{preprocess.image_size} {preprocess.resize} {network.readout_tap}'
    f'{" framed" if network.frame else ""} '
    f'{user_networks.code(network.name)}',
    predict,
    network=network,
    trained_on=tuple(trained_on),
  )


def of_classical(name: str, model: str) -> Predictor:
  """Returns a model of `classical.registry.MODELS`."""

  def predict(images: Images, image_ids: Sequence[str]) -> Maps:
    # Compiled for single images, so once for each size whatever the batch.
    maps = []
    for image, image_id in zip(images, image_ids, strict=True):
      try:
        maps.append(classical.predict(model, image[None])[0])
      except InputError as error:
        raise InputError(f'Image {image_id}: {error}') from error
    return maps

  def check_size(image_id: str, size: tuple[int, int]) -> None:
    if min(size) < SMALLEST:
      raise InputError(
        f'Image {image_id} is {size[1]} x {size[0]} pixels, less than the {SMALLEST} x {SMALLEST} that {name} can '
        'take; --config.data.on_bad_image=skip leaves such images out, or score other models.'
      )

  return Predictor(name, f'classical {model}', predict, check_size=check_size)


def of_centre(name: str = CENTRE) -> Predictor:
  """Returns the centre prior, a Gaussian."""
  return Predictor(name, CENTRE, lambda images, image_ids: [centre(image.shape[:2]) for image in images])


def of_folder(name: str, path: str | os.PathLike) -> Predictor:
  """Returns maps that another program has made; see `data.map_folder`.

  Raises:
    InputError: the folder has no map.
  """
  maps = MapFolder(path)
  return Predictor(
    name,
    f'folder {files.stamp(maps.path)}',
    lambda images, image_ids: [maps.read(each, image.shape[:2]) for each, image in zip(image_ids, images, strict=True)],
    maps.check,
    check_size=maps.check_size,
    folder=maps.path,
    trained_on=_learnt(maps.path),
  )


def _learnt(folder: pathlib.Path) -> tuple[Fingerprint, ...]:
  """Returns what the model of predicted maps was trained on, if known."""
  if not all((folder / file).is_file() for file in (schema.PREDICTED.path, schema.CONFIG)):
    return ()
  shape = {'network': {'checkpoint': str}}
  run = outside.read_json(folder / schema.CONFIG, 'predict again', shape)['network']['checkpoint']
  return fingerprints.read(run) if run and (pathlib.Path(run) / fingerprints.FILE).is_file() else ()


def centre(size: tuple[int, int]) -> np.ndarray:
  """Returns the centre prior of an image (H, W), float32 `[H, W]`.

  Its standard deviations are a quarter of the height and of the width.
  Information gain is measured relative to it.
  """
  return blur.centre_prior(size, (size[0] / 4, size[1] / 4)).astype(np.float32)


def open_predictors(config, networks: Mapping[str, Network]) -> list[Predictor]:
  """Opens the models of `eval.models` in order, a sweep's members in theirs.

  Args:
    networks: those that are passed as values, by their name in `eval.models`.

  Raises:
    InputError: there is no such model, or two have one name.
  """
  members = names(config.eval.members)
  found: list[Predictor] = []
  unused = set(members)
  for given in names(config.eval.models):
    if given in networks:
      found.append(of_network(given, networks[given], config.data.batch_size))
      continue
    name, model = _named(given)
    folder = pathlib.Path(model).expanduser()
    if (folder / checkpoints.FOLDER).is_dir():
      chosen = _members(folder, members)
      unused -= set(chosen.values())
      found += [
        of_network(
          name + suffix,
          trained_models.read(folder, member, dtype=config.network.dtype).whole,
          config.data.batch_size,
          trained_on=fingerprints.read(folder),
        )
        for suffix, member in chosen.items()
      ]
    else:
      found.append(_open(name, model, config))
  if unused:
    raise InputError(f'config.eval.members names {min(unused)}, which no model of config.eval.models has.')
  if not found:
    raise InputError(
      f'config.eval.models is empty; name {_known()}, training runs or folders of maps, separated by commas.'
    )
  _check_names([each.name for each in found])
  return found


def names(given: str) -> tuple[str, ...]:
  """Returns the parts of a flag that are separated by commas."""
  return tuple(part.strip() for part in given.split(',') if part.strip())


def _open(name: str, model: str, config) -> Predictor:
  """Opens a model that was not trained here."""
  folder = pathlib.Path(model).expanduser()
  if model in classical.MODELS:
    return of_classical(name, model)
  if model == CENTRE:
    return of_centre(name)
  if folder.is_dir():
    return of_folder(name, folder)
  if ':' in model or zoo.published(model):
    return of_network(
      name,
      zoo.load(model, weights=zoo.published(model), dtype=config.network.dtype, cache_dir=config.run.cache_dir),
      config.data.batch_size,
    )
  raise InputError(f'config.eval.models has {model!r}, which is neither a folder nor one of {_known()}.')


def _known() -> str:
  return ', '.join([*classical.MODELS, CENTRE, *filter(zoo.published, zoo.NETWORKS)])


def _named(given: str) -> tuple[str, str]:
  """Splits 'name=model'; the default name is the model's or its folder's."""
  name, equals, model = given.partition('=')
  if equals and not pathlib.Path(given).expanduser().is_dir():
    return name.strip(), model.strip()
  name = pathlib.Path(given).expanduser().resolve().name
  return name.rpartition(':')[2], given


def _members(folder: pathlib.Path, wanted: tuple[str, ...]) -> dict[str, str]:
  """Returns the chosen members of a run, by the suffix of their names."""
  members = checkpoints.members(folder)
  if len(members) == 1:
    return {'': members[0]}
  chosen = [each for each in members if each in wanted] if wanted else members
  if not chosen:
    raise InputError(f'{folder} has none of config.eval.members; its members are {", ".join(members)}.')
  return {f'_{member}': member for member in chosen}


def _check_names(given: list[str]) -> None:
  for name in given:
    if given.count(name) > 1:
      raise InputError(f'Two models are called {name!r}; rename one, e.g. config.eval.models=other={name}.')
    # It becomes part of file names.
    if not name or '/' in name or name.startswith('.') or name == OBSERVERS:
      raise InputError(
        f'A model cannot be called {name!r}; give it another name, as in config.eval.models=name=FOLDER.'
      )
