"""Reading MATLAB's files, version 5 to 7, with every length checked.

MathWorks, "MAT-File Format", 2019: a file is a row of elements, each a type, a
length in bytes and data; an element of type matrix holds its class, its size,
its name and its content as elements again. scipy.io.loadmat trusts what it
reads: one changed byte can make it claim all memory or end the process.
"""

import math
import os
import pathlib
import struct
import zlib
from collections.abc import Iterator

import numpy as np

from saliency_jax import outside
from saliency_jax.errors import InputError

_HEADER = 128  # bytes
_LEAST = 2**26  # bytes that any file may unpack to; OSIE has 5 MB
_OBJECT = 200  # bytes that a value takes in Python, beside its content
_MAX_AXES = 8
_MAX_DEPTH = 16  # OSIE: a cell of structures of a cell of structures of numbers

_SIZES, _MATRIX, _COMPRESSED = 5, 14, 15
_NUMBERS = {1: 'i1', 2: 'u1', 3: 'i2', 4: 'u2', 5: 'i4', 6: 'u4', 7: 'f4', 9: 'f8', 12: 'i8', 13: 'u8'}
_TEXT = {16: 'utf-8', 17: 'utf-16', 18: 'utf-32'}

_CELL, _STRUCT, _CHAR, _SPARSE = 1, 2, 4, 5
_NUMERIC = range(6, 16)
_COMPLEX = 0x800  # a flag beside the class
_FULL = "a matrix is sparse, save MATLAB's full() of it"


# What a variable can be: numbers in MATLAB's own shape (two axes or more), a
# text, or, with the elements in MATLAB's order (columns first), a cell's
# contents or the elements of a structure array.
Value = np.ndarray | str | list['Value'] | list[dict[str, 'Value']]


def load(path: str | os.PathLike, name: str) -> Value | None:
  """Reads one variable of a file; see `parse`.

  Raises:
    InputError: the file cannot be read, or is damaged.
  """
  with outside.reading(path, 'MATLAB file'):
    return parse(pathlib.Path(path).read_bytes(), name)


def read_matrix(path: str | os.PathLike) -> np.ndarray:
  """Reads the one matrix of numbers in a file.

  Raises:
    InputError: the file cannot be read, is damaged, or has none or several.
  """
  with outside.reading(path, 'MATLAB file'):
    # A single number, or a list, is something else beside the matrix.
    found = {name: value for name, value in matrices(pathlib.Path(path).read_bytes()) if min(value.shape) > 1}
  if len(found) != 1:
    raise InputError(
      f'{path} holds {len(found)} matrices of numbers ({", ".join(found) or "none"}); save the map alone.'
    )
  return next(iter(found.values()))


def field(value: Value | None, name: str, kind: type, where: str):
  """Returns one field of a single structure.

  Args:
    value: what should be a structure: an array of one element, or an element.
    name: the field's.
    kind: the type that its value must have.
    where: the file and the place in it, for the error.

  Raises:
    InputError: there is no such field, or it is of another type.
  """
  structure = value[0] if isinstance(value, list) and len(value) == 1 else value
  found = structure.get(name) if isinstance(structure, dict) else None
  if not isinstance(found, kind):
    raise InputError(f'{where}: no proper field {name}; is it a file of this data set?')
  return found


def parse(data: bytes, name: str) -> Value | None:
  """Reads one variable of a file; the others may be of any class.

  Args:
    data: the file's bytes.
    name: the variable's.

  Returns:
    The variable, or None if the file has none of this name. A numeric array
    keeps its shape; a cell becomes a list, a structure array a list of dicts,
    whatever their shapes.

  Raises:
    ValueError: this is no such file, or it is damaged, or the variable is or
      holds a complex or sparse array, an object or a function.
  """
  reader = _reader(data)
  for kind, element in reader.variables(data):
    found, value = reader.variable(kind, element, 0, name)
    if found == name:
      return value
  return None


def matrices(data: bytes) -> Iterator[tuple[str, np.ndarray]]:
  """Yields a file's variables that are arrays of numbers, in its order.

  Raises:
    ValueError: this is no such file, or it is damaged, or its matrices are
      sparse, beside numbers and lists at most.
  """
  reader, sparse, dense = _reader(data), None, False
  for kind, element in reader.variables(data):
    name, _ = reader.variable(kind, element, 0, only=None)
    try:
      _, value = reader.variable(kind, element, 0, name)
      if isinstance(value, np.ndarray):
        dense |= min(value.shape) > 1
        yield name, value
    except ValueError as error:  # A class that is no array of numbers.
      sparse = error if str(error) == _FULL else sparse
  if sparse and not dense:
    raise sparse


def _reader(data: bytes) -> '_Reader':
  order = {b'IM': '<', b'MI': '>'}.get(data[126:_HEADER])
  if order is None:
    raise ValueError('it is no MATLAB file')
  if data[124:126] not in (b'\0\1', b'\1\0'):
    raise ValueError('it is of version 7.3, save it with -v7')
  return _Reader(order, outside.Budget(len(data), _LEAST))


class _Reader:
  """Reads elements in one byte order, at a place that each call moves on."""

  def __init__(self, order: str, budget: outside.Budget):
    self._order, self._budget = order, budget
    self._words = struct.Struct(f'{order}II').unpack_from
    self._types = {kind: np.dtype(order + name) for kind, name in _NUMBERS.items()}

  def element(self, data: memoryview, place: int) -> tuple[int, memoryview, int]:
    """Returns an element's type and content, and where the next one begins."""
    if len(data) - place < 8:
      raise ValueError('it ends too early')
    kind, size = self._words(data, place)
    if kind >> 16:  # A short one: its length is in the type's word.
      kind, size = kind & 0xFFFF, kind >> 16
      if size > 4:
        raise ValueError('an element is longer than its place')
      return kind, data[place + 4 : place + 4 + size], place + 8
    start, end = place + 8, place + 8 + size
    if end > len(data):
      raise ValueError('it ends too early')
    # All but compressed elements fill up to 8 bytes.
    return kind, data[start:end], end + (kind != _COMPRESSED) * (-size % 8)

  def variables(self, data: bytes) -> Iterator[tuple[int, memoryview]]:
    """Yields the type and content of every variable of a file, unpacked."""
    content, place = memoryview(data)[_HEADER:], 0
    while place < len(content):
      kind, element, place = self.element(content, place)
      if kind == _COMPRESSED:
        kind, element, _ = self.element(self._unpacked(element), 0)
      yield kind, element

  def variable(self, kind: int, data: memoryview, depth: int, only: str | None = '') -> tuple[str, Value | None]:
    """Returns the name and value of an element of type matrix.

    The parts of a cell or a structure have no name; of variables with a name,
    the value is read of `only` that one, or of none.
    """
    if kind != _MATRIX:
      raise ValueError('an element is no matrix')
    self._budget.take(_OBJECT)
    if not data:
      return '', np.zeros((0, 0))
    if depth > _MAX_DEPTH:
      raise ValueError('it is nested too deeply')
    _, flags, place = self.element(data, 0)
    kind, sizes, place = self.element(data, place)
    _, name, place = self.element(data, place)
    name = _name(name)
    if name != only:
      return name, None
    if len(flags) != 8 or kind != _SIZES:
      raise ValueError('an array has no class or size')
    flags, _ = self._words(flags)
    sizes = self._numbers(kind, sizes).tolist()
    if min(sizes, default=-1) < 0 or not 2 <= len(sizes) <= _MAX_AXES:
      raise ValueError('an array has no size')
    count = math.prod(sizes)
    if flags & _COMPLEX:
      raise ValueError('a number is complex')
    class_ = flags & 0xFF
    if class_ == _CELL:
      return name, self._several(data, place, count, depth)
    if class_ == _STRUCT:
      return name, self._structures(data, place, count, depth)
    kind, content, _ = self.element(data, place)
    if class_ == _CHAR:
      return name, self._characters(kind, content)
    if class_ not in _NUMERIC:
      raise ValueError(_FULL if class_ == _SPARSE else f'a variable is of the class {class_}')
    values = self._numbers(kind, content)
    if len(values) != count:
      raise ValueError('an array has another size than it says')
    try:
      return name, values.reshape(sizes, order='F')
    except ValueError as error:  # Nothing, along axes of billions.
      raise ValueError('an array has no size') from error

  def _several(self, data: memoryview, place: int, count: int, depth: int) -> list[Value]:
    values = []
    for _ in range(count):  # Whatever it claims, the data end it.
      kind, content, place = self.element(data, place)
      values.append(self.variable(kind, content, depth + 1)[1])
    return values

  def _structures(self, data: memoryview, place: int, count: int, depth: int) -> list[dict[str, Value]]:
    kind, length, place = self.element(data, place)
    _, names, place = self.element(data, place)
    length = self._numbers(kind, length).tolist()
    if len(length) != 1 or length[0] < 1 or len(names) % length[0]:
      raise ValueError('the names of fields are damaged')
    fields = [_name(names[start : start + length[0]]) for start in range(0, len(names), length[0])]
    self._budget.take(_OBJECT * count)
    values = self._several(data, place, count * len(fields), depth)
    return [
      dict(zip(fields, values[start : start + len(fields)], strict=True))
      for start in range(0, len(values), len(fields) or 1)
    ]

  def _numbers(self, kind: int, data: memoryview) -> np.ndarray:
    dtype = self._types.get(kind)
    if dtype is None or len(data) % dtype.itemsize:
      raise ValueError('an array of numbers is damaged')
    return np.frombuffer(data, dtype)

  def _characters(self, kind: int, data: memoryview) -> str:
    coding = _TEXT.get(kind)
    self._budget.take(8 * len(data))
    try:
      if coding is None:  # Numbers of characters, of any width.
        numbers = self._numbers(kind, data)
        wide = 'u2' if numbers.itemsize == 2 else 'u4'
        return numbers.astype(f'<{wide}').tobytes().decode('utf-16-le' if wide == 'u2' else 'utf-32-le')
      if coding != 'utf-8':
        coding += '-le' if self._order == '<' else '-be'
      return str(data, coding)
    except (ValueError, OverflowError, TypeError) as error:
      raise ValueError('a text is damaged') from error

  def _unpacked(self, data: memoryview) -> memoryview:
    unpacker = zlib.decompressobj()
    try:
      unpacked = unpacker.decompress(data, self._budget.left + 1)
    except zlib.error as error:
      raise ValueError('a compressed element is damaged') from error
    self._budget.take(len(unpacked))
    if not unpacker.eof:
      raise ValueError('a compressed element is cut off')
    return memoryview(unpacked)


def _name(data: memoryview) -> str:
  """Returns an ASCII name up to its first zero byte."""
  try:
    return bytes(data).split(b'\0', 1)[0].decode('ascii')
  except UnicodeDecodeError as error:
    raise ValueError('a name is damaged') from error
