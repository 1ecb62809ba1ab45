"""DeepGaze II written again; see `definitions`.

Maps are repeated to cells of 2 pixels first and mixed there, one convolution
for each, as in the program that the package's module names.
"""

import numpy as np
from scipy import ndimage

from tests.networks.saliency import plain
from tests.networks.saliency.plain import conv, relu

_COUNTS, _WIDTHS = (2, 2, 4, 4, 4), (64, 128, 256, 512, 512)
_VGG, _READOUT = 'deep_gaze/feature_network_0', 'deep_gaze/readout_network'
DEEPGAZE = {
  **{f'{_READOUT}/conv1_part{k}/weights': (1, 1, 512, 16) for k in range(5)},
  **{f'{_READOUT}/conv{n}/biases': (units,) for n, units in ((1, 16), (2, 32), (3, 2))},
  **{f'{_READOUT}/conv{n}/weights': (1, 1, below, units) for n, below, units in ((2, 16, 32), (3, 32, 2), (4, 2, 1))},
  'deep_gaze/saliency_map/alpha': (1,),
  'deep_gaze/saliency_map/sigma': (),
  f'{_READOUT}/conv4/weights/Adam': (1, 1, 2, 1),
}
_inputs = 3
for _block, (_count, _units) in enumerate(zip(_COUNTS, _WIDTHS, strict=True), start=1):
  for _i in range(1, _count + 1):
    _at = f'{_VGG}/conv{_block}/conv{_block}_{_i}'
    DEEPGAZE |= {f'{_at}/weights': (3, 3, _inputs, _units), f'{_at}/biases': (_units,)}
    _inputs = _units


def deepgaze(arrays, image):
  def kernel(name):
    return arrays[name].transpose(3, 2, 0, 1)

  taps, x = {}, image
  for block, count in enumerate(_COUNTS, start=1):
    for i in range(1, count + 1):
      at = f'{_VGG}/conv{block}/conv{block}_{i}'
      below = conv(x, kernel(f'{at}/weights'), arrays[f'{at}/biases'])
      if (block, i) in ((5, 1), (5, 3)):
        taps[f'conv{block}_{i}.linear'] = below
      x = taps[f'conv{block}_{i}'] = relu(below)
    if block < 5:
      x = plain.pool(x, rule='valid')
  mixed = sum(
    conv(taps[name].repeat(8, axis=1).repeat(8, axis=2), kernel(f'{_READOUT}/conv1_part{k}/weights'))
    for k, name in enumerate(('conv5_1.linear', 'conv5_1', 'conv5_2', 'conv5_3.linear', 'conv5_4'))
  )
  for n in (1, 2, 3):
    mixed = relu(mixed + arrays[f'{_READOUT}/conv{n}/biases'][:, None, None])
    taps[f'readout.{n}'] = mixed[:, ::8, ::8]
    mixed = conv(mixed, kernel(f'{_READOUT}/conv{n + 1}/weights'))
  taps['readout.4'] = mixed[:, ::8, ::8]
  sigma = float(arrays['deep_gaze/saliency_map/sigma'])
  blurred = ndimage.gaussian_filter(mixed[0].astype(np.float64), sigma, mode='nearest', radius=20)
  density = np.exp(blurred - blurred.max())
  return taps | {'saliency': (density / density.sum())[None]}
