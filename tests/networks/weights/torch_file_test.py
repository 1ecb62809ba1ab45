"""Both layouts of torch.save, as torch 2.13 wrote them, and hostile streams."""

import pathlib
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saliency_jax.networks.weights import torch_file
from tests.networks.weights import made


@pytest.mark.parametrize('layout', ['', '_legacy'])
@pytest.mark.parametrize('content', ['vgg', 'kinds'])
def test_files_of_torch(content, layout):
  read = torch_file.arrays(made.FIXTURES / f'{content}{layout}.pth')
  with np.load(made.FIXTURES / f'{content}.npz') as expected:
    assert set(read) == set(expected.files)
    for name, array in expected.items():
      assert read[name].shape == array.shape, name
      if name != 'bfloat16':
        assert read[name].dtype == array.dtype, name
      np.testing.assert_array_equal(read[name].astype(array.dtype), array, err_msg=name)


# An assembler for pickles of protocol 2.


def _name(dotted: str) -> bytes:
  module, name = dotted.rsplit('.', 1)
  return f'c{module}\n{name}\n'.encode()


def _text(value: str) -> bytes:
  return b'X' + struct.pack('<I', len(value)) + value.encode()


def _number(value: int) -> bytes:
  return b'J' + struct.pack('<i', value)


def _tuple(*items: bytes) -> bytes:
  return b'(' + b''.join(items) + b't'


def _call(name: str, *arguments: bytes) -> bytes:
  return _name(name) + _tuple(*arguments) + b'R'


def _storage(size: int, key: str = '0', kind: str = 'torch.FloatStorage'):
  return _tuple(_text('storage'), _name(kind), _text(key), _text('cpu'), _number(size)) + b'Q'


def _tensor(size=4, offset=0, shape=(2, 2), strides=(2, 1), **storage):
  return _call(
    'torch._utils._rebuild_tensor_v2',
    _storage(size, **storage),
    _number(offset),
    _tuple(*map(_number, shape)),
    _tuple(*map(_number, strides)),
    b'\x89',
    _call('collections.OrderedDict'),
  )


def _dict(*items: bytes) -> bytes:
  return b'}(' + b''.join(items) + b'u'


def _write(
  folder: pathlib.Path, stream: bytes, data: bytes = b'', compression: int = zipfile.ZIP_STORED
) -> pathlib.Path:
  path = folder / 'made.pth'
  data = data or np.arange(4, dtype='<f4').tobytes()
  with zipfile.ZipFile(path, 'w', compression) as archive:
    archive.writestr('made/data.pkl', b'\x80\x02' + stream + b'.')
    archive.writestr('made/byteorder', 'little')
    archive.writestr('made/data/0', data)
  return path


@pytest.mark.parametrize('wrapper', ['', 'state_dict', 'model', 'model_state_dict'])
@pytest.mark.parametrize('name', ['a', 'module.a', '_orig_mod.a', 'module._orig_mod.a'])
def test_assembled_tensor(wrapper, name, tmp_path, caplog):
  stream = _dict(_text(name), _tensor())
  if wrapper:
    other = _dict(_text('b'), _tensor())
    rest = (_text('model_ema'), other, _text('schema'), other)
    if wrapper == 'model_state_dict':  # the only one, beside an optimizer's
      rest = (_text('optimizer'), _dict(_text('state'), b'}'))
    stream = _dict(_text('epoch'), _number(3), _text(wrapper), stream, *rest)
  read = torch_file.arrays(_write(tmp_path, stream))
  assert (f"has ['model_ema'] beside '{wrapper}'. The latter is read" in caplog.text) == (
    wrapper in ('state_dict', 'model')
  )
  assert list(read) == ['a']
  np.testing.assert_array_equal(read['a'], [[0, 1], [2, 3]])


@pytest.mark.parametrize(
  'call',
  [
    'posix.system',
    'os.system',
    'builtins.eval',
    'builtins.getattr',
    'torch.load',
    'torch.storage._load_from_bytes',
    'numpy.load',
  ],
)
def test_a_call_is_named_and_not_made(tmp_path, call):
  trace = tmp_path / 'trace'
  stream = _dict(_text('a'), _call(call, _text(f'touch {trace}')))
  with pytest.raises(ValueError, match=f'refers to {call},'):
    torch_file.arrays(_write(tmp_path, stream))
  assert not trace.exists()


@pytest.mark.parametrize(
  ('stream', 'reason'),
  [
    (b'\x8c\x02os\x8c\x06system\x93', 'operation SHORT_BINUNICODE'),
    (b'(cos\nsystem\no', 'refers to os.system'),
    (b'(S"true"\nios\nsystem\n', 'operation STRING'),
    (b'\x82\x01', 'operation EXT1'),
    (b'P0\n', 'operation PERSID'),
    (b'}b', 'never made'),
    (b'0', 'operation POP'),
    (b'R', 'never made'),
    (b'h\x05', 'never made'),
    (b'(u', 'never made'),
    (b'NN', 'does not end with one object'),
    (_name('collections.OrderedDict') + b'NR', 'NoneType where only a tuple'),
    (_text('a') + b')R', 'str where only a name'),
    (_dict(b')', b'N'), 'odd keys'),
    (_dict(_text('a')), 'key but no value'),
    (_text('a') + b'N' + b'b', 'state of something unknown'),
    (_tuple(_text('module'), _name('torch.Size'), b'N') + b'Q', 'outside that is no storage'),
    (_storage(-1), 'no state_dict'),
    (_call('torch.Size', _text('a')), 'str where only a tuple'),
    (_call('torch._utils._rebuild_tensor_v2', b'N'), 'way that is not known'),
    (_dict(_text('a'), _tensor(), _text('b'), _tensor(2, kind='torch.DoubleStorage')), 'described in two ways'),
    (_dict(_text('a'), b'N'), "'a' is no tensor"),
    (_dict(_number(1), _tensor()), 'entry 1 is no tensor'),
    (_dict(_text('a'), _tensor(), _text('module.a'), _tensor()), 'with and without'),
    (_text('a'), 'no state_dict'),
  ],
)
def test_hostile_streams(tmp_path, stream, reason):
  with pytest.raises(ValueError, match=reason):
    torch_file.arrays(_write(tmp_path, stream))


@pytest.mark.parametrize(
  'tensor',
  [
    _tensor(offset=1),
    _tensor(offset=-1),
    _tensor(strides=(3, 1)),
    _tensor(strides=(-2, 1)),
    _tensor(shape=(-2, 2)),
    _tensor(shape=(2, 3)),
    _tensor(shape=(8,), strides=(0,)),
    _tensor(offset=2**31 - 1),
    _tensor(shape=(2**31 - 1,) * 3, strides=(0, 0, 0)),
  ],
)
def test_a_view_stays_in_its_storage(tmp_path, tensor):
  path = _write(tmp_path, _dict(_text('a'), tensor))
  with pytest.raises(ValueError, match="'a' extends beyond its storage"):
    torch_file.arrays(path)


@pytest.mark.parametrize(
  'tensor',
  [
    _tensor(5),
    _tensor(8),
    _tensor(key='1'),
    _tensor(key='../data.pkl'),
    _tensor(shape=(4,)),
    _tensor(kind='torch.DoubleStorage'),
  ],
)
def test_a_storage_has_the_size_that_is_said(tmp_path, tensor):
  path = _write(tmp_path, _dict(_text('a'), tensor))
  with pytest.raises((ValueError, KeyError)):
    torch_file.arrays(path)


def test_compressed_members_are_refused(tmp_path):
  path = _write(tmp_path, _dict(_text('a'), _tensor()), bytes(1 << 20), zipfile.ZIP_DEFLATED)
  with pytest.raises(ValueError, match='is compressed'):
    torch_file.arrays(path)


def _write_legacy(folder: pathlib.Path, stream: bytes, little: bytes = b'\x88') -> pathlib.Path:
  path = folder / 'made.pth'
  magic = b'\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19'
  system = _dict(_text('little_endian'), little)
  pickles = (magic, b'M\xe9\x03', system, stream, b'](' + _text('0') + b'e')
  path.write_bytes(
    b''.join(b'\x80\x02' + each + b'.' for each in pickles) + struct.pack('<q', 4) + np.arange(4, dtype='<f4').tobytes()
  )
  return path


def test_a_legacy_storage_has_the_size_that_is_said(tmp_path):
  with pytest.raises(ValueError, match="storage '0' is cut off or of another size"):
    torch_file.arrays(_write_legacy(tmp_path, _dict(_text('a'), _tensor(3, shape=(3,), strides=(1,)))))
  path = _write_legacy(tmp_path, _dict(_text('a'), _tensor(4)))
  path.write_bytes(path.read_bytes()[:-4])
  with pytest.raises(ValueError, match="storage '0' is cut off or of another size"):
    torch_file.arrays(path)


def test_a_legacy_file_of_a_big_endian_machine_is_refused(tmp_path):
  with pytest.raises(ValueError, match='by a big-endian machine'):
    torch_file.arrays(_write_legacy(tmp_path, _dict(_text('a'), _tensor()), little=b'\x89'))


def test_parameters_before_torch_0_4(tmp_path):
  # A Parameter was made empty, or of its tensor, and then got its state; the
  # tensor came from _rebuild_tensor. So torchvision's first files are.
  tensor = _call(
    'torch._utils._rebuild_tensor', _storage(4)[:-2] + b'Nt' + b'Q', _number(0), _tuple(_number(4)), _tuple(_number(1))
  )
  old = _name('torch.nn.parameter.Parameter') + b')\x81' + _tuple(tensor, b'N', b'N', b'\x88', b'\x89') + b'b'
  new = _name('torch.nn.parameter.Parameter') + _tuple(tensor) + b'\x81' + _tuple(b'\x88', b'\x89', b'N') + b'b'
  for parameter in (old, new):
    stream = _call('collections.OrderedDict') + b'(' + (_text('a') + parameter + b'u')
    read = torch_file.arrays(_write_legacy(tmp_path, stream))
    np.testing.assert_array_equal(read['a'], [0, 1, 2, 3])


def test_dictionary_of_python_2(tmp_path):
  # A list of pairs as the argument, and keys that are byte strings.
  pair = b'](U\x01a' + _tensor(shape=(4,), strides=(1,)) + b'e'
  stream = _call('collections.OrderedDict', b'](' + pair + b'e')
  read = torch_file.arrays(_write(tmp_path, stream))
  np.testing.assert_array_equal(read['a'], [0, 1, 2, 3])


@pytest.mark.parametrize('name', ['vgg.pth', 'vgg_legacy.pth'])
def test_cut_off_anywhere(tmp_path, name):
  whole = (made.FIXTURES / name).read_bytes()
  path = tmp_path / 'cut.pth'
  for length in {*range(0, len(whole), 97), len(whole) - 1}:
    path.write_bytes(whole[:length])
    with pytest.raises((ValueError, zipfile.BadZipFile)):
      torch_file.arrays(path)


# pickletools decodes the argument of an operation before it is refused.
@pytest.mark.filterwarnings('ignore:invalid escape sequence')
@settings(max_examples=150)
@given(st.data())
def test_changed_bytes_never_do_anything_else(tmp_path_factory, data):
  name = data.draw(st.sampled_from(['kinds.pth', 'kinds_legacy.pth']))
  content = bytearray((made.FIXTURES / name).read_bytes())
  for _ in range(data.draw(st.integers(1, 4))):
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] = data.draw(st.integers(0, 255))
  path = tmp_path_factory.getbasetemp() / 'changed.pth'
  path.write_bytes(content)
  try:
    read = torch_file.arrays(path)
  except (
    ValueError,
    KeyError,
    RuntimeError,
    NotImplementedError,
    OverflowError,
    EOFError,
    OSError,
    zipfile.BadZipFile,
  ):
    return  # what `formats` turns into one sentence
  with np.errstate(all='ignore'):
    for array in read.values():
      array.astype(np.float32).sum()  # reads every element
