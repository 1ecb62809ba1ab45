"""The blobs of a .caffemodel, in Caffe's first (V1) or second format.

Field numbers: caffe.proto of Caffe 1.0.
"""

import pathlib

import numpy as np
from google.protobuf.message import Message

from saliency_jax.networks.weights import protobuf_messages

_SIZES = ('num', 'channels', 'height', 'width')  # a blob's shape in files without `shape`
_CAFFE = protobuf_messages.defined(
  NetParameter={'layers': (2, 'V1LayerParameter*'), 'layer': (100, 'LayerParameter*')},
  V1LayerParameter={'name': (4, 'string'), 'blobs': (6, 'BlobProto*')},
  LayerParameter={'name': (1, 'string'), 'blobs': (7, 'BlobProto*')},
  BlobProto={
    **{name: (number, 'int32') for number, name in enumerate(_SIZES, 1)},
    'data': (5, 'float*'),
    'shape': (7, 'BlobShape'),
    'double_data': (8, 'double*'),
  },
  BlobShape={'dim': (1, 'int64*')},
)


def arrays(path: pathlib.Path) -> dict[str, np.ndarray]:
  """Returns the blobs as 'layer/0', 'layer/1', ...

  A convolution has its kernel, output x input x height x width, in blob 0 and
  its bias in blob 1 (1 x 1 x 1 x C in V1).

  Raises:
    ValueError: a blob has too few or too many values, or two layers with blobs
      share a name. See also `protobuf_messages.read`.
  """
  net = protobuf_messages.read(_CAFFE.NetParameter, path)
  blobs = {}
  for layer in (*net.layers, *net.layer):
    for index, blob in enumerate(layer.blobs):
      key = f'{layer.name}/{index}'
      if key in blobs:
        raise ValueError(f'it has two blobs {key!r}')
      blobs[key] = _array(blob, key)
  return blobs


def _array(blob: Message, name: str) -> np.ndarray:
  shape = blob.shape.dim if blob.HasField('shape') else [getattr(blob, size) for size in _SIZES]
  values = np.array(blob.double_data, '<f8') if blob.double_data else np.array(blob.data, '<f4')
  return protobuf_messages.shaped(values, shape, name)
