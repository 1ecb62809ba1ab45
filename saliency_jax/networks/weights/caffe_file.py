"""The blobs of a .caffemodel, of Caffe's first (V1) and second format.

Field numbers: caffe.proto of Caffe 1.0 (NetParameter, V1LayerParameter,
LayerParameter, BlobProto).
"""

import numpy as np

from saliency_jax.networks.weights import protobuf

# The field of the layers in the net, of the name and of the blobs in a layer.
_V1 = (2, 4, 6)
_V2 = (100, 1, 7)
_FLOATS, _SHAPE, _DOUBLES, _SHAPE_DIMS = 5, 7, 8, 1
_SIZES = (1, 2, 3, 4)  # num, channels, height, width: the shape before `shape`


def arrays(data: memoryview) -> dict[str, np.ndarray]:
  """Returns the blobs as 'layer/0', 'layer/1', ...: views of `data`.

  A convolution has its kernel, output x input x height x width, in blob 0 and
  its bias in blob 1 (V1 writes it as 1 x 1 x 1 x C).

  Args:
    data: the bytes of the file.

  Raises:
    ValueError: these bytes are no Caffe net, or a blob has too few or too many
      values, or two layers with blobs share a name.
  """
  net = protobuf.Message(data)
  blobs = {}
  for layers, name, content in (_V1, _V2):
    for layer in net.messages(layers):
      for index, blob in enumerate(layer.messages(content)):
        key = f'{layer.text(name)}/{index}'
        if key in blobs:
          raise ValueError(f'it has two blobs {key!r}')
        blobs[key] = _array(blob, key)
  return blobs


def _array(blob: protobuf.Message, name: str) -> np.ndarray:
  if _SHAPE in blob:
    shape = blob.messages(_SHAPE)[-1].integers(_SHAPE_DIMS)
  else:
    shape = [blob.integer(size) for size in _SIZES]
  values = blob.floats(_DOUBLES, '<f8') if _DOUBLES in blob else blob.floats(_FLOATS, '<f4')
  return protobuf.shaped(values, shape, name)
