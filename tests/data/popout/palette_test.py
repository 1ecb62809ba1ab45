import numpy as np
import pytest

from saliency_jax.data.popout import palette


@pytest.mark.parametrize(
  ('lightness', 'value'),
  [
    # L* of the neutral axis: 0, 50 and 100 are sRGB 0, 119 and 255.
    (0.0, 0),
    (50.0, 119),
    (100.0, 255),
  ],
)
def test_greys_have_their_known_srgb_value(lightness, value):
  assert palette.grey(lightness) == (value,) * 3


def test_the_red_primary_comes_back():
  # sRGB red is L* 53.24, C* 104.55, h 40.00 degrees (D65).
  (red,) = palette.vivid(53.24, (40.0,), 104.5)
  np.testing.assert_allclose(red, (255, 0, 0), atol=3)


def test_colours_of_one_call_share_luminance_and_chroma():
  for hue in range(0, 360, 15):
    for lightness in (58.0, 68.0, 76.0):
      pair = palette.vivid(lightness, (hue, hue + 140.0), 60.0)
      lab = np.array([_lab(rgb) for rgb in pair])
      np.testing.assert_allclose(lab[:, 0], lightness, atol=0.4)
      chroma = np.hypot(*lab[:, 1:].T)
      assert chroma[0] == pytest.approx(chroma[1], abs=1.0)
      assert chroma.min() > 29


def _lab(rgb):
  """CIELAB from its definition, apart from the code under test."""
  value = np.array(rgb) / 255
  linear = np.where(value > 0.04045, ((value + 0.055) / 1.055) ** 2.4, value / 12.92)
  x, y, z = (
    np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    @ linear
    / (0.9505, 1.0, 1.089)
  )
  x, y, z = (t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116 for t in (x, y, z))
  return 116 * y - 16, 500 * (x - y), 200 * (y - z)
