"""What is wrong with a sweep's config is said before anything is trained."""

import pytest

from saliency_jax.errors import InputError
from saliency_jax.experiments import depth
from tests.data import made as made_data
from tests.experiments.depth_test import small


@pytest.mark.parametrize(
  ('change', 'said'),
  [
    ({'measured': ('region',)}, "'region'"),
    ({'measured': ('popout',), 'popout.data.count': 0}, 'count'),
    ({'regions.analysis.top_units': 0}, 'top_units'),
    ({'popout.data.batch_size': 0}, 'batch_size'),
    ({'regions.analysis.fixations': 'some'}, "'some'"),
    ({'popout.report.units': -1}, 'report.units'),
    ({'regions.network.taps': ('conv4_1',)}, 'lacks conv5_3'),
    ({'popout.network.taps': ('conv5_3', 'conv6')}, "'conv6'"),
    ({'before_after.units': ('conv5_3',)}, "'conv5_3'"),
    ({'before_after.units': ('conv3_1:0',)}, 'conv3_1'),
    ({'before_after.units': ('conv5_3:7',)}, 'has 7 units, counted from 0'),
    ({'before_after.units': ('best:',)}, "'best:'"),
    ({'before_after.units': ('best:face',)}, "labelled 'face'"),
    ({'before_after.images': ('nowhere',)}, "'nowhere'"),
    ({'data.kind': 'table', 'regions.data.dir': ''}, 'give --config.data.dir'),
    ({'before_after.count': -1}, 'count'),
  ],
)
def test_what_is_wrong_is_said_before_training(change, said, tiny_osie):
  config = small(tiny_osie)
  config.update_from_flattened_dict(change)
  with pytest.raises(InputError, match=said):
    depth.open_sources(config)


def test_photographs_without_regions_are_refused(tiny_osie, tmp_path):
  config = small(tiny_osie)
  empty = tmp_path / 'labelme'
  for image_id, size in made_data.SIZES.items():
    made_data.labelme(empty / f'{image_id}.json', *size, [])
  config.regions.data.regions = str(empty)
  with pytest.raises(InputError, match='labelled region'):
    depth.open_sources(config)
