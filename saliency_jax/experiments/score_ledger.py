"""What a run has measured so far, kept so that the next one goes on there."""

import hashlib
import json
import pathlib
from typing import Any

from saliency_jax import files


class Partial:
  """A file of lines, one for each image and model; a context.

  A line is written at once, so a run that is killed loses no more than the one
  that it was writing, which is passed over when the file is read again.
  """

  def __init__(self, path: pathlib.Path, jobs: dict[str, Any]):
    """Reads the file, if there is one.

    Args:
      path: the file; its folder is made if it is missing.
      jobs: for each model, by its name, all that its numbers depend on, as JSON
        values; lines of other jobs are left out.
    """
    self._keys = {
        model: hashlib.sha256(
            json.dumps(job, sort_keys=True).encode()).hexdigest()
        for model, job in jobs.items()}
    self.rows: dict[str, dict[str, dict]] = {model: {} for model in jobs}
    whole = b''
    if path.exists():
      for line in path.read_bytes().splitlines(keepends=True):
        row = _parsed(line)
        if row and self._keys.get(row['model']) == row['key']:
          self.rows[row['model']][row['image_id']] = row['values']
          whole += line
    with files.replacing(path) as temporary:
      temporary.write_bytes(whole)
    self._file = path.open('a', encoding='utf-8')

  def __enter__(self) -> 'Partial':
    return self

  def __exit__(self, *_) -> None:
    self._file.close()

  def add(self, model: str, image_id: str, values: dict) -> None:
    """Keeps what was measured of a model on an image, as JSON values."""
    self.rows[model][image_id] = values
    self._file.write(json.dumps({
        'model': model, 'key': self._keys[model], 'image_id': image_id,
        'values': values}) + '\n')
    self._file.flush()


def _parsed(line: bytes) -> dict | None:
  try:
    row = json.loads(line)
  except ValueError:
    return None
  # A line that was cut off may be a number.
  return row if isinstance(row, dict) and row.keys() >= {
      'model', 'key', 'image_id', 'values'} and line.endswith(b'\n') else None
