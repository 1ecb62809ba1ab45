"""Lists the networks, or the taps, stages and weights of one.

python launch/networks.py
python launch/networks.py resnet50
python launch/networks.py --name=my_package:my_function
"""

import entry  # first: it puts the package on the path
from absl import flags

from saliency_jax.networks import listing

_NAME = flags.DEFINE_string('name', '', "A listed name, or 'package.module:function'; '' lists all networks.")
_IMAGE_SIZE = flags.DEFINE_integer('image_size', 0, "Side in pixels of the images; 0 uses the network's own.", 0)


def main() -> None:
  print(listing.network(_NAME.value, _IMAGE_SIZE.value) if _NAME.value else listing.networks())


if __name__ == '__main__':
  entry.run(main, argument='name')
