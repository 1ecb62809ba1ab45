"""The made results are what the page reads."""

from benchmarks import made_results
from saliency_jax.report.units import run


def test_they_are_read(tmp_path):
  made_results.make(tmp_path, images=3)
  results = run.read(tmp_path)
  assert sum(x.shape[1] for x in results.scores.values()) == 3072
  assert len(results.rows) == made_results.REGIONS
  assert len(results.kept.images) == len(results.kept.points) == 3
  assert len(results.groups) == 12
  for layer in results.layers:
    maps = results.kept.maps(layer)
    assert len(maps.units) > 1000
    assert maps.cells.shape[1:] in ((14, 14), (28, 28))
  assert results.kept.mask(2).max() > 1
