"""Progress bars for every loop that takes more than a few seconds."""

from collections.abc import Iterable

import tqdm

from saliency_jax import signals


class _Bar(tqdm.tqdm):
  def update(self, n: float = 1) -> bool | None:
    signals.check()
    return super().update(n)


def bar(*, total: int, unit: str, title: str, done: int = 0) -> tqdm.tqdm:
  """Returns a progress bar on standard error; `unit` is in the singular."""
  return _Bar(total=total, initial=done, unit=f' {unit}s', desc=title, dynamic_ncols=True, mininterval=0.2)


def track(items: Iterable, *, total: int, unit: str, title: str) -> Iterable:
  """Yields `items` under a progress bar; see `bar`."""
  with bar(total=total, unit=unit, title=title) as progress:
    for item in items:
      yield item
      progress.update()
