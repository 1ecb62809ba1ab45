"""The shapes of a folder's JSON files, as far as pages use them.

See `outside.check`.
"""

_NAMES, _COUNTS, _NUMBER = {str: str}, {str: int}, (float, None)


def _all(of, keys: str) -> dict:
  """Returns keys whose values have one shape."""
  return dict.fromkeys(keys.split(), of)


_WEIGHTS = {'name': str, 'sha256?': str, 'depth?': (int, None), 'task?': str}
_NETWORK = {'name?': str, 'image_size?': int, 'readout_tap?': str}

# summary.json of all jobs, and of each.
_JOB = _all(str, 'job device') | _all(_NAMES, 'versions skipped?') | _all(_COUNTS, 'counts? units?')
_JOB |= {'layout': int, 'seconds?': {str: float}, 'weights?': _WEIGHTS, 'network?': _NETWORK}
MEASURED = _JOB | {
  'seconds': {str: float},
  'counts': {'images': int},
  'units': _COUNTS,
  'weights': _WEIGHTS | {'sha256': str},
  'skipped': _NAMES,
  'chance?': {'without_band?': _NAMES},
  'off_grid?': {str: float},
}
TRAINED = _JOB | {
  'network': _NETWORK | {'readout_tap': str},
  'weights': _WEIGHTS,
  'counts': _all(int, 'train validation steps'),
  'measured?': [{'regions', 'popout'}],
  'measured_on?': {'regions?': _COUNTS},
  'task?': {'name?': str, 'watched': str, 'titles': _NAMES},
  'members': {str: _all(int, 'depth step seed') | _all(float, 'trunk_rate readout_rate')},
}
TASKS = _JOB | {
  'network': _NETWORK | {'name': str, 'readout_tap': str},
  'weights': _WEIGHTS,
  'counts': _all(int, 'train validation test scenes'),
}
TASKS_CONFIG = {
  'tasks': {'seeds': [int]},
  'task': {'dense': [int]},
  'data': {'sigma': float},
  'regions': {'analysis': {'threshold': float}},
}
PREDICTED = _JOB | {'network': _NETWORK | {'name': str}, 'weights': _WEIGHTS}
EVALUATED = _JOB | {
  'models': _NAMES,
  'warnings': [str],
  'weights?': {str: _WEIGHTS},
  'datasets': {
    str: {
      'kind': str,
      'images': int,
      'without_fixations?': int,
      'skipped?': {str: str},
      'fixations?': int,
      'sigma?': _NUMBER,
    }
  },
  'output?': {'regions_without_fixations': _COUNTS},
}

_ANALYSIS = {'top_units?': int, 'threshold?': float}
CONFIG = {
  'network?': _NETWORK,
  'analysis?': _ANALYSIS,
  'data?': _all(str, 'dir? regions? val_dir?'),
  'regions?': {'analysis': {'top_units': int, 'threshold': float}},
  'popout?': {'analysis': _ANALYSIS | {'top_units': int}},
}

LINE = {'step': int, 'kind': {'train', 'validate'}, 'epoch?': int}

_CORRELATION = (None, {'rho': float} | _all(_NUMBER, 'p p_holm low high halves'))
_TEST = _all(float, 'f df_between df_within') | {'p': _NUMBER}
_DIFFERENCE = _all(float, 'difference low high hedges_g g_low g_high')
_COMPARISON = {
  'groups': [{'name': str, 'size': int, 'mean': _NUMBER}],
  'left_out': _COUNTS,
  'welch': _TEST,
  'clustered': (None, _TEST),
  'p_holm': _NUMBER,
  **_all(float, 'eta_squared omega_squared'),
  'pairs': [_DIFFERENCE | {'first': str, 'second': str, 'p': float, 'p_holm': _NUMBER}],
}
_EFFECT = _all(float, 'f df df_residual partial_eta_squared') | {'p': _NUMBER}
STATISTICS = [
  {
    **_all(str, 'dataset model'),
    **_all(_CORRELATION, 'inner_output inner_difference'),
    **_all((None, _COMPARISON), 'output difference'),
    'paper_anova': (None, {'categories': int} | _all(_EFFECT, 'measurement cluster interaction')),
    'heads': (None, _DIFFERENCE | _all(int, 'heads others') | {'p': float}),
  }
]
_GAINS = {str: {str: _all(_NUMBER, 'gain low high p? p_holm?')}}
_PAIRS = [{'p': float, 'p_holm?': _NUMBER}]
DEPTH_TESTS = {
  'differs': {str: {str: (bool, None)}},
  'members': {str: (None, {'welch': _TEST, 'clustered': (None, _TEST), 'p_holm?': _NUMBER, 'pairs': _PAIRS})},
  'blocked': (None, {'effect': _all(float, 'f p') | _all(int, 'df df_residual'), 'pairs': [{'p': float}]}),
  'gains?': _GAINS,
  'gains_unseen?': _GAINS,
}
VIEWS = {
  'base': str,
  'members': [str],
  'views': [
    {
      'kind': {'regions', 'popout'},
      **_all(str, 'image_id picture mask label layer best'),
      **_all(int, 'place unit'),
      'scores': {str: float},
    }
  ],
}
