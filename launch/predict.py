"""Writes the saliency maps of a folder of photographs.

  python launch/predict.py --config.network.checkpoint=W --images=FOLDER \\
    --workdir=OUT
"""

import entry  # first: it puts the package on the path

from saliency_jax.data.sources.image_folder import ImageFolder
from saliency_jax.experiments import prediction

_CONFIG = entry.config('predict')
_IMAGES = entry.path('images', '', 'Folder of photographs.')
_WORKDIR = entry.path('workdir', '', 'Folder for the maps.')


def main() -> None:
  prediction.predict(_CONFIG(), ImageFolder(_IMAGES.value), _WORKDIR.value)
  print('The maps:', _WORKDIR.value)


if __name__ == '__main__':
  entry.run(main, computes=True)
