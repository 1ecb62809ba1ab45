"""The configs of the jobs, e.g. `from saliency_jax.configs import train`.

They are in configs/ of the repository, or in saliency_jax/configs/ of a wheel.
"""

import pathlib

_HERE = pathlib.Path(__file__).with_suffix('')
FOLDER = _HERE if _HERE.is_dir() else _HERE.parents[1] / 'configs'
__path__ = [str(FOLDER)]  # makes this module a package of these files
