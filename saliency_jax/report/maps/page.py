"""The page of predicted saliency maps: each photograph under its map."""

import base64
import os
import pathlib
import urllib.parse
from typing import NamedTuple

from saliency_jax import schema
from saliency_jax.report import shapes
from saliency_jax.report.chapter import Chapter, Site
from saliency_jax.report.facts import facts
from saliency_jax.report.reading import Reader


class Predicted(NamedTuple):
  """A finished prediction."""
  path: pathlib.Path
  summary: dict
  config: dict
  names: list[list[str]]  # of each image its map, picture and overlay


def read(workdir: str | os.PathLike) -> Predicted:
  """Reads the folder of launch/predict.py.

  Raises:
    InputError: if a file is missing or cannot be understood.
  """
  reader = Reader(pathlib.Path(workdir))
  names = reader.lines(schema.PREDICTED.path, [str])
  for line in names:
    reader.expect(
        len(line) == 3, schema.PREDICTED.path, 'has a line of other files')
    for name in line:
      reader.expect(
          '..' not in pathlib.PurePath(name).parts and name[:1] != '/'
          and (reader.folder / name).is_file(), schema.PREDICTED.path,
          f'names {name!r}, which is not in the folder')
      reader.file(name)
  return Predicted(
      reader.folder, reader.json(schema.SUMMARY, shapes.PREDICTED),
      reader.json(schema.CONFIG, shapes.CONFIG), names)


def text(predicted: Predicted) -> str:
  """Returns what was predicted."""
  return f'{len(predicted.names)} maps of {_network(predicted)}'


def chapters(predicted: Predicted, site: Site) -> list[Chapter]:
  """Returns the one chapter of a prediction."""
  def url(name: str) -> str:
    if not site.single_file:
      return '../' + urllib.parse.quote(name)
    data = (predicted.path / name).read_bytes()
    return 'data:image/png;base64,' + base64.b64encode(data).decode()

  return [Chapter('maps', 'Maps', 'maps/maps.html.j2', {
      'network': _network(predicted), 'summary': predicted.summary,
      'facts': [*facts(predicted.summary, predicted.config).items()],
      'images': [(pathlib.PurePosixPath(array).with_suffix(''), array,
                  url(overlaid)) for array, _, overlaid in predicted.names]})]


def _network(predicted: Predicted) -> str:
  return (f"{predicted.summary['network']['name']} "
          f"({predicted.summary['weights']['name']})")
