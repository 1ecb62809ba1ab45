"""The exceptions that are meant for the person at the keyboard."""


class InputError(Exception):
  """Something that the user gave is wrong: a file, a folder, a name.

  The message is one sentence that names the file (or the config key) and
  says what to do. Entry points print it without a traceback and exit with
  code 2.
  """


class Stopped(Exception):
  """A run was asked to end (SIGTERM) and has saved what it has done.

  The message says so in one sentence. Entry points print it and exit with code
  143, as a program does that SIGTERM ends; the same command goes on.
  """
