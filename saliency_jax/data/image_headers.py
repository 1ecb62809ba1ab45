"""Image headers: the EXIF orientation, and the size of plain files.

Every image's size is checked before work starts, and Pillow takes ten times as
long. It still reads any header that is not plain: with EXIF notes that may turn
the image, long, damaged or of another format.
"""

import os
import warnings

from PIL import Image

_ORIENTATION = 0x112  # the tag
_READ = 4096  # bytes
# Segments and chunks that cannot turn an image.
_JPEG = frozenset((*range(0xE0, 0xF0), 0xC4, 0xDB, 0xDD, 0xFE)) - {0xE1}
_PNG = frozenset(
  (b'IHDR', b'PLTE', b'bKGD', b'cHRM', b'gAMA', b'hIST', b'iCCP', b'pHYs', b'sBIT', b'sRGB', b'tIME', b'tRNS')
)


def orientation(image: Image.Image) -> int:
  """Returns an undecoded image's EXIF orientation, 1 (as stored) to 8."""
  if image.format == 'PNG' and 'exif' not in image.info:
    return 1  # Pillow would decode the whole image to look for it
  with warnings.catch_warnings():
    warnings.filterwarnings('ignore', 'Corrupt EXIF data')
    try:
      turn = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001
      return 1  # the notes are damaged; damaged pixels are reported elsewhere
  return turn if turn in range(2, 9) else 1


def plain_size(path: str | os.PathLike) -> tuple[int, int] | None:
  """Returns (height, width) in pixels, or None if Pillow must read the header."""
  try:
    with open(path, 'rb', buffering=0) as file:
      head = file.read(_READ)
  except OSError:
    return None
  if head.startswith(b'\xff\xd8'):
    return _jpeg(head)
  if head.startswith(b'\x89PNG\r\n\x1a\n'):
    return _png(head)
  return None


def _jpeg(head: bytes) -> tuple[int, int] | None:
  size, place = None, 2
  while place + 9 < len(head) and head[place] == 0xFF:
    marker = head[place + 1]
    if marker == 0xDA:  # pixels follow
      return size
    if marker in (0xC0, 0xC1, 0xC2):
      height, width = head[place + 5 : place + 7], head[place + 7 : place + 9]
      size = int.from_bytes(height), int.from_bytes(width)
      if head[place + 4] != 8:
        return None
    elif marker not in _JPEG:
      return None
    place += 2 + int.from_bytes(head[place + 2 : place + 4])
  return None


def _png(head: bytes) -> tuple[int, int] | None:
  size, place = None, 8
  while place + 8 < len(head):
    kind = head[place + 4 : place + 8]
    if kind == b'IDAT':
      return size
    if kind == b'IHDR':
      size = (int.from_bytes(head[place + 12 : place + 16]), int.from_bytes(head[place + 8 : place + 12]))
    # Text chunks may hold EXIF notes as well.
    elif kind not in _PNG and (kind != b'tEXt' or head[place + 8 : place + 12].lower() == b'exif'):
      return None
    place += 12 + int.from_bytes(head[place : place + 4])
  return None
