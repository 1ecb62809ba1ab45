"""The page of a prediction: photographs under their maps, or their scenes."""

import csv
import os
import pathlib
from typing import NamedTuple

from saliency_jax import schema
from saliency_jax.report import json_shapes
from saliency_jax.report.chapter import Chapter, Site
from saliency_jax.report.reading import Reader


class Predicted(NamedTuple):
  """A finished prediction."""

  path: pathlib.Path
  summary: dict
  config: dict
  names: list[list[str]]  # each image's map, picture and overlay
  scenes: list[list[str]]  # the rows of `schema.SCENES`, with the header first


def read(workdir: str | os.PathLike) -> Predicted:
  """Reads the folder of launch/predict.py.

  Raises:
    InputError: a file is missing or invalid.
  """
  reader = Reader(pathlib.Path(workdir))
  names = reader.lines(schema.PREDICTED.path, [str])
  for line in names:
    reader.expect(len(line) == 3, schema.PREDICTED.path, 'has a line with other files')
    for name in line:
      inside = '..' not in pathlib.PurePath(name).parts and name[:1] != '/' and (reader.folder / name).is_file()
      reader.expect(inside, schema.PREDICTED.path, f'names {name!r}, which is not in the folder')
      reader.file(name)
  scenes = []
  if (reader.folder / schema.SCENES.path).is_file():
    with reader.checking(schema.SCENES.path) as path:
      scenes = [
        [*map(schema.restored, line)] for line in csv.reader(path.read_text(encoding='utf-8').splitlines(), strict=True)
      ]
  summary = reader.json(schema.SUMMARY, json_shapes.PREDICTED)
  return Predicted(reader.folder, summary, reader.json(schema.CONFIG, json_shapes.CONFIG), names, scenes)


def text(predicted: Predicted) -> str:
  """Returns what was predicted."""
  if predicted.scenes:
    return f'{len(predicted.scenes) - 1} scenes of {_network(predicted)}'
  return f'{len(predicted.names)} maps of {_network(predicted)}'


def chapters(predicted: Predicted, site: Site) -> list[Chapter]:
  """Returns the one chapter of a prediction."""
  header, *rows = predicted.scenes or [[]]
  scenes = rows and site.table('scenes', [(*row[:2], *map(float, row[2:])) for row in rows], header)
  images = [
    (pathlib.PurePosixPath(array).with_suffix(''), array, site.picture(f'{k:05d}.png', predicted.path / overlaid))
    for k, (array, _, overlaid) in enumerate(predicted.names)
  ]
  context = {'scenes': scenes, 'network': _network(predicted), 'summary': predicted.summary, 'images': images}
  return [Chapter('maps', 'Scenes' if rows else 'Maps', 'maps/maps.html.j2', context)]


def _network(predicted: Predicted) -> str:
  return f'{predicted.summary["network"]["name"]} ({predicted.summary["weights"]["name"]})'
