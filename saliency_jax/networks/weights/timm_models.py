"""timm's models: their preprocessing and their weights."""

import sys
from collections.abc import Mapping
from typing import Any

import ml_dtypes
import numpy as np

from saliency_jax import outside
from saliency_jax.errors import InputError
from saliency_jax.networks.preprocess import RESIZE, Preprocess
from saliency_jax.networks.weights import port_table, weight_files


def create(name: str) -> Any:
  """Returns a timm model with random weights."""
  import timm

  if not timm.is_model(name):
    raise InputError(f'timm has no model {name!r}; see timm.list_models().')
  try:  # lets transformers take any size that is a multiple of the patch
    return timm.create_model(name, dynamic_img_size=True)
  except TypeError:
    return timm.create_model(name)


def eager(module: Any) -> Any:
  """Returns a module without torch.compile's wrappers around its parts."""
  for part in module.modules():
    part._compiled_call_impl = None  # set by module.compile()
    children = part._modules.items()
    part._modules.update({key: child._modules.get('_orig_mod', child) for key, child in children if child})
  return module._modules.get('_orig_mod', module)


def taken(module: Any) -> tuple[dict[str, dict[str, np.ndarray]], dict[str, str]]:
  """Copies a module's tensors, and leaves it empty and in evaluation mode.

  Returns:
    {kind: {name: array}}; and, for parameters that two modules share, {name:
    name of the same parameter}.
  """
  for key, part in module.named_modules():
    if 'BatchNorm' in type(part).__name__ and getattr(part, 'running_mean', 0) is None:
      raise InputError(f'{key} of {type(module).__name__} has no running statistics: an image depends on its batch.')
  first = {id(x): key for key, x in module.named_parameters()}
  every = {key: first[id(x)] for key, x in module.named_parameters(remove_duplicate=False)}
  try:
    copies = {
      kind: {key: (x.float() if x.is_floating_point() else x).detach().cpu().numpy().copy() for key, x in named}
      for kind, named in (('params', module.named_parameters()), ('buffers', module.named_buffers()))
    }
  except (NotImplementedError, ValueError) as error:  # on the device 'meta', or lazy
    raise InputError(f'{type(module).__name__} has parameters without values ({outside.reason(error)}).') from error
  module.eval().to('meta')  # which unties shared parameters
  return copies, {key: every[key] for key, _ in module.named_parameters() if key not in copies['params']}


def arrays(variables: Mapping, tied: Mapping) -> dict[str, Any]:
  """Returns all of a module's arrays by name; see `taken`."""
  params = variables['params']
  return {**params, **{key: params[first] for key, first in tied.items()}, **variables.get('buffers', {})}


def source(name: str) -> str:
  """Returns where timm has a model's weights, and their licence."""
  import timm

  stated = timm.get_pretrained_cfg(name)
  return f'{stated.hf_hub_id or stated.url}  licence: {stated.license}'


def preparation(module: Any) -> Preprocess:
  """Returns timm's preprocessing for a model, or torchvision's."""
  if not (getattr(module, 'pretrained_cfg', None) or {}).get('mean'):
    return Preprocess()
  import timm

  config = timm.data.resolve_model_data_config(module)
  resize = config['interpolation'] if config['interpolation'] in RESIZE else 'bicubic'
  return Preprocess(config['input_size'][-1], tuple(config['mean']), tuple(config['std']), resize=resize)


def published(name: str, module: Any) -> str:
  """Returns the path of the weight file that timm names, perhaps fetched."""
  repository = module.pretrained_cfg.get('hf_hub_id')
  file = module.pretrained_cfg.get('hf_hub_filename') or 'model.safetensors'
  try:
    import huggingface_hub as hub

    kept = hub.try_to_load_from_cache(repository, file)
    return kept if isinstance(kept, str) else hub.hf_hub_download(repository, file)
  except Exception as error:  # of many kinds, most of them from the network
    raise InputError(
      f'The weights of {name} cannot be obtained '
      f'({outside.reason(error)}); give the path of {file} of '
      f'{repository} as config.network.weights.'
    ) from error


def fill(module: Any, path: str, name: str) -> None:
  """Loads all arrays of a file into a module, or raises."""
  import torch

  arrays = {
    key: torch.from_numpy(np.array(x, np.float32 if x.dtype == ml_dtypes.bfloat16 else None))
    for key, x in weight_files.read_arrays(path).items()
  }
  wanted = module.state_dict()
  names = getattr(sys.modules[type(module).__module__], 'checkpoint_filter_fn', None)
  if names and set(arrays) != set(wanted):
    arrays = names(arrays, module)  # timm's own renaming of other projects' files
  counts = {key: x for key, x in wanted.items() if key.endswith('num_batches_tracked')}  # old files lack them
  try:
    module.load_state_dict(counts | arrays)
  except RuntimeError as error:  # its lines name missing tensors and wrong shapes
    raise InputError(f'{path} does not fit {name}: {outside.reason(error)}.') from error
  odd = [key for key, x in arrays.items() if not bool(torch.isfinite(x).all())]
  if odd:
    raise InputError(f'{path} has values of {port_table.some(odd)} that are not finite.')
