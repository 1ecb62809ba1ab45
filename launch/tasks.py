"""Fine-tunes one trunk on saliency and on scenes, and compares the changes.

  python launch/tasks.py --config=configs/tasks.py --workdir=W \\
    --config.data.dir=OSIE_DIR

The same command resumes a comparison that was interrupted.
"""

import entry  # first: it puts the package on the path

from saliency_jax.data import parts
from saliency_jax.experiments import task_comparison, task_runs
from saliency_jax.training import trained_models

_CONFIG = entry.config('tasks')
_WORKDIR = entry.path('workdir', '', 'Folder of the comparison.')


def main() -> None:
  config = _CONFIG()
  network = trained_models.load(config.network, config.run.cache_dir).network
  regions = task_comparison.open_regions(config, network)
  opened = parts.open_parts(task_runs.with_task(config, 'scene'))
  task_comparison.compare(config, opened, regions, network, _WORKDIR.value)
  entry.show(_WORKDIR.value)


if __name__ == '__main__':
  entry.run(main, computes=True)
