"""Gabor filters: their shape, and their answers against SciPy's convolution."""

import numpy as np
import pytest
import scipy.signal

from saliency_jax.classical import gabor
from saliency_jax.classical.scaling import attenuate_border


def test_filters_are_balanced_and_of_norm_one():
  bank = gabor.filters()
  assert bank.shape == (4, 27, 27)
  for part in (bank.real, bank.imag):
    np.testing.assert_allclose(part.sum(axis=(1, 2)), 0, atol=1e-12)
    np.testing.assert_allclose((part**2).sum(axis=(1, 2)), 1)


def test_filters_are_a_wave_under_a_gaussian_window():
  bank = gabor.filters()
  np.testing.assert_allclose(bank, bank[:, ::-1, ::-1].conj(), atol=1e-12)
  odd, k = bank[0].imag, np.arange(-13, 14)
  np.testing.assert_allclose(odd[14] / odd[14, 13], np.exp(-(k**2) / (2 * 4**2)), atol=1e-12)
  wave = np.sin(2 * np.pi * k / np.pi) * np.exp(-(k**2) / (2 * 2**2))
  np.testing.assert_allclose(odd[:, 13] / odd[14, 13], wave / wave[14], atol=1e-12)


@pytest.mark.parametrize('size', [(37, 50), (18, 25)])
def test_energy_is_that_of_a_plain_convolution(size):
  map_ = np.random.default_rng(0).random(size)
  padded = np.pad(map_, 13, mode='edge')
  theirs = np.stack(
    [
      sum(
        np.abs(scipy.signal.convolve(padded, part, 'valid', method='direct')) for part in (filter_.real, filter_.imag)
      )
      for filter_ in gabor.filters()
    ]
  )
  np.testing.assert_allclose(
    gabor.energy(map_.astype(np.float32)), attenuate_border(theirs.astype(np.float32), 13), atol=2e-5
  )


@pytest.mark.parametrize(('place', 'step'), [(0, (1, 0)), (1, (1, -1)), (2, (0, -1)), (3, (-1, -1))])
def test_each_orientation_answers_to_its_own_grating(place, step):
  y, x = np.mgrid[:80, :80]
  across = (step[0] * y + step[1] * x) / np.hypot(*step)
  grating = 0.5 + 0.5 * np.sin(2 * np.pi * across / np.pi)
  energy = np.asarray(gabor.energy(grating.astype(np.float32)))[:, 40, 40]
  assert energy.argmax() == place
  assert energy[place] > 5 * np.delete(energy, place).max()
