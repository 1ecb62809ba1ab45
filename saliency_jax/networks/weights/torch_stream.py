"""Reads the object that torch.save pickled, as data.

A pickle is a program for a stack machine, and a hostile one may call anything.
Here nothing is imported or called: the operations that a state_dict needs act
on plain values, the few functions it uses are replaced by the records below,
and any other operation or name is an error.
"""

import dataclasses
import pickletools
from typing import Any, BinaryIO

import ml_dtypes
import numpy as np

# torch's names of typed memory blocks, and the type of their elements.
_STORAGES = {
  'torch.FloatStorage': np.dtype('<f4'),
  'torch.DoubleStorage': np.dtype('<f8'),
  'torch.HalfStorage': np.dtype('<f2'),
  'torch.BFloat16Storage': np.dtype(ml_dtypes.bfloat16),
  'torch.LongStorage': np.dtype('<i8'),
  'torch.IntStorage': np.dtype('<i4'),
  'torch.ByteStorage': np.dtype('u1'),
  'torch.BoolStorage': np.dtype(bool),
}
_DICT = 'collections.OrderedDict'
_SIZE = 'torch.Size'
_PARAMETER = 'torch.nn.parameter.Parameter'  # as written before torch 0.4
# With the number of arguments; the first is from before torch 0.4.
_TENSORS = {'torch._utils._rebuild_tensor': (4,), 'torch._utils._rebuild_tensor_v2': (6, 7)}
_REBUILT_PARAMETER = 'torch._utils._rebuild_parameter'
_NAMES = {*_STORAGES, *_TENSORS, _DICT, _SIZE, _PARAMETER, _REBUILT_PARAMETER}

_CONSTANTS = {'NONE': None, 'NEWTRUE': True, 'NEWFALSE': False}
_TUPLES = ('EMPTY_TUPLE', 'TUPLE1', 'TUPLE2', 'TUPLE3')


@dataclasses.dataclass(frozen=True)
class Storage:
  """A block of memory that the file keeps outside the pickle."""

  key: str
  dtype: np.dtype
  size: int  # elements


@dataclasses.dataclass(frozen=True)
class Tensor:
  """A view of a storage; offset and strides count elements, unchecked."""

  storage: Storage
  offset: int
  shape: tuple[int, ...]
  strides: tuple[int, ...]


@dataclasses.dataclass
class Parameter:
  """A trainable tensor; old files set the tensor after creating it."""

  tensor: Tensor | None


@dataclasses.dataclass(frozen=True)
class _Name:
  """A class or function that the stream names; it is never looked up."""

  name: str


def interpret(stream: BinaryIO) -> tuple[Any, dict[str, Storage]]:
  """Interprets one pickle of protocol 2, and leaves the position after it.

  Returns:
    The object, made of None, bool, int, float, str, tuple, list, dict,
    `Storage`, `Tensor` and `Parameter`; and all its storages by key.

  Raises:
    ValueError: the stream is truncated or garbage, or does something that a
      state_dict does not need; the message names it.
  """
  machine = _Machine()
  try:
    for operation, argument, _ in pickletools.genops(stream):
      if operation.name == 'STOP':
        break
      machine.step(operation.name, argument)
  except (IndexError, KeyError):
    raise ValueError('its pickle uses a value that was never made') from None
  if len(machine.stack) != 1:
    raise ValueError('its pickle does not end with one object')
  return machine.stack[0], machine.storages


class _Machine:
  """The stack, the stacks below marks, the memo, and the operations."""

  def __init__(self):
    self.stack: list[Any] = []
    self.storages: dict[str, Storage] = {}
    self._below: list[list[Any]] = []
    self._memo: dict[int, Any] = {}

  def step(self, operation: str, argument: Any) -> None:
    match operation:
      case 'PROTO':
        pass
      case 'BININT' | 'BININT1' | 'BININT2' | 'LONG1' | 'BINFLOAT' | 'BINUNICODE' | 'BINSTRING' | 'SHORT_BINSTRING':
        self.stack.append(argument)
      case 'NONE' | 'NEWTRUE' | 'NEWFALSE':
        self.stack.append(_CONSTANTS[operation])
      case 'EMPTY_TUPLE' | 'TUPLE1' | 'TUPLE2' | 'TUPLE3':
        self.stack.append(tuple(self._last(_TUPLES.index(operation))))
      case 'TUPLE':
        items = self._since_mark()  # replaces self.stack
        self.stack.append(tuple(items))
      case 'MARK':
        self._below.append(self.stack)
        self.stack = []
      case 'EMPTY_LIST' | 'EMPTY_DICT':
        self.stack.append([] if operation == 'EMPTY_LIST' else {})
      case 'APPEND' | 'APPENDS':
        items = self._last(1) if operation == 'APPEND' else self._since_mark()
        _of(list, self.stack[-1]).extend(items)
      case 'SETITEM' | 'SETITEMS':
        items = self._last(2) if operation == 'SETITEM' else self._since_mark()
        _fill(_of(dict, self.stack[-1]), items[::2], items[1::2])
      case 'BINPUT' | 'LONG_BINPUT':
        self._memo[argument] = self.stack[-1]
      case 'BINGET' | 'LONG_BINGET':
        self.stack.append(self._memo[argument])
      case 'GLOBAL':
        self.stack.append(_allowed(argument))
      case 'REDUCE' | 'NEWOBJ':
        function, arguments = self._last(2)
        self.stack.append(_made(_of(_Name, function).name, _of(tuple, arguments)))
      case 'BUILD':
        (state,) = self._last(1)
        _build(self.stack[-1], state)
      case 'BINPERSID':
        self.stack.append(self._storage(self.stack.pop()))
      case _:
        raise ValueError(f'its pickle uses the operation {operation}, which no state_dict needs')

  def _last(self, count: int) -> list[Any]:
    return [self.stack.pop() for _ in range(count)][::-1]

  def _since_mark(self) -> list[Any]:
    items, self.stack = self.stack, self._below.pop()
    return items

  def _storage(self, reference: Any) -> Storage:
    """Reads ('storage', type, key, device, size) and an optional None."""
    match reference:
      case ('storage', _Name(kind), str(key), str(), int(size), *view) if kind in _STORAGES and view in ([], [None]):
        storage = Storage(key, _STORAGES[kind], size)
        # Two dtypes over one block would interpret the same bytes in two ways.
        if self.storages.setdefault(key, storage) != storage:
          raise ValueError(f'its storage {key!r} is described in two ways')
        return storage
    raise ValueError('it refers to something outside that is no storage')


def _of(kind: type, value: Any) -> Any:
  if not isinstance(value, kind):
    raise ValueError(
      f'its pickle has a {type(value).__name__} where only a {kind.__name__.strip("_").lower()} makes sense'
    )
  return value


def _allowed(argument: str) -> _Name:
  name = argument.replace(' ', '.')
  if name not in _NAMES:
    raise ValueError(f'its pickle refers to {name}, and only tensors, storages and dictionaries are read')
  return _Name(name)


def _fill(target: dict, keys: list[Any], values: list[Any]) -> None:
  if len(keys) != len(values):
    raise ValueError('its pickle has a dictionary with a key but no value')
  for key, value in zip(keys, values, strict=True):
    # Hashing tuples nested by reference would take exponential time.
    if not isinstance(key, str | int):
      raise ValueError('its pickle has a dictionary with odd keys')
    target[key] = value


def _made(name: str, arguments: tuple) -> Any:
  if name == _DICT and len(arguments) <= 1:
    result = {}
    for pair in _of(list, arguments[0]) if arguments else []:
      match pair:
        case (key, value):
          _fill(result, [key], [value])
        case _:
          raise ValueError('its pickle makes a dictionary of no pairs')
    return result
  if name == _SIZE and len(arguments) == 1:
    return _of(tuple, arguments[0])
  if len(arguments) in _TENSORS.get(name, ()):
    storage, offset, shape, strides = arguments[:4]
    for number in (offset, *_of(tuple, shape), *_of(tuple, strides)):
      _of(int, number)
    return Tensor(_of(Storage, storage), offset, shape, strides)
  if name == _REBUILT_PARAMETER and len(arguments) == 3:
    return Parameter(_of(Tensor, arguments[0]))
  if name == _PARAMETER:
    return Parameter(_of(Tensor, arguments[0]) if arguments else None)
  raise ValueError(f'its pickle calls {name} in a way that is not known')


def _build(target: Any, state: Any) -> None:
  """Sets an object's state; only an old parameter's tensor matters."""
  match target, state:
    case dict(), dict():
      pass  # a state_dict's attribute _metadata, the versions of its layers
    case Parameter(None), (Tensor(), _, _, _, _):
      target.tensor = state[0]
    case Parameter(Tensor()), (_, _, _):
      pass  # whether it is trainable, and hooks
    case _:
      raise ValueError('its pickle sets the state of something unknown')
