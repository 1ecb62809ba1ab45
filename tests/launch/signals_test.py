"""Ctrl-C and SIGTERM at moments of a command; `tests.interrupts` tries more."""

import pathlib
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from saliency_jax import progress, signals
from saliency_jax.errors import Stopped
from tests.launch import commands


def _catches(pid: int, number: int) -> bool:
  status = pathlib.Path(f'/proc/{pid}/status').read_text()
  caught = int(status.partition('SigCgt:')[2].split()[0], 16)
  return bool(caught >> number - 1 & 1)


@pytest.mark.parametrize('number', signals.CODES)
def test_a_command_that_is_imported_ends_in_a_line(number):
  # Whoever runs the tests in the background ignores Ctrl-C, and so would it.
  before = signal.signal(signal.SIGINT, signal.default_int_handler)
  try:
    process = commands.start('dissect', '--workdir=')
  finally:
    signal.signal(signal.SIGINT, before)
  while not _catches(process.pid, signal.SIGTERM):  # Python does not
    assert process.poll() is None
    time.sleep(0.01)
  process.send_signal(number)
  said = process.communicate(timeout=60)[1]
  assert process.returncode == signals.CODES[number], said
  assert said.strip() == f'dissect.py: {signals.SENTENCE}'


@pytest.mark.parametrize(('number', 'error'), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Stopped)])
def test_what_a_callback_loses_is_raised_again(number, error, monkeypatch):
  monkeypatch.setitem(signals._state, 'asked', None)
  with progress.bar(total=2, unit='image', title='a') as bar:
    bar.update()
    with pytest.raises(error):
      signals._raise(number, None)
    with pytest.raises(error):
      bar.update()


def test_a_signal_that_is_ignored_stays_ignored(monkeypatch):
  handled = []
  monkeypatch.setitem(signals._state, 'ours', False)
  monkeypatch.setattr(sys, 'unraisablehook', sys.unraisablehook)
  now = {signal.SIGINT: signal.SIG_IGN, signal.SIGTERM: signal.SIG_DFL}
  monkeypatch.setattr(signals.signal, 'getsignal', now.get)
  monkeypatch.setattr(signals.signal, 'signal', lambda number, _: handled.append(number))
  signals.end_at_once()
  assert handled == [signal.SIGTERM]


@pytest.mark.parametrize('handler', [signals._end, signals._raise])
def test_once_the_work_is_done_signals_are_ignored(handler, monkeypatch):
  changed = {}
  monkeypatch.setattr(signals.signal, 'getsignal', {signal.SIGINT: handler, signal.SIGTERM: signal.SIG_DFL}.get)
  monkeypatch.setattr(signals.signal, 'signal', changed.__setitem__)
  signals.finish()
  assert changed == {signal.SIGINT: signal.SIG_IGN}


def test_in_a_thread_sigterm_stays_as_it_is():
  def job() -> int:
    with signals.terminating(lambda: None):
      return 1

  with ThreadPoolExecutor(1) as pool:
    assert pool.submit(job).result() == 1


def test_what_a_callback_loses_is_no_traceback(monkeypatch, capsys):
  monkeypatch.setitem(signals._state, 'ours', False)
  monkeypatch.setitem(signals._state, 'asked', None)
  monkeypatch.setattr(signals.signal, 'signal', lambda *_: None)
  monkeypatch.setattr(sys, 'unraisablehook', None)
  signals.end_at_once()

  class Lost:
    def __init__(self, error):
      self.error = error

    def __del__(self):
      self.error()

  def interrupted():
    raise KeyboardInterrupt

  lost = [Lost(interrupted)]
  lost.clear()
  assert 'KeyboardInterrupt' in capsys.readouterr().err  # no signal asked for it
  lost.append(Lost(lambda: signals._raise(signal.SIGTERM, None)))
  lost.clear()
  assert signals._state['asked']
  assert not capsys.readouterr().err
  lost.append(Lost(lambda: {}['a mistake']))
  lost.clear()
  assert 'a mistake' in capsys.readouterr().err
