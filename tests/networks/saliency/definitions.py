"""Published models written again from their authors' definitions.

Each takes arrays under the authors' names, in the authors' layout, and a
prepared image `[3, H, W]` in the authors' order of channels, and returns the
maps `[C, h, w]` by this package's names of the taps.
"""

import numpy as np

from tests.networks.saliency import plain
from tests.networks.saliency.plain import conv, relu, sigmoid

_BLOCKS = {1: 2, 2: 2, 3: 3, 4: 3, 5: 3}
_WIDTHS = {1: 64, 2: 128, 3: 256, 4: 512, 5: 512}


def vgg(name, kernel='{}', bias='{}', layout='oihw'):
  """Returns the shapes of VGG's arrays: `name(block, index)` of each."""
  shapes, inputs = {}, 3
  for block, count in _BLOCKS.items():
    for index in range(1, count + 1):
      units, at = _WIDTHS[block], name(block, index)
      shapes[kernel.format(at)] = (3, 3, inputs, units) if layout == 'hwio' else (units, inputs, 3, 3)
      shapes[bias.format(at)] = (units,)
      inputs = units
  return shapes


def _caffe(name, units, inputs, size):
  return {f'{name}/0': (units, inputs, size, size), f'{name}/1': (units,)}


def _trunk(get, x, pools, taps, dilations=(), **options):
  """Runs VGG's convolutions; what leaves each block's maximum too."""
  pooled = {}
  for block, count in _BLOCKS.items():
    for index in range(1, count + 1):
      x = relu(
        conv(
          x,
          *get(block, index),
          dilation=(2 if block in dilations else 1),
          **options.get(f'{block}_{index}', {}),
          theano=options.get('theano', False),
        )
      )
      taps[f'{options.get("prefix", "")}conv{block}_{index}'] = x
    if block in pools:
      x = pooled[block] = plain.pool(x, **pools[block])
  return x, pooled


MSI_NET = vgg(lambda b, i: f'conv{b}/conv{b}_{i}', '{}/kernel', '{}/bias', 'hwio')
for _name, _size, _inputs, _units in (
  ('aspp/conv1_1', 1, 1280, 256),
  ('aspp/conv1_2', 3, 1280, 256),
  ('aspp/conv1_3', 3, 1280, 256),
  ('aspp/conv1_4', 3, 1280, 256),
  ('aspp/conv1_5', 1, 1280, 256),
  ('aspp/conv2', 1, 1280, 256),
  ('decoder/conv1', 3, 256, 128),
  ('decoder/conv2', 3, 128, 64),
  ('decoder/conv3', 3, 64, 32),
  ('decoder/conv4', 3, 32, 1),
):
  MSI_NET |= {f'{_name}/kernel': (_size, _size, _inputs, _units), f'{_name}/bias': (_units,)}


def msi_net(arrays, image):
  def get(name):
    return arrays[f'{name}/kernel'].transpose(3, 2, 0, 1), arrays[f'{name}/bias']

  valid = {'rule': 'valid'}
  same = {'rule': 'tensorflow same', 'stride': 1}
  taps = {}
  x, pooled = _trunk(
    lambda b, i: get(f'conv{b}/conv{b}_{i}'),
    image,
    {1: valid, 2: valid, 3: valid, 4: same, 5: same},
    taps,
    dilations=(5,),
  )
  x = np.concatenate([pooled[3], pooled[4], x])
  branches = []
  for n, dilation in enumerate((1, 4, 8, 12), start=1):
    branches.append(relu(conv(x, *get(f'aspp/conv1_{n}'), dilation=dilation)))
    taps[f'aspp.conv1_{n}'] = branches[-1]
  scene = relu(conv(x.mean(axis=(1, 2), keepdims=True), *get('aspp/conv1_5')))
  taps['aspp.conv1_5'] = scene[:, 0, 0]
  x = np.concatenate([*branches, np.broadcast_to(scene, branches[0].shape)])
  x = taps['aspp.conv2'] = relu(conv(x, *get('aspp/conv2')))
  for n in (1, 2, 3, 4):
    if n < 4:
      x = plain.resize(x, (2 * x.shape[1], 2 * x.shape[2]), lambda m, n: np.arange(m) * n / m)
    x = conv(x, *get(f'decoder/conv{n}'))
    x = taps[f'decoder.conv{n}'] = relu(x) if n < 4 else x
  x = x - x.min()
  return taps | {'saliency': x / (x.max() + 1e-7)}


DVA = vgg(lambda b, i: f'conv{b}_{i}', '{}/0', '{}/1')
_DECONVS = {5: (512, (512, 256, 128, 64)), 4: (512, (256, 128, 64)), 3: (256, (128, 64))}
for _n, (_inputs, _all) in enumerate(_DECONVS.values(), start=1):
  for _i, _units in enumerate(_all, start=1):
    DVA |= {
      f'deconv{6 - _n}_{_i}/0': (_inputs, _units, 4, 4),
      # The first Caffe wrote biases with four axes.
      f'deconv{6 - _n}_{_i}/1': (1, 1, 1, _units),
    }
    _inputs = _units
  DVA |= _caffe(f'attention{_n}_pred', 1, 64, 3)
DVA |= _caffe('final_attention_pred', 1, 3, 3)


def dva(arrays, image):
  def get(name):
    return arrays[f'{name}/0'], arrays[f'{name}/1']

  # HED's Crop: offsets that the layers below add up to. The others are where
  # the image's first cell lies, to half a cell.
  crop = {1: 48, 2: 40, 3: 36}
  first = {
    'conv1': 34,
    'conv2': 17,
    'conv3': 8,
    'conv4': 4,
    'conv5': 2,
    'deconv5_1': 5,
    'deconv5_2': 11,
    'deconv5_3': 24,
    'deconv5_4': 49,
    'deconv4_1': 9,
    'deconv4_2': 20,
    'deconv4_3': 41,
    'deconv3_1': 18,
    'deconv3_2': 37,
  }
  height, width = image.shape[1:]

  def cut(x, start, stride):
    return x[:, start : start + height // stride, start : start + width // stride]

  taps, whole = {}, {}
  caffe = {'rule': 'caffe'}
  _trunk(lambda b, i: get(f'conv{b}_{i}'), image, dict.fromkeys((1, 2, 3, 4), caffe), whole, **{'1_1': {'pad': 35}})
  for name, x in whole.items():
    taps[name] = cut(x, first[name[:5]], 2 ** (int(name[4]) - 1))
  sides = []
  for number, (side, (_, widths)) in enumerate(_DECONVS.items(), start=1):
    x = whole[f'conv{side}_3']
    for n in range(1, len(widths) + 1):
      name = f'deconv{side}_{n}'
      x = relu(plain.deconv(x, *get(name)))
      taps[name] = cut(x, first[name], 2 ** (side - 1 - n))
    x = conv(x, *get(f'attention{number}_pred'), pad=0)
    sides.append(cut(x, crop[number], 1))
    taps[f'attentionmap{number}'] = sigmoid(sides[-1])
  return taps | {'saliency': sigmoid(conv(np.concatenate(sides), *get('final_attention_pred')))}


SALICON = {
  f'{prefix}{name}': shape
  for prefix in ('', 'sec_')
  for name, shape in vgg(lambda b, i: f'conv{b}_{i}', '{}/0', '{}/1').items()
} | _caffe('saliency_map', 1, 1024, 1)


def salicon(arrays, image):
  def corners(m, n):
    return np.linspace(0, n - 1, m)

  taps, maps = {}, []
  half = plain.resize(image, [n // 2 for n in image.shape[1:]], corners)
  for prefix, x in (('', image), ('sec_', half)):
    x, _ = _trunk(
      lambda b, i, prefix=prefix: (arrays[f'{prefix}conv{b}_{i}/0'], arrays[f'{prefix}conv{b}_{i}/1']),
      x,
      dict.fromkeys((1, 2, 3, 4, 5), {'rule': 'caffe'}),
      taps,
      prefix=prefix,
    )
    maps.append(x)
  fine, coarse = maps
  coarse = plain.resize(coarse, fine.shape[1:], corners)
  return taps | {
    'saliency': sigmoid(conv(np.concatenate([coarse, fine]), arrays['saliency_map/0'], arrays['saliency_map/1']))
  }


# Of these there is no file: names and layout are this package's.
def _own(name, units, inputs, size):
  return {f'decoder/{name}/kernel': (size, size, inputs, units), f'decoder/{name}/bias': (units,)}


_OWN = vgg(lambda b, i: f'conv{b}_{i}', '{}/kernel', '{}/bias', 'hwio')
PDP = _OWN | _own('conv6_1', 128, 512, 7) | _own('conv6_2', 64, 128, 3) | _own('conv6_3', 1, 64, 1)
DEEPFIX = _OWN | _own('output', 1, 512, 1)
for _n in (1, 2):
  DEEPFIX |= (
    _own(f'biased_{_n}', 512, 528, 5)
    | _own(f'inception_{_n}_1', 128, 512, 1)
    | _own(f'inception_{_n}_2_reduce', 128, 512, 1)
    | _own(f'inception_{_n}_2', 256, 128, 3)
  )
  for _k in (3, 4):
    DEEPFIX |= _own(f'inception_{_n}_{_k}_reduce', 32, 512, 1) | _own(f'inception_{_n}_{_k}', 64, 32, 3)


def _get_own(arrays):
  return lambda name: (arrays[f'{name}/kernel'].transpose(3, 2, 0, 1), arrays[f'{name}/bias'])


def _centres(m, n):
  return (np.arange(m) + 0.5) * n / m - 0.5


def pdp(arrays, image):
  get, taps = _get_own(arrays), {}
  x, _ = _trunk(lambda b, i: get(f'conv{b}_{i}'), image, dict.fromkeys((1, 2, 3, 4), {'rule': 'valid'}), taps)
  for n in (1, 2, 3):
    x = conv(x, *get(f'decoder/conv6_{n}'))
    x = taps[f'conv6_{n}'] = relu(x) if n < 3 else x
  x = plain.resize(x, [16 * n for n in x.shape[1:]], _centres)
  x = np.exp(x - x.max())
  return taps | {'saliency': x / x.sum()}


def deepfix(arrays, image):
  get, taps = _get_own(arrays), {}
  valid = {'rule': 'valid'}
  same = {'rule': 'tensorflow same', 'stride': 1}
  x, _ = _trunk(
    lambda b, i: get(f'conv{b}_{i}'), image, {1: valid, 2: valid, 3: valid, 4: same, 5: same}, taps, dilations=(5,)
  )
  for n in (1, 2):
    branches = [relu(conv(x, *get(f'decoder/inception_{n}_1')))]
    for k, dilation in ((2, 1), (3, 2), (4, 4)):
      name = f'decoder/inception_{n}_{k}'
      y = relu(conv(x, *get(f'{name}_reduce')))
      branches.append(relu(conv(y, *get(name), dilation=dilation)))
    x = taps[f'inception.{n}'] = np.concatenate(branches)
  grid = [(np.arange(n) + 0.5) / n - 0.5 for n in x.shape[1:]]
  gaussians = np.float32(
    [
      np.exp(-(grid[0][:, None] ** 2) / (2 * sy**2) - grid[1][None] ** 2 / (2 * sx**2))
      for sy in (0.125, 0.25, 0.5, 1)
      for sx in (0.125, 0.25, 0.5, 1)
    ]
  )
  for n in (1, 2):
    x = taps[f'biased.{n}'] = relu(conv(np.concatenate([x, gaussians]), *get(f'decoder/biased_{n}'), dilation=6))
  x = taps['output'] = conv(x, *get('decoder/output'))
  return taps | {'saliency': plain.resize(x, [8 * n for n in x.shape[1:]], _centres)}
