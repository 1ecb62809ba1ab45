"""What a run says of itself at its end."""

from saliency_jax import outside, schema
from saliency_jax.errors import InputError
from saliency_jax.training import journal
from saliency_jax.training.members import Members
from saliency_jax.training.tasks import Task
from saliency_jax.workdir import Folder

TRAINED = schema.TRAINED.path


def finish(folder: Folder, job: str, facts: dict, *, idle: bool) -> dict:
  """Writes what a job says of its training, and returns it.

  That is `training.json`, and for a run `summary.json` as well. The folder of a
  sweep is not whole yet, as its members are still to be measured.

  Args:
    idle: whether everything had been trained before; what was said of it then
      is kept.
  """
  path = folder.path / TRAINED
  if idle and path.is_file():
    facts = outside.read_json(path, 'remove it', {'members': dict})
  else:
    folder.json(TRAINED, facts)
  return folder.finish(job, **facts) if job == 'train' else facts


def of_members(workdir: str, members: Members, task: Task) -> dict[str, dict]:
  """Returns what became of every member, for `summary.json`.

  Of each its depth, seed and rates, its best step, and there and at the end the
  metrics of the task.

  Raises:
    InputError: if the run's journal is gone.
  """
  lines = [line for line in journal.read(workdir) if line['kind'] == 'validate']
  if not lines:
    raise InputError(f'{workdir} has lost the scores in its metrics.jsonl; start again in another --workdir.')
  found = {}
  for name, member in members.items():
    best = max(lines, key=lambda line, name=name: (line[task.watched][name], line['step']))
    found[name] = {
      **member._asdict(),
      'step': best['step'],
      **{metric: best[metric][name] for metric in task.titles},
      f'last_{task.watched}': lines[-1][task.watched][name],
    }
  return found
