"""Keeps what Figures 5 and 6 draw: images, and units' maps in every member."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from saliency_jax import progress
from saliency_jax.data import pixel_sets
from saliency_jax.data.types import Source
from saliency_jax.experiments import forward, job, thumbnails
from saliency_jax.experiments.unit_views import View
from saliency_jax.networks import registry, vgg
from saliency_jax.networks.weights.known_weights import Weights
from saliency_jax.training import trained_models
from saliency_jax.workdir import Folder

FOLDER = 'before_after'
_MASKS = {'regions': pixel_sets.regions, 'popout': pixel_sets.target}


def write(
    folder: Folder, chosen: Mapping[str, Sequence[View]],
    sources: Mapping[str, Source], members: Sequence[str], *, base: str,
    config_of: Callable, widths: Mapping[str, int] = vgg.WIDTHS
) -> None:
  """Writes `before_after/`.

  - `<kind>/pictures/<k>.jpg` and `<kind>/masks/<k>.png` of regions and popout,
    as `kept.keep` has them;
  - `maps.npz`: `maps_<n>` float16 `[K, h, w]` of the n-th view, the unit's map
    in cells, see `association.standardise`, of each of the K members;
  - `views.json`: `base`, `members`, and `views`, of each the fields of `View`,
    its `kind`, the paths of its `picture` and `mask` in the sweep's folder, and
    the image's `height` and `width` in pixels.

  Args:
    folder: of the sweep.
    chosen: kind -> what to show.
    sources: kind -> images.
    members: K names.
    base: the member that is before.
    config_of: `config_of(kind, member)` is that job's config.
    widths: units of every convolution; tests use fewer.

  Raises:
    InputError: if an image cannot be read any more.
  """
  shown = {
      kind: sorted({sources[kind].image_ids.index(x.image_id) for x in views})
      for kind, views in chosen.items() if views}
  maps: dict[tuple[str, int], list[np.ndarray]] = {}
  sizes: dict[tuple[str, int], list[int]] = {}
  for member in progress.track(
      members, total=len(members), unit='member', title='Keeping views'):
    weights = trained_models.load_trained(folder.path, member, widths=widths)
    for kind, indices in shown.items():
      run = _forward(
          config_of(kind, member), weights, {x.layer for x in chosen[kind]},
          widths)
      # The same pictures for every member: they cost nothing beside it.
      keep = thumbnails.Drawing(
          folder.path / FOLDER / kind, tuple(indices), _MASKS[kind])
      for step in run.steps(
          sources[kind], indices, choose=pixel_sets.nothing, keep=keep,
          on_bad_image='raise'):
        rows = {int(index): row for row, index in enumerate(step.batch.index)}
        for number, view in enumerate(chosen[kind]):
          row = rows.get(sources[kind].image_ids.index(view.image_id))
          if row is not None:
            maps.setdefault((kind, number), []).append(
                step.standardised(view.layer, [row], [view.unit])[0])
            sizes[kind, number] = step.batch.kept[row].size.tolist()
  listed = []
  for kind, number in maps:
    view = chosen[kind][number]
    place = shown[kind].index(sources[kind].image_ids.index(view.image_id))
    height, width = sizes[kind, number]
    listed.append({
        **view._asdict(), 'kind': kind,
        'picture': f'{FOLDER}/{kind}/{thumbnails.picture_name(place)}',
        'mask': f'{FOLDER}/{kind}/masks/{place:05d}.png',
        'height': height, 'width': width})
  folder.arrays(f'{FOLDER}/maps.npz', {
      f'maps_{number}': np.stack(x) for number, x in enumerate(maps.values())})
  folder.json(f'{FOLDER}/views.json', {
      'base': base, 'members': list(members), 'views': listed})


def _forward(
    config, weights: Weights, layers: set[str], widths: Mapping[str, int]
) -> forward.Forward:
  network = registry.build(
      config.model.name, layers=sorted(layers), mean=weights.mean,
      dtype=config.model.dtype, widths=widths)
  return forward.Forward(network, weights.params, job.checked(config))
