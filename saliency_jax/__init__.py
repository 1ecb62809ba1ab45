"""Which units of a vision model respond to what people look at.

    import saliency_jax as sj
    net = sj.load('vgg16')                           # or resnet50, vit_b16, ...
    maps = net.maps(photograph, 'conv5_3')['conv5_3'][0]
    sj.nss(maps[..., 10], fixations, photograph.shape[:2])

Names are resolved when they are first used, so `import saliency_jax` is cheap:
JAX and pandas are imported only by the functions that need them.
"""

import importlib

__version__ = '0.2.0'

# Module -> the public names that it has.
_NAMES = {
  'api': 'load dissect popout train sweep tasks predict evaluate make_report',
  'results': 'read Results',
  'data.source': 'open_source',
  'data.types': 'Source',
  'networks.adapters': 'from_linen from_function',
  'networks.torch_bridge': 'from_torch',
  'networks.network': 'Network Stage',
  'networks.taps': 'Tap',
  'networks.preprocess': 'Preprocess',
  'ops.numpy_metrics': 'nss associate',
  'errors': 'InputError',
}
_PUBLIC = {name: module for module, names in _NAMES.items() for name in names.split()}
_MODULES = {'networks': 'networks', 'metrics': 'ops.numpy_metrics'}

__all__ = [*_PUBLIC, *_MODULES, '__version__']


def __getattr__(name: str):
  if name in _MODULES:
    return importlib.import_module(f'{__name__}.{_MODULES[name]}')
  if name in _PUBLIC:
    module = importlib.import_module(f'{__name__}.{_PUBLIC[name]}')
    return getattr(module, name)
  raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def __dir__() -> list[str]:
  return sorted({*globals(), *__all__})
