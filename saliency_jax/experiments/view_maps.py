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
  shown = {
      kind: sorted({sources[kind].image_ids.index(x.image_id) for x in views})
      for kind, views in chosen.items() if views}
  maps: dict[tuple[str, int], list[np.ndarray]] = {}
  sizes: dict[tuple[str, int], list[int]] = {}
  inside = schema.VIEWS.path.partition('/')[0]
  for load in progress.track(
      members.values(), total=len(members), unit='member',
      title='Exporting views'):
    network = load()
    for kind, indices in shown.items():
      taps = tuple(sorted({x.layer for x in chosen[kind]}))
      run = Forward(Probe(network, taps, settings[kind]))
      # The same pictures for every member: they cost nothing beside it.
      keep = thumbnails.Drawing(
          folder.path / inside / kind, tuple(indices), _MASKS[kind])
      for step in run.steps(
          sources[kind], indices, choose=pixel_sets.nothing, keep=keep,
          on_bad_image='raise'):
        rows = {int(index): row for row, index in enumerate(step.batch.index)}
        for number, view in enumerate(chosen[kind]):
          row = rows.get(sources[kind].image_ids.index(view.image_id))
          if row is not None:
            maps.setdefault((kind, number), []).append(
                exported_maps.standardised(
                    step, view.layer, [row], [view.unit])[0])
            sizes[kind, number] = step.batch.kept[row].size.tolist()
  listed = []
  for kind, number in maps:
    view = chosen[kind][number]
    k = shown[kind].index(sources[kind].image_ids.index(view.image_id))
    listed.append(_described(view, kind, k, sizes[kind, number]))
  folder.arrays(schema.VIEW_MAPS.path, {
      f'maps_{number}': np.stack(x) for number, x in enumerate(maps.values())})
  folder.json(schema.VIEWS.path, {
      'base': base, 'members': list(members), 'views': listed})


def _described(view: View, kind: str, k: int, size: Sequence[int]) -> dict:
  inside = f'{schema.VIEWS.path.partition("/")[0]}/{kind}'
  return {
      **view._asdict(), 'kind': kind,
      'picture': f'{inside}/{thumbnails.picture_name(k)}',
      'mask': f'{inside}/{thumbnails.mask_name(k)}',
      'height': size[0], 'width': size[1]}
