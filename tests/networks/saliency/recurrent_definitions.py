"""SAM and UNISAL written again; see `definitions`."""

import numpy as np

from tests.networks.saliency import plain
from tests.networks.saliency.definitions import _trunk, vgg
from tests.networks.saliency.plain import conv, relu, sigmoid

_GATES = ('W_a', 'U_a', 'V_a', 'W_i', 'U_i', 'W_f', 'U_f', 'W_c', 'U_c', 'W_o', 'U_o')


def _keras(layer, units, inputs, size, inside='', bias=True):
  at = f'{layer}/{inside or layer}'
  return {f'{at}_W': (units, inputs, size, size), **({f'{at}_b': (units,)} if bias else {})}


def _above(first):
  """Keras numbers what has no name; `first` were made before."""
  # The sublayers of the recurrence, in the order in which they are made.
  shapes = {}
  for n, gate in enumerate(_GATES, start=first + 1):
    shapes |= _keras('attentiveconvlstm_1', 1 if gate == 'V_a' else 512, 512, 3, f'convolution2d_{n}', gate != 'V_a')
  for n in (1, 2):
    shapes |= _keras(f'atrousconvolution2d_{n}', 512, 528, 5)
    shapes[f'learningprior_{n}/learningprior_{n}_W'] = (64,)
  return shapes | _keras(f'convolution2d_{first + 12}', 1, 512, 1)


SAM_VGG = vgg(lambda b, i: f'block{b}_conv{i}/block{b}_conv{i}', '{}_W', '{}_b') | _above(0)
_PLAN = {2: ('abc', 64), 3: ('abcd', 128), 4: ('abcdef', 256), 5: ('abc', 512)}
SAM_RESNET = {}


def _resnet_layer(name, norm, units, inputs, size):
  global SAM_RESNET
  SAM_RESNET |= _keras(name, units, inputs, size) | {
    f'{norm}/{norm}_{part}': (units,) for part in ('gamma', 'beta', 'running_mean', 'running_std')
  }


_resnet_layer('conv1', 'bn_conv1', 64, 3, 7)
_width = 64
for _layer, (_blocks, _units) in _PLAN.items():
  for _block in _blocks:
    for _part, _out, _in, _size in (
      ('2a', _units, _width, 1),
      ('2b', _units, _units, 3),
      ('2c', 4 * _units, _units, 1),
      *([('1', 4 * _units, _width, 1)] if _block == 'a' else ()),
    ):
      _resnet_layer(f'res{_layer}{_block}_branch{_part}', f'bn{_layer}{_block}_branch{_part}', _out, _in, _size)
    _width = 4 * _units
SAM_RESNET |= _keras('convolution2d_1', 512, 2048, 3) | _above(1)


def sam_vgg(arrays, image):
  taps = {}
  valid = {'rule': 'valid'}
  x, _ = _trunk(
    lambda b, i: [arrays[f'block{b}_conv{i}/block{b}_conv{i}_{part}'] for part in 'Wb'],
    image,
    {1: valid, 2: valid, 3: {'rule': 'theano same'}, 4: {'rule': 'theano same', 'stride': 1}},
    taps,
    dilations=(5,),
    theano=True,
  )
  return taps | _attentive(arrays, x, 0)


def sam_resnet(arrays, image):
  taps = {}

  def layer(name, x, **options):
    x = taps[name] = conv(x, arrays[f'{name}/{name}_W'], arrays[f'{name}/{name}_b'], theano=True, **options)
    norm = name.replace('res', 'bn') if 'res' in name else f'bn_{name}'
    x = taps[norm] = plain.batch_norm(
      x, *(arrays[f'{norm}/{norm}_{part}'] for part in ('gamma', 'beta', 'running_mean', 'running_std'))
    )
    return x

  x = taps['relu'] = relu(layer('conv1', image, pad=3, stride=2))
  x = plain.pool(x, 3, 2, rule='theano same')
  for number, (blocks, _) in _PLAN.items():
    for block in blocks:
      name = f'res{number}{block}'
      stride = 2 if name == 'res3a' else 1
      dilation = {4: 2, 5: 4}.get(number, 1)
      y = relu(layer(f'{name}_branch2a', x, stride=stride))
      y = relu(layer(f'{name}_branch2b', y, dilation=dilation))
      y = layer(f'{name}_branch2c', y)
      if block == 'a':
        x = layer(f'{name}_branch1', x, stride=stride)
      x = taps[name] = relu(y + x)
  x = taps['features'] = relu(conv(x, *(arrays[f'convolution2d_1/convolution2d_1_{p}'] for p in 'Wb'), theano=True))
  return taps | _attentive(arrays, x, 1)


def _attentive(arrays, x, first):
  number = {gate: first + n for n, gate in enumerate(_GATES, start=1)}

  def gate(name, value):
    at = f'attentiveconvlstm_1/convolution2d_{number[name]}'
    return conv(value, arrays[f'{at}_W'], arrays.get(f'{at}_b'), theano=True)

  taps, hidden, cell = {}, np.zeros_like(x), np.zeros_like(x)
  for step in range(1, 5):
    e = gate('V_a', np.tanh(gate('W_a', hidden) + gate('U_a', x)))
    e = np.exp(e - e.max())
    taps[f'attention.{step}'] = e / e.sum()
    attended = taps[f'attention.{step}'] * x
    i, f, c, o = (gate(f'W_{g}', attended) + gate(f'U_{g}', hidden) for g in 'ifco')
    cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(c)
    hidden = taps[f'lstm.{step}'] = sigmoid(o) * np.tanh(cell)
  x = hidden
  for n in (1, 2):
    x = np.concatenate([x, _priors(arrays[f'learningprior_{n}/learningprior_{n}_W'], *x.shape[1:])])
    at = f'atrousconvolution2d_{n}/atrousconvolution2d_{n}'
    x = taps[f'priors.{n}'] = relu(conv(x, arrays[f'{at}_W'], arrays[f'{at}_b'], dilation=4, theano=True))
  at = f'convolution2d_{first + 12}/convolution2d_{first + 12}'
  x = relu(conv(x, arrays[f'{at}_W'], arrays[f'{at}_b']))
  return taps | {'saliency': plain.theano_upsampling(x, 16)}


def _priors(w, height, width):
  maps = []
  for n in range(16):
    mx, my = np.clip(w[n], 0.25, 0.75), np.clip(w[16 + n], 0.35, 0.65)
    sx, sy = np.clip(w[32 + n], 0.1, 0.9), np.clip(w[48 + n], 0.2, 0.8)
    e = height / width
    grid_y = np.linspace((1 - e) / 2, (1 - e) / 2 + e, height)[:, None]
    grid_x = np.linspace(0, 1, width)[None]
    g = (
      1
      / (2 * np.pi * sx * sy + 1e-7)
      * np.exp(-((grid_x - mx) ** 2 / (2 * sx**2 + 1e-7) + (grid_y - my) ** 2 / (2 * sy**2 + 1e-7)))
    )
    maps.append(g / g.max())
  return np.float32(maps)


# Index, units, expansion, stride of UNISAL's blocks.
_MOBILE, _n = [], 1
for _t, _c, _count, _s in (
  (1, 16, 1, 1),
  (6, 24, 2, 2),
  (6, 32, 3, 2),
  (6, 64, 4, 2),
  (6, 96, 3, 1),
  (6, 160, 3, 2),
  (6, 320, 1, 1),
):
  for _k in range(_count):
    _MOBILE.append((_n, _c, _t, _s if _k == 0 else 1))
    _n += 1
UNISAL = {
  'coarse_gaussians_salicon': (16, 2, 2),
  'adaptation_salicon.0.weight': (1, 64, 1, 1),
  'adaptation_salicon.0.bias': (1,),
  'smoothing_salicon.weight': (1, 1, 41, 41),
  # What is for videos and other data sets.
  'adaptation_dhf1k.0.bias': (1,),
  'smoothing_hollywood.weight': (1, 1, 3, 3),
  'coarse_gaussians_ucfsports': (16, 2, 2),
  'post_rnn.0.weight': (2, 2, 1, 1),
  'skip_2x.reduction.1.bn_DHF1K.weight': (128,),
}


def _torch(conv_name, norm, units, inputs, size, groups=1, domain=''):
  global UNISAL
  UNISAL[f'{conv_name}.weight'] = (units, inputs // groups, size, size)
  UNISAL |= {f'{norm}{domain}.{part}': (units,) for part in ('weight', 'bias', 'running_mean', 'running_var')}
  UNISAL[f'{norm}{domain}.num_batches_tracked'] = ()


def _inverted_shapes(name, units, inputs, expansion, domain=''):
  parts = [(expansion * inputs, inputs, 1, 1)] if expansion > 1 else []
  parts += [(expansion * inputs,) * 2 + (3, expansion * inputs), (units, expansion * inputs, 1, 1)]
  for n, (out, into, size, groups) in enumerate(parts):
    _torch(f'{name}.conv.{3 * n}', f'{name}.conv.{3 * n + 1}', out, into, size, groups, domain)


_torch('cnn.features.0.0', 'cnn.features.0.1', 32, 3, 3)
_inputs = 32
for _n, _c, _t, _s in _MOBILE:
  _inverted_shapes(f'cnn.features.{_n}', _c, _inputs, _t)
  _inputs = _c
_torch('cnn.features.18.0', 'cnn.features.18.1', 1280, 320, 1)
_inverted_shapes('post_cnn.inv_res', 256, 1296, 1)
_D = '.bn_SALICON'
_inverted_shapes('upsampling_2.inv_res', 128, 384, 2, _D)
_inverted_shapes('post_upsampling_2.inv_res', 64, 192, 2, _D)
for _name, _inputs, _out in (('skip_2x', 160, 128), ('skip_4x', 64, 64)):
  _torch(f'{_name}.expansion.0', f'{_name}.expansion.1', 2 * _inputs, _inputs, 1, domain=_D)
  _torch(f'{_name}.reduction.0', f'{_name}.reduction.1', _out, 2 * _inputs, 1, domain=_D)
  UNISAL[f'{_name}.reduction.0.bias'] = (_out,)


def unisal(arrays, image):
  taps = {}

  def layer(x, conv_name, norm, *, rectify=True, **options):
    x = conv(x, arrays[f'{conv_name}.weight'], arrays.get(f'{conv_name}.bias'), **options)
    norm = norm if f'{norm}.weight' in arrays else f'{norm}{_D}'
    x = plain.batch_norm(x, *(arrays[f'{norm}.{part}'] for part in ('weight', 'bias', 'running_mean', 'running_var')))
    return np.clip(x, 0, 6) if rectify else x

  def inverted(x, name, expansion):
    for n in range(3 if expansion > 1 else 2):
      deep = n == (1 if expansion > 1 else 0)
      last = n == (2 if expansion > 1 else 1)
      x = layer(x, f'{name}.conv.{3 * n}', f'{name}.conv.{3 * n + 1}', rectify=not last, depthwise=deep)
    return x

  x = layer(image, 'cnn.features.0.0', 'cnn.features.0.1', stride=2)
  taps['features.0'], skips = x, {}
  for n, units, expansion, stride in _MOBILE:
    y = inverted(x, f'cnn.features.{n}', expansion)
    x = taps[f'features.{n}'] = x + y if stride == 1 and len(x) == units else y
    skips[n], x = x, x[:, ::stride, ::stride]
  x = taps['features.18'] = layer(x, 'cnn.features.18.0', 'cnn.features.18.1')
  for name, n in (('skip_2x', 14), ('skip_4x', 7)):
    y = layer(skips[n], f'{name}.expansion.0', f'{name}.expansion.1')
    taps[name] = layer(y, f'{name}.reduction.0', f'{name}.reduction.1', rectify=False)
  grids = [np.linspace(0, 1, n) for n in x.shape[1:]]
  gaussians = []
  for (my, sy), (mx, sx) in arrays['coarse_gaussians_salicon']:
    gaussians.append(
      np.exp(-(((grids[0][:, None] - my) / np.exp(sy)) ** 2) / 2)
      * np.exp(-(((grids[1][None] - mx) / np.exp(sx)) ** 2) / 2)
      * 6
    )
  x = np.concatenate([x, np.float32(gaussians)])
  x = taps['post_cnn'] = inverted(x, 'post_cnn.inv_res', 1)

  def centres(m, n):
    return (np.arange(m) + 0.5) * n / m - 0.5

  for skip, name in (('skip_2x', 'upsampling_2'), ('skip_4x', 'post_upsampling_2')):
    x = plain.resize(x, [2 * n for n in x.shape[1:]], centres)
    x = np.concatenate([x, taps[skip]])
    x = taps[name] = inverted(x, f'{name}.inv_res', 2)
  x = taps['adaptation'] = conv(x, arrays['adaptation_salicon.0.weight'], arrays['adaptation_salicon.0.bias'])
  x = x.repeat(8, axis=1).repeat(8, axis=2)
  x = np.pad(x, ((0, 0), (20, 20), (20, 20)), mode='edge')
  x = conv(x, arrays['smoothing_salicon.weight'], pad=0)
  x = np.exp(x - x.max())
  return taps | {'saliency': x / x.sum()}
