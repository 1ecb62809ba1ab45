"""Config keys of earlier versions and what they are called now."""

# By the whole path of the old key, below `config` or a nested job's config.
_NEW = {
  'model.name': 'network.name',
  'model.dtype': 'network.dtype',
  'model.layers': 'network.taps',
  'init.weights': 'network.weights',
  'init.preprocessing': 'network.preprocessing',
  'init.checkpoint': 'network.checkpoint',
  'init.member': 'network.member',
  'init.cache_dir': 'run.cache_dir',
  'data.image_size': 'network.image_size',
  'eval.fixations': 'analysis.fixations',
  'eval.batch_size': 'data.batch_size',
  'eval.on_bad_image': 'data.on_bad_image',
}
_NESTED = ('regions.', 'popout.')


def renamed(key: str) -> str:
  """Returns the key that an old one has become, or ''.

  Args:
    key: without 'config.', e.g. 'model.layers' or 'regions.model.layers'.
  """
  for job in ('', *_NESTED):
    if key.startswith(job) and key.removeprefix(job) in _NEW:
      return job + _NEW[key.removeprefix(job)]
  return ''
