"""What the page draws: every file against the records and brute force."""

import h5py
import ml_collections
import numpy as np
import pytest
from PIL import Image

from saliency_jax import ledger, workdir
from saliency_jax.data import pixel_sets
from saliency_jax.data.types import Record, no_regions
from saliency_jax.experiments import exported_maps, measurement, thumbnails
from saliency_jax.experiments.forward import Probe
from saliency_jax.networks import heads
from saliency_jax.ops import association, pixel_weights
from tests import brute_force, tiny
from tests.experiments import made

WANTED = ml_collections.ConfigDict({'units': 2, 'examples': 1, 'also': ('conv4_1:3',), 'all_units': True})
READOUT = {'kernel': np.random.default_rng(1).normal(size=(1, 1, 7, 1)).astype('f4')}
COUNT = 11
SHOWN = np.array([0, 1, 2, 4, 5, 6, 7, 9, 10])  # 5 and 10 have no region
FILES = {'images.csv', 'pictures', 'masks', 'fixations.npz', 'maps', 'saliency.npz'}


class Photographs(made.Photographs):
  """Some have fewer pixels than maps have cells, and moments of their own."""

  def __getitem__(self, index: int) -> Record:
    record = super().__getitem__(index)
    if index % 3 != 1:
      return record
    height, width = 5, 7
    return record._replace(
      image=record.image[:height, :width],
      fixations=(record.fixations % (height, width)).astype(np.int32),
      regions=record.regions._replace(masks=record.regions.masks[:, :height, :width]),
    )


def trained() -> Probe:
  """A network with a readout, as training leaves one."""
  probe = made.probe()
  network = heads.attach(probe.network, heads.READOUT, READOUT)
  return probe._replace(network=network.replace(provenance=network.provenance._replace(depth=0)))


def export(folder, shown=SHOWN, devices=1, wanted=WANTED):
  """Measures the made photographs and exports what the page shows."""
  source, choose = Photographs(COUNT), pixel_sets.distinct_fixations_in_regions
  with tiny.devices(devices):
    rows = measurement.measure(trained(), source, choose, ledger=ledger.Ledger(folder.parent / 'ledger', {'': 1})).rows
    source.reads.clear()
    out = workdir.Folder(str(folder), {})
    exported_maps.write(out, trained(), source, rows, images=shown, masks=pixel_sets.regions, report=wanted)
  return source


@pytest.fixture(scope='module')
def done(tmp_path_factory):
  folder = tmp_path_factory.mktemp('exported') / 'out'
  source, network = export(folder), made.probe().network
  return folder, source, [{tap: x[0] for tap, x in network.maps(source[i].image, made.TAPS).items()} for i in SHOWN]


def standardised(x, size):
  """A map in cells `[h, w]`, by the mean and deviation of its pixels."""
  pixels = brute_force.upsample(x, size)
  if np.ptp(x) == 0:
    return np.zeros_like(x)
  return (x - pixels.mean()) / pixels.std()


def test_every_shown_image_is_listed_with_its_picture_and_its_sets(done):
  folder, source, _ = done
  listed = made.listed(folder)
  assert list(listed[0]) == ['image_id', 'picture', 'height', 'width']
  assert [row['image_id'] for row in listed] == [f'{i:03d}' for i in SHOWN]
  assert {path.name for path in folder.iterdir()} == FILES | {'config.json'}
  for k, (i, row) in enumerate(zip(SHOWN, listed, strict=True)):
    record = source[i]
    size = record.image.shape[:2]
    assert (int(row['height']), int(row['width'])) == size
    assert row['picture'] == f'pictures/{k:05d}.jpg'
    with Image.open(folder / row['picture']) as picture:
      assert picture.format == 'JPEG'
      assert picture.size == size[::-1]  # small ones are not enlarged
    with Image.open(folder / f'masks/{k:05d}.png') as mask:
      assert mask.mode == 'I;16'
      mask = np.asarray(mask)
    expected = np.zeros(size, int)
    for row in range(len(record.regions.ids)):
      expected[record.regions.masks[row]] = row + 1  # the later one wins
    np.testing.assert_array_equal(mask, expected)
  assert len(list((folder / 'pictures').iterdir())) == len(SHOWN)
  assert len(list((folder / 'masks').iterdir())) == len(SHOWN)


def test_fixations_are_all_there_image_by_image(done):
  folder, source, _ = done
  with np.load(folder / 'fixations.npz') as file:
    points, offsets = file['points'], file['offsets']
  assert (points.dtype, offsets.dtype) == (np.int32, np.int64)
  for k, i in enumerate(SHOWN):
    np.testing.assert_array_equal(points[offsets[k] : offsets[k + 1]], source[i].fixations)
  assert offsets.tolist() == [30 * k for k in range(len(SHOWN) + 1)]


def test_every_exported_map_equals_brute_force(done):
  folder, source, maps_of = done
  checked = 0
  for layer in made.TAPS:
    with np.load(folder / 'maps' / f'{layer}.npz') as file:
      units, on, maps = file['units'], file['images'], file['maps']
    assert maps.dtype == np.float16
    order = list(zip(units, on, strict=True))
    assert order == sorted(set(order))
    for unit, k, x in zip(units, on, maps, strict=True):
      record = source[SHOWN[k]]
      expected = standardised(maps_of[k][layer][..., unit], record.image.shape[:2])
      np.testing.assert_allclose(x, expected, rtol=2e-3, atol=2e-3)
      checked += 1
    assert {(3, k) for k in range(len(SHOWN))} <= set(order) or (layer != 'conv4_1')
  assert checked > 30


def test_the_exported_saliency_scores_as_the_output_does(done):
  folder, source, maps_of = done
  with np.load(folder / 'saliency.npz') as file:
    maps = file['maps']
  assert maps.dtype == np.float16
  for k, i in enumerate(SHOWN):
    record = source[i]
    size, points = record.image.shape[:2], record.fixations
    output = maps_of[k]['conv5_3'] @ READOUT['kernel'][0, 0]
    score = association.associate(output, pixel_weights.cell_weights([points], size, output.shape[:2]))
    drawn = brute_force.upsample(maps[k], size)
    np.testing.assert_allclose(drawn[tuple(points.T)].mean(), score[0, 0], atol=2e-3)
    assert abs(drawn.mean()) < 2e-3
    assert drawn.std() == pytest.approx(1, abs=2e-3)


def test_all_units_can_be_read_in_part(done):
  folder, source, maps_of = done
  with h5py.File(folder / 'maps/all.h5') as file:
    assert set(file) == set(made.TAPS)
    for layer in made.TAPS:
      stored = file[layer]
      assert stored.dtype == np.float16
      assert stored.compression == 'gzip'
      assert stored.shuffle
      units = made.WIDTHS[layer]
      assert stored.shape[:2] == (len(SHOWN), units)
      # Neither all images nor, of a real network, all units have to be read.
      assert stored.chunks == (8, min(units, 8), *stored.shape[2:])
      record = source[SHOWN[8]]
      for unit, x in enumerate(stored[8]):
        np.testing.assert_allclose(
          x, standardised(maps_of[8][layer][..., unit], record.image.shape[:2]), rtol=2e-3, atol=2e-3
        )
      with np.load(folder / 'maps' / f'{layer}.npz') as kept_maps:
        for unit, k, x in zip(*(kept_maps[name] for name in ('units', 'images', 'maps')), strict=True):
          np.testing.assert_allclose(stored[k, unit], x, rtol=2e-3, atol=2e-3)


def test_eight_devices_export_the_same(done, tmp_path):
  export(tmp_path / 'out', devices=8)
  for name in ('maps/conv5_3.npz', 'maps/conv4_1.npz', 'saliency.npz'):
    with np.load(done[0] / name) as one, np.load(tmp_path / 'out' / name) as eight:
      assert one.files == eight.files
      for field in one.files:
        np.testing.assert_allclose(one[field], eight[field], rtol=2e-3, atol=2e-3)


def test_no_image_is_read_where_none_is_shown(tmp_path):
  source = export(tmp_path / 'out', shown=np.zeros(0, np.int32))
  assert not source.reads
  assert (tmp_path / 'out/images.csv').read_text() == ('image_id,picture,height,width\n')
  assert {path.name for path in (tmp_path / 'out').iterdir()} == {'config.json', 'images.csv'}


def test_large_images_become_small_pictures(tmp_path):
  gradient = np.linspace(0, 255, 1000 * 700).reshape(700, 1000, 1)
  image = np.repeat(gradient, 3, axis=2).astype(np.uint8)
  record = Record('a', image, np.zeros((0, 2), np.int32), no_regions(700, 1000))
  drawn = thumbnails.Writer(tmp_path, (7,), pixel_sets.regions)(record, 7)
  assert drawn.size.tolist() == [700, 1000]
  with Image.open(tmp_path / 'pictures/00000.jpg') as picture:
    assert picture.size == (640, 448)
    np.testing.assert_allclose(
      np.asarray(picture, float), np.asarray(Image.fromarray(image).resize((640, 448)), float), atol=6
    )
  with Image.open(tmp_path / 'masks/00000.png') as mask:
    assert not np.asarray(mask).any()
    assert mask.size == (1000, 700)
