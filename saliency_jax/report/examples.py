"""The images that the page shows, as groups of captioned panels."""

from typing import NamedTuple

from saliency_jax import progress
from saliency_jax.report import panels, pictures
from saliency_jax.report.folder import Answer, Example, Results
from saliency_jax.report.numbers import number
from saliency_jax.report.pictures import Picture

_PHOTOGRAPH, _ARRAY = 560, 320  # widths of the panels, px
# Between a target and its outline, in image widths: outlining strokes as thin
# as a search item's would hide them.
_MARGIN = 0.02


class Panel(NamedTuple):
  """A picture and its caption."""
  picture: Picture
  unit: str  # e.g. 'conv5_1:288'; '' for a panel that shows no unit
  text: str
  number: int  # of the region, 0 for none
  colour: str  # of the region's outline, '' for none


class View(NamedTuple):
  """One image."""
  title: str
  note: str
  panels: list[Panel]


def views(results: Results) -> list[View]:
  """Returns a view of every example: drawn panels with their captions."""
  patterns = {row['image_id']: row for row in results.rows}
  shown = progress.track(
      results.examples, total=len(results.examples), unit='image',
      title='Drawing')
  if results.job == 'dissect':
    return [_photograph(results, example) for example in shown]
  return [
      _array(results, example, patterns.get(example.image_id, {}))
      for example in shown]


def _photograph(results: Results, example: Example) -> View:
  shown = panels.most_looked_at(results, example)
  left_out = len(example.answers) - len(shown)
  name = f'photograph {example.image_id}'
  drawn = [
      Panel(
          pictures.panel(
              panels.photograph(example, _PHOTOGRAPH),
              f'{name} with its fixations as dots'),
          '', f'{len(example.fixations)} fixations', 0, ''),
      Panel(
          pictures.panel(
              panels.outlined(example, shown, _PHOTOGRAPH),
              f'{name} with the outlines of {len(shown)} regions'),
          '', 'Salient regions, most fixated first', 0, '')]
  for place, (answer, colour) in enumerate(
      zip(shown, panels.COLOURS, strict=False), start=1):
    drawn.append(Panel(
        pictures.panel(
            panels.overlaid(example, answer, _PHOTOGRAPH),
            f'map of unit {_unit(answer)} over {name}, region {place} '
            f'{answer.label} outlined'),
        _unit(answer), f'{answer.label} {_score("NSS", answer)}', place,
        colour))
  return View(
      f'Photograph {example.image_id}',
      f'The {len(shown)} regions with the most fixations; {left_out} more '
      f"{'is' if left_out == 1 else 'are'} left out." if left_out else '',
      drawn)


def _array(
    results: Results, example: Example, pattern: dict[str, str]
) -> View:
  kind, background, size = (
      pattern.get(key, '') for key in ('kind', 'background', 'set_size'))
  about = [
      background and f'{background} background', size and f'{size} items']
  ordered = sorted(
      example.answers, key=lambda answer: results.layers.index(answer.layer),
      reverse=True)
  drawn = [Panel(
      pictures.panel(
          panels.photograph(example, _ARRAY),
          f'search array {example.image_id}'), '', example.image_id, 0, '')]
  for answer in ordered:
    drawn.append(Panel(
        pictures.panel(
            panels.overlaid(example, answer, _ARRAY, margin=_MARGIN),
            f'map of unit {_unit(answer)} over search array '
            f'{example.image_id}, the target outlined'),
        _unit(answer), _score('NMM', answer), 0, ''))
  return View(kind or example.image_id, ', '.join(filter(None, about)), drawn)


def _unit(answer: Answer) -> str:
  return f'{answer.layer}:{answer.unit}'


def _score(name: str, answer: Answer) -> str:
  # The kernel scores a constant map 0.
  silent = answer.cells.min() == answer.cells.max()
  return (
      f'{name} {number(answer.score, 1)}'
      f"{' (constant)' if silent else ''}")
