"""How well do models predict where people look, or where the odd item is?

  python launch/evaluate.py --config=configs/evaluate.py --workdir=W \\
    --config.eval.models=gbvs,RUN,mine=MAPS --config.sets.osie.dir=OSIE_DIR
"""

import entry  # first: it puts the package on the path

from saliency_jax.experiments import evaluation

_CONFIG = entry.config('evaluate')
_WORKDIR = entry.path('workdir', '', 'Folder for the results.')
_JOINED = entry.hosts()


def main() -> None:
  config = _CONFIG()
  with _JOINED():
    summary = evaluation.evaluate(config, _WORKDIR.value)
  if summary:  # only in the first of several processes
    entry.show(_WORKDIR.value)


if __name__ == '__main__':
  entry.run(main, computes=True)
