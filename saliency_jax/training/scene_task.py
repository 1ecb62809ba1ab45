"""Scenes: dense layers trained on weighted cross entropy.

He et al. 2019 (Section 8) train three dense layers over conv5_3, with "weight
balance" for classes of unequal size; they give neither widths nor the formula.
Here, a class with n_c of N images, of K classes, has the weight w_c = N / (K
n_c), and the loss is the mean over images of w_c times the cross entropy.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from saliency_jax.data.batch_rows import Batch
from saliency_jax.errors import InputError
from saliency_jax.networks import heads
from saliency_jax.training.tasks import Sums, Task


def describe(config, scenes: Mapping[str, str], trained_on: Sequence[str]) -> dict[str, Any]:
  """Returns the task as JSON values.

  Args:
    config: `config.task`: `dense`, the units of the hidden layers, and
      `dropout`, their dropout rate.
    scenes: scene labels by image id.
    trained_on: the ids of the training images, whose labels give the classes
      and their weights.

  Raises:
    InputError: a number is out of its range, or there are fewer than two
      scenes.
  """
  units = tuple(config.dense)
  if not all(type(n) is int and n > 0 for n in units):
    raise InputError(f'config.task.dense is {units}; give numbers of units, 1 or more.')
  if not 0 <= config.dropout < 1:
    raise InputError(f'config.task.dropout is {config.dropout}; give 0 or more and less than 1.')
  counts = Counter(scenes[name] for name in trained_on if name in scenes)
  if len(counts) < 2:
    raise InputError(
      f'The training images have {len(counts)} scenes; two or more are '
      f'needed: give --config.data.scenes, a CSV file of image_id and scene.'
    )
  classes = sorted(counts)
  total = sum(counts.values())
  return {
    'name': config.name,
    'dense': list(units),
    'dropout': config.dropout,
    # Pretrained dense layers take maps without normalisation.
    'normalized': not config.pretrained_dense,
    'classes': classes,
    'scenes': dict(scenes),
    'weights': [total / (len(classes) * counts[name]) for name in classes],
  }


def make(described: Mapping[str, Any]) -> Task:
  """Returns the task; see `tasks.Task`."""
  classes = tuple(described['classes'])
  numbers = {name: number for number, name in enumerate(classes)}
  weights = np.array(described['weights'], np.float32)
  dropout = described['dropout']
  scenes = described['scenes']
  head = heads.dense(tuple(described['dense']), len(classes), described.get('normalized', False))

  def targets(batch: Batch, grid: tuple[int, int], image_ids: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    del grid
    labels = np.array([numbers.get(scenes.get(name, ''), -1) for name in image_ids], np.int32)
    return labels, ((labels >= 0) & (batch.problems == '')).astype(np.float32)

  def loss(logits: jax.Array, labels: jax.Array) -> jax.Array:
    labels = jnp.maximum(labels, 0)
    chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1)[:, 0]
    return -chosen * jnp.asarray(weights)[labels]

  def sums(logits: jax.Array, labels: jax.Array, valid: jax.Array) -> Sums:
    right = (logits.argmax(axis=1) == labels) * valid
    of_class = jax.nn.one_hot(labels, len(classes)) * valid[:, None]
    return {
      'right': right.sum(),
      'images': valid.sum(),
      'class_right': (of_class * right[:, None]).sum(axis=0),
      'class_images': of_class.sum(axis=0),
    }

  return Task(
    'scene',
    head,
    output=lambda params, maps, keys: head.apply(params, maps, keys, dropout),
    targets=targets,
    loss=loss,
    sums=sums,
    metrics=_metrics,
    watched='balanced_accuracy',
    titles={'balanced_accuracy': 'balanced accuracy', 'accuracy': 'accuracy'},
    # With 4096 units, 3e-3 leads to losses of 100 before they fall.
    rate=1e-4,
    described=described,
    outputs=classes,
  )


def _metrics(sums: Mapping[str, np.ndarray]) -> dict[str, float]:
  """Returns the accuracy, and its mean over classes."""
  seen = sums['class_images'] > 0
  shares = sums['class_right'][seen] / sums['class_images'][seen]
  return {
    'accuracy': float(sums['right'] / max(sums['images'], 1)),
    'balanced_accuracy': float(shares.mean()) if seen.any() else 0.0,
  }
