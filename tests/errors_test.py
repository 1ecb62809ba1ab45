"""What sentences quote of files: short, on one line, without control."""

import pytest

from saliency_jax import outside
from saliency_jax.errors import InputError, quoted


@pytest.mark.parametrize(
  'text', ['x' * 60_000, '\x1b[2J\n', '\u202egpj.exe', "it's 'so'" * 9000, '\ud800', 'a b ' * 20_000]
)
def test_quotations_are_bounded_and_escaped(text):
  for part in (repr(text), quoted(text), text):
    message = str(InputError(f'a.csv, row 3: {part} is no number; give one.'))
    assert message.startswith('a.csv, row 3: ')
    assert message.endswith(' is no number; give one.')
    assert message.isprintable()
    assert len(message) < 1100
  assert len(quoted(text)) < 100


def test_a_sentence_stays_as_it_is():
  said = "A's b's 'c' in \"d\"; e."
  assert str(InputError(said)) == said


def test_json_of_another_shape_is_refused(tmp_path):
  (tmp_path / 'a.json').write_text('{"members": []}')
  assert outside.read_json(tmp_path / 'a.json') == {'members': []}
  for shape in ({'members': dict}, {'seconds': dict}, [int]):
    with pytest.raises(InputError, match=r'a\.json is no usable JSON file'):
      outside.read_json(tmp_path / 'a.json', shape=shape)
