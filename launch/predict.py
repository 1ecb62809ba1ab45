"""Predicts the saliency maps of a folder of photographs, or their scenes.

  python launch/predict.py --config.network.checkpoint=W --images=FOLDER \\
    --workdir=OUT
"""

import entry  # first: it puts the package on the path

from saliency_jax.data.source import open_group
from saliency_jax.experiments import prediction
from saliency_jax.report import site

_CONFIG = entry.config('predict')
_IMAGES = entry.path('images', '', 'Folder of photographs; short for --config.data.dir.')
_WORKDIR = entry.path('workdir', '', 'Folder for the maps.')


def main() -> None:
  config = _CONFIG()
  config.data.dir = config.data.dir or _IMAGES.value
  source = open_group(config.data, cache_dir=config.run.cache_dir)
  prediction.predict(config, source, _WORKDIR.value)
  print('The predictions:', _WORKDIR.value)
  print('The page:', site.write(_WORKDIR.value))


if __name__ == '__main__':
  entry.run(main, computes=True)
