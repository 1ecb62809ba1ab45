"""Fine-tunes one trunk on saliency and on scenes, and compares the changes.

  python launch/tasks.py --config=configs/tasks.py --workdir=W \\
    --config.data.dir=OSIE_DIR

The same command resumes a comparison that was interrupted.
"""

import entry  # first: it puts the package on the path

from saliency_jax.experiments import task_comparison, task_runs

_CONFIG = entry.config('tasks')
_WORKDIR = entry.path('workdir', '', 'Folder of the comparison.')


def main() -> None:
  config = _CONFIG()
  network = task_comparison.load(config)
  regions = task_comparison.open_regions(config, network)
  task_comparison.compare(config, task_runs.open_data(config), regions, network, _WORKDIR.value)
  entry.show(_WORKDIR.value)


if __name__ == '__main__':
  entry.run(main, computes=True)
