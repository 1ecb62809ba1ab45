"""The fixed split of OSIE is what its description says, and stays it."""

import hashlib

from saliency_jax.data import split
from saliency_jax.data.sources.osie import Osie
from saliency_jax.data.subset import subset


def test_the_parts_are_the_500_photographs():
  train, validation, test = map(split.split, ('train', 'validation', 'test'))
  assert (len(train), len(validation), len(test)) == (300, 100, 100)
  hashes = split.LIST.with_name('osie_photographs.sha256').read_text()
  assert sorted((*train, *validation, *test)) == sorted(
    line.split()[1].removesuffix('.jpg') for line in hashes.splitlines()
  )
  assert train == tuple(sorted(train))


def test_the_list_is_as_drawn():
  parts = [split.split(name) for name in ('validation', 'test', 'train')]
  order = split.shuffled(sum(parts, ()), seed=0)
  assert [*map(sorted, (order[:100], order[100:200], order[200:]))] == [*map(list, parts)]
  # A change here would mix what earlier runs trained on into the validation.
  assert hashlib.sha256(split.LIST.read_bytes()).hexdigest() == (
    '49eee6644f3272993faa573d3aaf9371e856efd4eb3f3ada2f30a9923c3604a4'
  )


def test_osie_has_all_of_it(osie_dir):
  source = Osie(osie_dir)
  parts = [subset(source, split.split(name)) for name in ('train', 'validation', 'test')]
  assert [len(part) for part in parts] == [300, 100, 100]
  assert parts[1][0].image_id == parts[1].image_ids[0]
