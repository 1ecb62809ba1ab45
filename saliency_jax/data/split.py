"""The fixed split of OSIE: 300 photographs train, 100 validate, 100 test.

`annotations/osie_split.csv` (image_id, split) names the 500 photographs listed
in `annotations/osie_photographs.sha256`. The other 200 of OSIE's 700 are in no
part, even if the whole set is read: nothing is trained on them.

The list is sorted by the SHA-256 of '<seed>:<image_id>'; the first 100 validate
and the next 100 test. The seed is 0, not one chosen for its results.
"""

import csv
import hashlib
import pathlib
from collections.abc import Iterable

LIST = pathlib.Path(__file__).parent / 'annotations' / 'osie_split.csv'
PARTS = ('train', 'validation', 'test')


def split(name: str) -> tuple[str, ...]:
  """Returns the ids of one of `PARTS` of OSIE, sorted."""
  with LIST.open(newline='') as file:
    return tuple(sorted(row['image_id'] for row in csv.DictReader(file) if row['split'] == name))


def shuffled(image_ids: Iterable[str], seed: int) -> list[str]:
  """Returns names in an order that depends only on the names and the seed."""
  return sorted(image_ids, key=lambda image_id: hashlib.sha256(f'{seed}:{image_id}'.encode()).digest())
