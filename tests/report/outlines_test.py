"""Outlines: where they run, that they close, and how few points they take."""

import re

import numpy as np
import pytest
from PIL import Image, ImageDraw

from saliency_jax.report import outlines


def _filled(path: str, height: int, width: int) -> np.ndarray:
  """Draws the inside of a path."""
  drawn = Image.new('1', (width, height))
  for part in path.split('M')[1:]:
    numbers = [float(x) for x in re.findall(r'[\d.]+', part)]
    ImageDraw.Draw(drawn).polygon(numbers, fill=1)
  return np.asarray(drawn)


def _disc(height, width, y, x, radius):
  rows, columns = np.ogrid[:height, :width]
  return (rows - y) ** 2 + (columns - x) ** 2 < radius**2


def _overlap(a, b) -> float:
  return (a & b).sum() / (a | b).sum()


@pytest.mark.parametrize(('y', 'x'), [(300, 400), (0, 0), (590, 795)])
def test_the_inside_is_the_set(y, x):
  mask = _disc(600, 800, y, x, 60)
  found = outlines.outline(mask)
  assert _overlap(_filled(found['d'], 600, 800), mask) > 0.93
  ys, xs = np.nonzero(mask)
  np.testing.assert_allclose(found['box'], [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1], atol=4)


def test_parts_are_outlined_each():
  mask = _disc(300, 400, 80, 80, 30) | _disc(300, 400, 200, 300, 40)
  found = outlines.outline(mask)
  assert found['d'].count('M') == found['d'].count('Z') == 2
  assert _overlap(_filled(found['d'], 300, 400), mask) > 0.9


def test_a_thin_set_gets_a_margin():
  mask = np.zeros((512, 512), bool)
  mask[250:262, 250:253] = True
  inside = _filled(outlines.outline(mask, 0.02)['d'], 512, 512)
  assert inside[mask].all()
  around = _filled(outlines.outline(mask)['d'], 512, 512)
  assert inside.sum() > 5 * around.sum()


def test_no_set_has_no_outline():
  assert outlines.outline(np.zeros((4, 4), bool)) == {'d': '', 'box': None}


def test_one_pixel_has_an_outline():
  mask = np.zeros((1, 1), bool)
  mask[0, 0] = True
  assert outlines.outline(mask)['d'].startswith('M')


def test_few_points_stay_near():
  path = outlines.outline(_disc(600, 600, 300, 300, 200))['d']
  few = np.array(re.findall(r'([\d.]+) ([\d.]+)', path), float)
  assert len(few) < 300
  # Nor are there bumps between two of them.
  middles = (few + np.roll(few, 1, axis=0)) / 2
  assert np.abs(np.hypot(*(middles - 300.5).T) - 200).max() < 0.5
