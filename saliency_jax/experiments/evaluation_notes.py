"""What a reader of an evaluation's scores should know beside them."""

import functools
from collections.abc import Sequence

from saliency_jax.data import fingerprints
from saliency_jax.experiments.predictors import CENTRE, Predictor
from saliency_jax.experiments.score_lists import Scored


def notes(
    models: Sequence[Predictor], found: Sequence[Scored]) -> list[str]:
  """Returns what a reader of the scores should know, in sentences."""
  said = []
  priors = {model.name for model in models if model.identity == CENTRE}
  for each in found:
    dataset = each.scoring.dataset
    said += [
        f'{model} has a constant map for {len(images)} images of '
        f'{dataset.name} ({_first(images)}); they are scored at chance.'
        for model, images in each.constant.items() if images]
    said += [
        f'The maps of {model} for {len(images)} of {len(each.images)} images '
        f'of {dataset.name} are one and the same ({_first(images)}).'
        for model, images in each.same.items()
        if images and model not in priors]
    said += [
        f'The maps of {model} for {len(images)} images of {dataset.name} have '
        f'other proportions than the images ({_first(images)}); they are '
        'stretched over them.'
        for model, images in each.stretched.items() if images]
    shared = functools.cache(functools.partial(
        fingerprints.shared, fingerprints.of(dataset.source)))
    for model in models:
      again = shared(model.trained_on) if model.trained_on else ()
      if again:
        said.append(
            f'{model.name} was trained on {len(again)} images of '
            f'{dataset.name} ({_first(again)}); score it on others, with '
            f'config.sets.{dataset.name}.part=<the --workdir of its training>.')
    said += [
        f'{dataset.name}: {each.facts[key]} {what}.' for key, what in (
            ('without_fixations', 'images without a fixation are left out'),
            ('fixations_outside',
             'fixations outside their image are left out'),
            ('images_with_fewer_than_2_observers',
             'images with fewer than 2 observers have no ceiling'),
            ('observers_without_a_fixation',
             'times an observer had no fixation on an image, and is left out'))
        if each.facts.get(key)]
    if each.skipped:
      said.append(
          f'{dataset.name}: {len(each.skipped)} images that cannot be read are '
          f'left out ({_first([*each.skipped])}).')
  return said


def _first(names: Sequence[str]) -> str:
  return ', '.join(names[:3]) + (', ...' if len(names) > 3 else '')
