"""Downloads a file completely, with a progress bar; knows the cache folder."""

import os
import pathlib
import urllib.request

from saliency_jax import progress
from saliency_jax.files import replacing

_CHUNK = 2**18  # bytes
# Seconds without a byte. They are few, because behind a firewall that drops
# packets the next source of the same file has to wait for them.
_TIMEOUT = 15


def download(url: str, path: str | os.PathLike, title: str) -> None:
  """Downloads `url` to `path`, which appears only when it is complete.

  Args:
    url: an http, https or file address.

  Raises:
    OSError: the address cannot be reached, or the connection breaks off.
  """
  try:
    with (
      urllib.request.urlopen(url, timeout=_TIMEOUT) as response,
      replacing(path) as temporary,
      temporary.open('wb') as file,
    ):
      size = int(response.headers.get('Content-Length') or 0)
      with progress.bar(total=size // 1000 or None, unit='kilobyte', title=title) as bar:
        while chunk := response.read(_CHUNK):
          file.write(chunk)
          bar.update(file.tell() // 1000 - bar.n)
      # urllib does not treat a short answer as an error.
      if size and file.tell() != size:
        raise OSError(f'only {file.tell()} of {size} bytes came')
  except OSError:
    raise
  except Exception as error:  # from an invalid address or a server's answer
    raise OSError(str(error) or type(error).__name__) from error


def cache_folder(cache_dir: str | os.PathLike | None = None) -> pathlib.Path:
  """Returns the folder of fetched files.

  Args:
    cache_dir: the folder itself; by default $SALIENCY_JAX_CACHE, or
      `saliency_jax` in $XDG_CACHE_HOME or ~/.cache.
  """
  folder = cache_dir or os.environ.get('SALIENCY_JAX_CACHE')
  if not folder:
    folder = os.path.join(os.environ.get('XDG_CACHE_HOME') or '~/.cache', 'saliency_jax')
  return pathlib.Path(folder).expanduser()
