"""Gabor energy in four orientations."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import scipy.fft

from saliency_jax.classical.scaling import attenuate_border

ORIENTATIONS = (0, 45, 90, 135)  # degrees
# Pixels across the edge and along it.
_SIGMA, _LENGTH = 2, 4
_PERIOD = np.pi
# Where the longer Gaussian has fallen to e^-5.
_REACH = int(np.ceil(_LENGTH * np.sqrt(10)))


def energy(intensity: jax.Array) -> jax.Array:
  """Returns how strongly a map varies across each orientation.

  The sum of the magnitudes of an even and an odd Gabor filter's responses. They
  fade out within 13 pixels of the border, beyond which the filters reach.

  Args:
    intensity: float32 `[h, w]`, 0-1.

  Returns:
    float32 `[4, h, w]`, in the order of `ORIENTATIONS`.
  """
  # The filters ignore the mean; subtracting it reduces rounding errors.
  padded = jnp.pad(intensity - intensity.mean(), _REACH, mode='edge')
  # A circular convolution is wrong only in the first 2 * _REACH rows and
  # columns, which belong to the padding.
  size = tuple(scipy.fft.next_fast_len(length, real=False) for length in padded.shape)
  spectrum = jnp.fft.fft2(padded, size)[None] * _spectra(size)
  responses = jnp.fft.ifft2(spectrum)
  (height, width), start = intensity.shape, 2 * _REACH
  responses = responses[:, start : start + height, start : start + width]
  return attenuate_border(jnp.abs(responses.real) + jnp.abs(responses.imag), _REACH)


@functools.lru_cache(maxsize=64)
def _spectra(size: tuple[int, int]) -> np.ndarray:
  """Returns complex64 `[4, *size]`: even filters + i times the odd ones."""
  return np.fft.fft2(filters(), size).astype(np.complex64)


@functools.cache
def filters() -> np.ndarray:
  """Returns complex `[4, 27, 27]`: even + i odd filters of mean 0 and norm 1."""
  y, x = np.mgrid[-_REACH : _REACH + 1, -_REACH : _REACH + 1]
  bank = []
  for angle in np.deg2rad(ORIENTATIONS):
    across = y * np.cos(angle) - x * np.sin(angle)
    along = y * np.sin(angle) + x * np.cos(angle)
    window = np.exp(-(across**2) / (2 * _SIGMA**2) - along**2 / (2 * _LENGTH**2))
    wave = 2 * np.pi / _PERIOD * across
    parts = np.stack([np.cos(wave), -np.sin(wave)]) * window
    parts -= parts.mean(axis=(1, 2), keepdims=True)
    even, odd = parts / np.linalg.norm(parts, axis=(1, 2), keepdims=True)
    bank.append(even + 1j * odd)
  return np.stack(bank)
