"""What the pages take from a folder's JSON files; see `outside.check`."""

_NAMES, _COUNTS, _NUMBER = {str: str}, {str: int}, (float, None)
_WEIGHTS = {'name': str, 'sha256?': str, 'depth?': (int, None), 'task?': str}
_NETWORK = {'name?': str, 'image_size?': int, 'readout_tap?': str}

# summary.json of every job, and of each.
_JOB = {
  'job': str,
  'layout': int,
  'device': str,
  'versions': _NAMES,
  'seconds?': {str: float},
  'counts?': _COUNTS,
  'units?': _COUNTS,
  'weights?': _WEIGHTS,
  'network?': _NETWORK,
  'skipped?': _NAMES,
}
MEASURED = _JOB | {
  'seconds': {str: float},
  'counts': {'images': int},
  'units': _COUNTS,
  'weights': _WEIGHTS | {'sha256': str},
  'skipped': _NAMES,
  'chance?': {'without_band?': _NAMES},
}
TRAINED = _JOB | {
  'network': _NETWORK | {'readout_tap': str},
  'weights': _WEIGHTS,
  'counts': {'train': int, 'validation': int, 'steps': int},
  'measured?': [{'regions', 'popout'}],
  'measured_on?': {'regions?': _COUNTS},
  'task?': {'name?': str, 'watched': str, 'titles': _NAMES},
  'members': {str: {'depth': int, 'step': int, 'trunk_rate': float, 'readout_rate': float, 'seed': int}},
}
TASKS = _JOB | {
  'network': _NETWORK | {'name': str, 'readout_tap': str},
  'weights': _WEIGHTS,
  'counts': {'train': int, 'validation': int, 'test': int, 'scenes': int},
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
  'datasets': {str: {'kind': str, 'images': int, 'fixations?': int, 'sigma?': _NUMBER}},
  'search?': {str: {str: _COUNTS}},
  'output?': {'regions_without_fixations': _COUNTS},
}

_ANALYSIS = {'top_units?': int, 'threshold?': float}
CONFIG = {
  'network?': _NETWORK,
  'analysis?': _ANALYSIS,
  'data?': {'dir?': str, 'regions?': str, 'val_dir?': str},
  'regions?': {'analysis': {'top_units': int, 'threshold': float}},
  'popout?': {'analysis': _ANALYSIS | {'top_units': int}},
}

LINE = {'step': int, 'kind': {'train', 'validate'}, 'epoch?': int}

_CORRELATION = (
  None,
  {'rho': float, 'p': _NUMBER, 'p_holm': _NUMBER, 'low': _NUMBER, 'high': _NUMBER, 'halves': _NUMBER},
)
_TEST = {'f': float, 'df_between': float, 'df_within': float, 'p': _NUMBER}
_COMPARISON = (
  None,
  {
    'groups': [{'name': str, 'size': int, 'mean': _NUMBER}],
    'left_out': _COUNTS,
    'welch': _TEST,
    'clustered': (None, _TEST),
    'p_holm': _NUMBER,
    'eta_squared': float,
    'omega_squared': float,
    'pairs': [
      {
        'first': str,
        'second': str,
        'difference': float,
        'p': float,
        'p_holm': _NUMBER,
        'low': float,
        'high': float,
        'hedges_g': float,
        'g_low': float,
        'g_high': float,
      }
    ],
  },
)
_EFFECT = {'f': float, 'df': float, 'df_residual': float, 'p': _NUMBER, 'partial_eta_squared': float}
STATISTICS = [
  {
    'dataset': str,
    'model': str,
    'inner_output': _CORRELATION,
    'inner_difference': _CORRELATION,
    'output': _COMPARISON,
    'difference': _COMPARISON,
    'paper_anova': (None, {'categories': int, 'measurement': _EFFECT, 'cluster': _EFFECT, 'interaction': _EFFECT}),
    'heads': (
      None,
      {
        'heads': int,
        'others': int,
        'difference': float,
        'low': float,
        'high': float,
        'p': _NUMBER,
        'hedges_g': float,
        'g_low': float,
        'g_high': float,
      },
    ),
  }
]
_GAINS = {str: {str: {'gain': _NUMBER, 'low': _NUMBER, 'high': _NUMBER, 'p?': _NUMBER, 'p_holm?': _NUMBER}}}
DEPTH_TESTS = {
  'differs': {str: {str: (bool, None)}},
  'members': {
    str: (
      None,
      {'welch': _TEST, 'clustered': (None, _TEST), 'p_holm?': _NUMBER, 'pairs': [{'p': float, 'p_holm?': _NUMBER}]},
    )
  },
  'blocked': (None, {'effect': {'f': float, 'df': int, 'df_residual': int, 'p': float}, 'pairs': [{'p': float}]}),
  'gains?': _GAINS,
  'gains_unseen?': _GAINS,
}
VIEWS = {
  'base': str,
  'members': [str],
  'views': [
    {
      'kind': {'regions', 'popout'},
      'image_id': str,
      'picture': str,
      'mask': str,
      'place': int,
      'label': str,
      'layer': str,
      'unit': int,
      'best': str,
      'scores': {str: float},
      'note?': str,
    }
  ],
}
