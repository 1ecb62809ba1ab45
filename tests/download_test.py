"""Downloading from a server on this machine: whole, or not at all."""

import contextlib
import functools
import http.server
import threading

import pytest

from saliency_jax import download


class Handler(http.server.BaseHTTPRequestHandler):
  """Serves 1 MB at /whole and /unsized, breaks off at /short and says nothing at /silent."""

  content = bytes(range(256)) * 4000

  def do_GET(self):
    if self.path == '/gone':
      self.send_error(404)
      return
    if self.path == '/silent':
      threading.Event().wait(5)
      return
    self.send_response(200)
    if self.path != '/unsized':
      self.send_header('Content-Length', str(len(self.content)))
    self.end_headers()
    self.wfile.write(self.content[:1000] if self.path == '/short' else self.content)

  def log_message(self, *_):
    pass


@pytest.fixture(scope='module')
def server():
  with http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler) as server:
    thread = threading.Thread(target=functools.partial(server.serve_forever, poll_interval=0.01))
    thread.start()
    yield f'http://127.0.0.1:{server.server_port}'
    server.shutdown()
    thread.join()


@pytest.mark.parametrize('name', ['whole', 'unsized'])
def test_the_file_comes_whole(name, server, tmp_path, capsys):
  path = tmp_path / 'new' / 'file.bin'
  download.download(f'{server}/{name}', path, 'Fetching it')
  assert path.read_bytes() == Handler.content
  assert list(path.parent.iterdir()) == [path]
  shown = capsys.readouterr().err
  assert 'Fetching it' in shown
  assert 'kilobytes' in shown


@pytest.mark.parametrize(
  ('name', 'message'), [('gone', '404'), ('short', 'only 1000 of 1024000 bytes'), ('silent', 'timed out')]
)
def test_nothing_is_left_of_a_failure(name, message, server, tmp_path, monkeypatch):
  if name == 'silent':
    monkeypatch.setattr(download, '_TIMEOUT', 0.1)
  path = tmp_path / 'file.bin'
  with pytest.raises(OSError, match=message):
    download.download(f'{server}/{name}', path, 'Fetching it')
  assert not list(tmp_path.iterdir())


def test_a_server_out_of_reach(server, tmp_path):
  with http.server.HTTPServer(('127.0.0.1', 0), Handler) as closed:
    address = f'http://127.0.0.1:{closed.server_port}/whole'
  with pytest.raises(OSError, match='refused'):
    download.download(address, tmp_path / 'file.bin', 'Fetching it')


@pytest.mark.parametrize(
  ('given', 'variables', 'expected'),
  [
    ('a/b', {'SALIENCY_JAX_CACHE': '/c'}, 'a/b'),
    (None, {'SALIENCY_JAX_CACHE': '/c', 'XDG_CACHE_HOME': '/x'}, '/c'),
    (None, {'XDG_CACHE_HOME': '/x'}, '/x/saliency_jax'),
    (None, {'HOME': '/h'}, '/h/.cache/saliency_jax'),
  ],
)
def test_where_the_cache_is(given, variables, expected, monkeypatch):
  for name in ('SALIENCY_JAX_CACHE', 'XDG_CACHE_HOME'):
    with contextlib.suppress(KeyError):
      monkeypatch.delenv(name)
  for name, value in variables.items():
    monkeypatch.setenv(name, value)
  assert str(download.cache_folder(given)) == expected
