"""The optimizer and the schedule, with every number from the config.

Learning rates belong to members (`members.Member`): the optimizer turns
gradients into a direction, the schedule gives a factor of every rate.
"""

import functools

import jax
import numpy as np
import optax

from saliency_jax.errors import InputError


def make_direction(config, *, matrices: bool = False) -> optax.GradientTransformation:
  """Returns Adam without a learning rate: clipping, moments, decay.

  Args:
    config: `config.optimizer`: `b1`, `b2` and `eps` of Adam (Kingma and Ba
      2015), `clip_norm`, the largest global norm of a member's gradient (0 does
      not clip), and `weight_decay`, decoupled (Loshchilov and Hutter 2019) and
      for kernels only.
    matrices: whether every parameter with two axes or more counts as a kernel,
      as it must for networks whose kernels have other names.

  Raises:
    InputError: if a number is out of its range.
  """
  for name, value in (('b1', config.b1), ('b2', config.b2)):
    _check(f'optimizer.{name}', value, 0 <= value < 1, '0 or more and less than 1')
  _check('optimizer.eps', config.eps, config.eps > 0, 'more than 0')
  for name, value in (('clip_norm', config.clip_norm), ('weight_decay', config.weight_decay)):
    _check(f'optimizer.{name}', value, value >= 0, '0 or more')
  clip = optax.clip_by_global_norm(config.clip_norm) if config.clip_norm else optax.identity()
  return optax.chain(
    clip,
    optax.scale_by_adam(b1=config.b1, b2=config.b2, eps=config.eps),
    optax.add_decayed_weights(config.weight_decay, mask=functools.partial(_kernels, matrices=matrices)),
  )


def make_schedule(config, *, steps: int) -> optax.Schedule:
  """Returns the schedule: step -> factor of every learning rate, at most 1.

  Args:
    config: `config.schedule`. With `name` 'cosine': a rise from 0 over the
      share `warmup` of all steps, then half a cosine down to `final`
      (Loshchilov and Hutter 2017). With 'staircase': multiplied by `factor`
      after every `every` steps (the authors' PyTorch code: 0.8 and 500).

  Raises:
    InputError: if the name is unknown or a number out of its range.
  """
  if config.name == 'cosine':
    for name, value in (('warmup', config.warmup), ('final', config.final)):
      _check(f'schedule.{name}', value, 0 <= value <= 1, '0 to 1')
    rising = round(config.warmup * steps)
    _check(
      'schedule.warmup',
      config.warmup,
      rising < steps,
      f'less, so that some of the {steps} steps are left for the decay',
    )
    return optax.warmup_cosine_decay_schedule(0.0, 1.0, warmup_steps=rising, decay_steps=steps, end_value=config.final)
  if config.name == 'staircase':
    _check('schedule.factor', config.factor, 0 < config.factor <= 1, 'more than 0 and at most 1')
    _check('schedule.every', config.every, config.every >= 1, '1 or more')
    return optax.exponential_decay(1.0, config.every, config.factor, staircase=True)
  raise InputError(f'config.schedule.name is {config.name!r}; it is cosine or staircase.')


def _kernels(params, *, matrices: bool):
  return jax.tree.map_with_path(lambda path, x: path[-1].key == 'kernel' or (matrices and np.ndim(x) >= 2), params)


def _check(key: str, value: float, right: bool, what: str) -> None:
  if not right:
    raise InputError(f'config.{key} is {value}; give {what}.')
