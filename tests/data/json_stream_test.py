"""Large JSON in parts: the same values as json.loads, or an error as there."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saliency_jax.data import json_stream

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5)
    | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(max_size=3), inner, max_size=3), max_leaves=12)


def whole(text: str) -> dict:
  """Puts together what comes in parts; an empty list leaves no trace."""
  found = {}
  lists = {key for key, value in json.loads(text).items()
           if isinstance(value, list)}
  for key, value in json_stream.members(text):
    if key in lists:
      found.setdefault(key, []).append(value)
    else:
      found[key] = value
  return {**dict.fromkeys(lists, []), **found}


@settings(max_examples=200)
@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=5),
       st.sampled_from([None, 1]))
def test_the_parts_make_the_whole(value, indent):
  assert whole(json.dumps(value, indent=indent)) == value


@settings(max_examples=300)
@given(st.data())
def test_what_json_refuses_is_refused(data):
  text = '{"a": [1, {"b": [2]}], "c": {"d": null}, "e": "f"}'
  place = data.draw(st.integers(0, len(text)))
  other = data.draw(st.sampled_from(['', ',', '[', ']', '{', '}', '"', '0 ']))
  text = text[:place] + other + text[place + data.draw(st.integers(0, 2)):]
  try:
    fine = isinstance(json.loads(text), dict)
  except ValueError:
    fine = False
  if fine:
    list(json_stream.members(text))
  else:
    with pytest.raises(ValueError):  # noqa: PT011
      list(json_stream.members(text))
