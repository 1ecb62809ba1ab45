"""What Figures 5 and 6 draw: images, and units' maps in every member."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from saliency_jax import progress, schema
from saliency_jax.data import pixel_sets
from saliency_jax.data.types import Source
from saliency_jax.experiments import exported_maps, thumbnails
from saliency_jax.experiments.depth_views import View
from saliency_jax.experiments.forward import Forward, Probe, Settings
from saliency_jax.networks.network import Network
from saliency_jax.workdir import Folder

_MASKS = {'regions': pixel_sets.regions, 'popout': pixel_sets.target}


def write(
    folder: Folder, chosen: Mapping[str, Sequence[View]],
    sources: Mapping[str, Source],
    members: Mapping[str, Callable[[], Network]], *, base: str,
    settings: Mapping[str, Settings]
) -> None:
  """Writes `before_after/`: `schema.VIEWS`, `schema.VIEW_MAPS` and pictures.

  `views.json` has `base`, `members`, and `views`, of each the fields of `View`,
  its `kind`, the paths of its `picture` and `mask` in the sweep's folder, and
  the image's `height` and `width` in pixels.

  Raises:
    InputError: if an image cannot be read any more.
  """
  inside = schema.VIEWS.path.partition('/')[0]
  listed = [
      (kind, view, sources[kind].image_ids.index(view.image_id))
      for kind, views in chosen.items() for view in views]
  maps: list[list[np.ndarray]] = [[] for _ in listed]
  sizes: dict[int, list[int]] = {}
  for load in progress.track(
      members.values(), total=len(members), unit='member',
      title='Exporting views'):
    network = load()
    for kind in dict.fromkeys(kind for kind, *_ in listed):
      indices = _shown(kind, listed)
      taps = tuple(sorted({x.layer for x in chosen[kind]}))
      # The same pictures for every member: they cost nothing beside it.
      keep = thumbnails.Drawing(
          folder.path / inside / kind, tuple(indices), _MASKS[kind])
      for step in Forward(Probe(network, taps, settings[kind])).steps(
          sources[kind], indices, choose=pixel_sets.nothing, keep=keep,
          on_bad_image='raise'):
        rows = {int(index): row for row, index in enumerate(step.batch.index)}
        for number, (of, view, index) in enumerate(listed):
          if of == kind and index in rows:
            row = rows[index]
            maps[number].append(exported_maps.standardised(
                step, view.layer, [row], [view.unit])[0])
            sizes[number] = step.batch.kept[row].size.tolist()
  folder.arrays(schema.VIEW_MAPS.path, {
      f'maps_{number}': np.stack(x) for number, x in enumerate(maps)})
  described = []
  for number, (kind, view, index) in enumerate(listed):
    k = _shown(kind, listed).index(index)
    described.append({
        **view._asdict(), 'kind': kind,
        'picture': f'{inside}/{kind}/{thumbnails.picture_name(k)}',
        'mask': f'{inside}/{kind}/{thumbnails.mask_name(k)}',
        'height': sizes[number][0], 'width': sizes[number][1]})
  folder.json(schema.VIEWS.path, {
      'base': base, 'members': list(members), 'views': described})


def _shown(kind: str, listed: Sequence[tuple[str, View, int]]) -> list[int]:
  """Returns the positions of the images of a kind, ascending, none twice."""
  return sorted({index for of, _, index in listed if of == kind})
