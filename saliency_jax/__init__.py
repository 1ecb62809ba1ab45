"""Which units of a vision model respond to what people look at.

    import saliency_jax as sj
    net = sj.load('vgg16')                           # or resnet50, vit_b16, ...
    maps = net.maps(photograph, 'conv5_3')['conv5_3'][0]
    sj.nss(maps[..., 10], fixations, photograph.shape[:2])

Names are looked up when they are used, so that `import saliency_jax` costs
nothing: JAX is imported by what computes, pandas by what reads tables.
"""

import importlib

__version__ = '0.2.0'

# Public name -> the module that has it.
_PUBLIC = {
  'load': 'api',
  'dissect': 'api',
  'popout': 'api',
  'train': 'api',
  'sweep': 'api',
  'tasks': 'api',
  'predict': 'api',
  'evaluate': 'api',
  'make_report': 'api',
  'read': 'results',
  'Results': 'results',
  'open_source': 'data.source',
  'from_linen': 'networks.adapters',
  'from_function': 'networks.adapters',
  'from_torch': 'networks.torch_bridge',
  'Network': 'networks.network',
  'Stage': 'networks.network',
  'Tap': 'networks.taps',
  'Preprocess': 'networks.preprocess',
  'nss': 'ops.numpy_metrics',
  'associate': 'ops.numpy_metrics',
  'InputError': 'errors',
}
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
