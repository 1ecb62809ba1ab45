"""Photographs into the authors' frames, and maps back."""

import numpy as np
import pytest

from saliency_jax.networks.saliency import dva, framing, msi_net, open_salicon, sam, unisal

_FRAMES = {
  'msi_net': (msi_net.NETWORK.frame, (240, 320), (240, 320)),
  'dva': (dva.NETWORK.frame, (224, 224), (224, 224)),
  'sam': (sam.NETWORK.frame, (240, 320), (480, 640)),
  'unisal': (unisal.NETWORK.frame, None, None),
}


def _image(height, width):
  """Dark, with a bright square in the lower right."""
  image = np.full((height, width, 3), 20, np.uint8)
  image[height * 5 // 8 : height * 7 // 8, width * 5 // 8 : width * 7 // 8] = 240
  return image


@pytest.mark.parametrize('name', _FRAMES)
@pytest.mark.parametrize('size', [(160, 320), (301, 200), (600, 800)])
def test_what_is_bright_in_the_frame_is_bright_where_it_was(name, size):
  frame, inside, map_size = _FRAMES[name]
  image = _image(*size)
  framed = frame.prepare(image)
  assert framed.dtype == np.float32
  assert framed.min() >= 0
  assert framed.max() <= 255
  if inside:
    assert framed.shape == (*inside, 3)
  map_size = map_size or framed.shape[:2]
  saliency = framing.bilinear((framed[:, :, 0] > 200).astype(float) + 1e-6, map_size)
  if name == 'unisal':
    saliency = saliency / saliency.sum()
  restored = frame.restore(saliency, size)
  assert restored.shape == size
  assert restored.dtype == np.float32
  assert restored.max() <= 256
  bright = image[:, :, 0] > 200
  # To the width of what the authors blur.
  edge = 12 if name == 'sam' else 4
  core = np.zeros(size, bool)
  core[size[0] * 5 // 8 + edge : size[0] * 7 // 8 - edge, size[1] * 5 // 8 + edge : size[1] * 7 // 8 - edge] = True
  assert restored[core].min() > 5 * restored[~bright].mean()
  assert np.unravel_index(restored.argmax(), size)[0] >= size[0] // 2


def test_the_letterbox_keeps_the_shape_and_fills_the_rest():
  framed = msi_net.NETWORK.frame.prepare(_image(160, 320))
  # A frame of 240 x 320: 40 rows of 126 above and below.
  assert (framed[:40] == 126).all()
  assert (framed[200:] == 126).all()
  assert np.ptp(framed[40:200]) > 200
  framed = sam.NETWORK.frame.prepare(_image(301, 200))
  # 200 * 240 // 301 = 159 columns, 80 of nothing on the left.
  assert (framed[:, :80] == 0).all()
  assert (framed[:, 239:] == 0).all()
  assert (framed[:, 80:239] > 0).all()


def test_sizes_are_rounded_as_the_authors_do():
  # 333 x 500 in 240 x 320: a ratio of .64, and 213.12 rows.
  assert framing.rounded((333, 500), (240, 320), largest=False) == (213, 320)
  assert framing.floored((333, 500), (240, 320), largest=False) == (213, 320)
  # 480 x 640 around it: .78125, and 375 rows; Python's and TensorFlow's 2.5 is
  # rounded to 2.
  assert framing.rounded((480, 640), (333, 500), largest=True) == (375, 500)
  assert framing.floored((480, 640), (333, 500), largest=True) == (375, 500)
  assert framing.rounded((5, 2), (5, 5), largest=False) == (5, 2)
  assert framing.rounded((1, 2), (2.5, 5), largest=False) == (2, 5)


def test_unisal_takes_the_size_of_the_nearest_shape():
  assert unisal.NETWORK.frame.prepare(_image(600, 800)).shape == (288, 384, 3)
  assert unisal.NETWORK.frame.prepare(_image(300, 300)).shape == (320, 320, 3)


def test_salicons_images_are_splines_with_their_ends_in_place():
  image = np.zeros((30, 40, 3), np.uint8)
  image[10:20, 10:20], image[-1, -1] = 200, 90
  framed = open_salicon.spline(image, (59, 79))
  assert framed.shape == (59, 79, 3)
  np.testing.assert_allclose(framed[::2, ::2], image, atol=1e-6)
  assert framed.min() < -5  # a spline overshoots
