"""The one exception that is meant for the person at the keyboard."""


class InputError(Exception):
  """Something that the user gave is wrong: a file, a folder, a name.

  The message is one sentence that names the file (or the config key) and
  says what to do. Entry points print it without a traceback and exit with
  code 2.
  """
