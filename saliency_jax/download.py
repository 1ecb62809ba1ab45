"""Downloading one file, whole, under a progress bar."""

import http.client
import os
import urllib.request

from saliency_jax import progress
from saliency_jax.files import replacing

_CHUNK = 2**18  # bytes
_TIMEOUT = 60  # s without a byte


def download(url: str, path: str | os.PathLike, title: str) -> None:
  """Downloads `url` to `path`, which appears only when it is complete.

  Args:
    url: an http, https or file address.
    path: the file to write; its folder is made if it is missing.
    title: what the progress bar says, e.g. 'Fetching OSIE'.

  Raises:
    OSError: the address cannot be reached, or the connection broke off.
  """
  try:
    with (
        urllib.request.urlopen(url, timeout=_TIMEOUT) as response,
        replacing(path) as temporary,
        temporary.open('wb') as file,
    ):
      size = int(response.headers.get('Content-Length') or 0)
      with progress.bar(
          total=size // 1000 or None, unit='kilobyte', title=title) as bar:
        while chunk := response.read(_CHUNK):
          file.write(chunk)
          bar.update(file.tell() // 1000 - bar.n)
      # A short answer is no error to urllib.
      if size and file.tell() != size:
        raise OSError(f'only {file.tell()} of {size} bytes came')
  except http.client.HTTPException as error:
    raise OSError(str(error) or type(error).__name__) from error
