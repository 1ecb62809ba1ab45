"""Two small photographs that may be stored turned, and points on them."""

import numpy as np
from PIL import Image, ImageOps

SIZE = (30, 40)  # (height, width)
RNG = np.random.default_rng(3)
IMAGES = {name: np.kron(RNG.integers(0, 256, (6, 8, 3), np.uint8), np.ones((5, 5, 1), np.uint8)) for name in ('a', 'b')}
# (x, y) all over the image.
POINTS = {
  name: np.column_stack([RNG.integers(3, SIZE[1] - 1, 30), RNG.integers(3, SIZE[0] - 1, 30)]) for name in IMAGES
}
# What undoes an orientation.
INVERSE = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}


def turned(path, pixels, orientation):
  """Saves pixels so that the file shows them, stored in an orientation."""
  exif = Image.Exif()
  exif[0x112] = INVERSE[orientation]
  image = Image.fromarray(pixels)
  image.getexif().update(exif)
  stored = ImageOps.exif_transpose(image)
  exif[0x112] = orientation
  stored.save(path, exif=exif)


def photographs(folder, orientation=1, ending='.png'):
  folder.mkdir(exist_ok=True, parents=True)
  for name, pixels in IMAGES.items():
    turned(folder / f'{name}{ending}', pixels, orientation)
  return folder
