"""labelme's JSON files: outlines with a category, checked when they are read.

labelme (https://github.com/wkentaro/labelme) writes one file per image: its
height and width and a list of shapes, each with a label, a `shape_type` and
points (x, y), in pixels from 0 at the top left pixel's centre.
"""

import json
import math
import pathlib
from typing import NamedTuple

import numpy as np

from saliency_jax import outside
from saliency_jax.data import polygons
from saliency_jax.errors import InputError

# Far above what people draw, even with the image inside the file.
MAX_BYTES = 2**26
MAX_CORNERS = 10_000  # per outline
MAX_COORDINATE = 1e6  # px
_TURNED = ('rotation', 'oriented_rectangle')  # rectangles of four corners
MAX_LABEL = 100  # characters
_MAX_WORK = 2**35  # pixels, plus 512 per row crossed by an outline: some seconds

_LEAST = 0.01  # the least share of the image that a shape mostly outside it must cover


class Outline(NamedTuple):
  """One shape, not yet rasterised; shapes with one number form a region."""

  region_id: int
  category: str
  kind: str  # 'polygon', 'rectangle' or 'circle'
  points: np.ndarray  # float64 `[K, 2]`, (x, y)

  def fill(self, mask: np.ndarray) -> None:
    """Adds the pixels inside to a mask of the image, bool `[H, W]`."""
    if self.kind == 'circle':
      centre, edge = self.points
      mask |= polygons.circle(centre, math.dist(centre, edge), *mask.shape)
      return
    corners = self.points
    if self.kind == 'rectangle' and len(corners) == 2:
      (x0, y0), (x1, y1) = corners
      corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    polygons.fill(corners, mask)


def content(file: pathlib.Path | bytes, where: str) -> bytes:
  """Returns the bytes of a file, unless they are given already.

  Raises:
    InputError: the file cannot be read or has more than `MAX_BYTES`.
  """
  if isinstance(file, bytes):
    return file
  with outside.reading(where), file.open('rb') as stream:
    data = stream.read(MAX_BYTES + 1)
  if len(data) > MAX_BYTES:
    raise InputError(f'{where} has more than {MAX_BYTES} bytes; save it without the image.')
  return data


def parse(data: bytes, height: int, width: int, where: str) -> list[Outline]:
  """Returns the shapes of one file, in its order.

  Shapes with the same label and `group_id` are one region, such as the parts of
  a partly hidden object. Its number is the `group_id` if every region has its
  own, otherwise the 1-based index of its first shape.

  Args:
    height, width: the photograph's size in pixels.
    where: the file, for errors.

  Raises:
    InputError: this is no labelme file, it is of another image size, or a shape
      has no label, an unknown type or invalid points.
  """
  with outside.reading(where, 'labelme file'):
    tree = json.loads(data)
  shapes = tree.get('shapes') if isinstance(tree, dict) else None
  if not isinstance(shapes, list):
    raise InputError(f'{where} has no list of shapes; is it a labelme file?')
  size = tree.get('imageHeight'), tree.get('imageWidth')
  if size != (height, width):
    turned = ', as its EXIF notes turn it, if it has any' if size == (width, height) else ''
    raise InputError(
      f'{where} is for an image of {size[1]} x {size[0]}, but its photograph is {width} x {height}; give the regions '
      f'of this photograph{turned}.'
    )
  outlines = [_outline(shape, place, f'{where}: shape {place}') for place, shape in enumerate(shapes, start=1)]
  if len(outlines) * height * width + 512 * sum(polygons.crossings(x.points, height) for x in outlines) > _MAX_WORK:
    raise InputError(f'{where} has too many or too long outlines to draw; keep fewer.')
  for place, outline in enumerate(outlines, start=1):
    away = (np.abs(outline.points / (width, height) - 0.5) > 0.6).any(axis=1)
    if away.mean() <= 0.5:
      continue
    # A shape drawn around the whole image covers it.
    outline.fill(mask := np.zeros((height, width), bool))
    if mask.mean() < _LEAST:
      raise InputError(
        f'{where}: shape {place} has {away.sum()} of its {len(away)} points outside the {width} x {height} '
        'image; give the regions of this photograph, in its pixels.'
      )
  # (label, group), or the index of a shape without a group -> the region's
  # number.
  places: dict = {}
  keys = []
  for outline, shape in zip(outlines, shapes, strict=True):
    group = shape.get('group_id')
    grouped = type(group) in (int, float, str)
    keys.append((outline.category, group) if grouped else outline.region_id)
    places.setdefault(keys[-1], outline.region_id)
  numbers = [key[1] if type(key) is tuple else 0 for key in places]
  if len(set(numbers)) == len(numbers) and all(type(number) is int and 0 < number < 2**31 for number in numbers):
    places = dict(zip(places, numbers, strict=True))
  return [outline._replace(region_id=places[key]) for outline, key in zip(outlines, keys, strict=True)]


def _outline(shape, place: int, where: str) -> Outline:
  if not isinstance(shape, dict):
    raise InputError(f'{where} is no labelme shape; draw it again.')
  label, kind = shape.get('label'), shape.get('shape_type', 'polygon')
  if not (isinstance(label, str) and label.strip() and label.isprintable() and len(label) <= MAX_LABEL):
    raise InputError(
      f'{where} has the label {label!r:.80}; give it the name of a category, 1 to {MAX_LABEL} printable characters.'
    )
  if kind in _TURNED:
    kind = 'rectangle'
  counts = {'polygon': range(3, MAX_CORNERS + 1), 'rectangle': (2, 4), 'circle': (2,)}
  if not isinstance(kind, str) or kind not in counts:
    raise InputError(f'{where} is of type {kind!r:.80}; draw a polygon, a rectangle or a circle.')
  points = shape.get('points')
  if not isinstance(points, list) or len(points) not in counts[kind]:
    raise InputError(
      f'{where}: a {kind} cannot have that many points; a polygon has 3 to '
      f'{MAX_CORNERS}, a rectangle 2 or 4 and a circle 2.'
    )
  if not (
    all(isinstance(point, list) and len(point) == 2 for point in points)
    and all(type(value) in (int, float) and abs(value) <= MAX_COORDINATE for point in points for value in point)
  ):
    raise InputError(f'{where} has a point that is not two numbers of at most {MAX_COORDINATE:g}; draw it again.')
  return Outline(place, label.strip(), kind, np.array(points, np.float64))
