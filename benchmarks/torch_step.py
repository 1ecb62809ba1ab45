"""The training step in PyTorch, in a process of its own, told when to step.

  python torch_step.py ARGUMENTS.npz DEPTH THREADS

A script for any Python that has PyTorch and NumPy: it imports nothing of this
package. For each line on standard input it makes a step and prints the loss.
"""

import sys

import numpy as np
import torch


class Network(torch.nn.Module):
  """VGG-16's convolutions and the readout; the lower ones without gradient."""

  def __init__(self, layers, readout, mean, depth: int):
    super().__init__()
    self.mean = mean
    self.convolutions = torch.nn.ModuleList()
    for kernel, bias in layers:
      below, units = kernel.shape[2:]
      layer = torch.nn.Conv2d(below, units, 3, padding=1)
      with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(kernel).permute(3, 2, 0, 1))
        layer.bias.copy_(torch.from_numpy(bias))
      self.convolutions.append(layer)
    self.readout = torch.nn.Conv2d(readout.shape[2], 1, 1, bias=False)
    with torch.no_grad():
      self.readout.weight.copy_(torch.from_numpy(readout).permute(3, 2, 0, 1))
    self.frozen = len(layers) - depth
    self.convolutions[: self.frozen].requires_grad_(False)

  def forward(self, images):
    with torch.no_grad():
      x = self.through(images.float() - self.mean, 0, self.frozen)
    return self.readout(self.through(x, self.frozen, len(self.convolutions)))[:, 0]

  def through(self, x, first: int, last: int):
    for number in range(first, last):
      if number in (2, 4, 7, 10):  # VGG-16's blocks
        x = torch.nn.functional.max_pool2d(x, 2)
      x = torch.nn.functional.relu(self.convolutions[number](x), inplace=True)
    return x


def nss(maps, sets, rows, columns):
  """Returns the NSS of maps `[B, h, w]` in cells; see `ops/association.py`."""
  average = rows[:, 0, :, None] * columns[:, 0, None, :]
  mean = (average * maps).sum((1, 2), keepdim=True)
  x = maps - mean
  x = columns[:, 1, None] * x + columns[:, 2, None] * x.roll(-1, 2)
  x = rows[:, 1, :, None] * x + rows[:, 2, :, None] * x.roll(-1, 1)
  return ((sets * maps).sum((1, 2)) - mean[:, 0, 0]) / (x.square().sum((1, 2)).sqrt())


def main() -> None:
  arrays = np.load(sys.argv[1], allow_pickle=False)
  torch.set_num_threads(int(sys.argv[3]))
  count = sum(name.startswith('kernel_') for name in arrays)
  network = Network(
    [(arrays[f'kernel_{i}'], arrays[f'bias_{i}']) for i in range(count)],
    arrays['readout'],
    torch.from_numpy(arrays['mean'])[:, None, None],
    int(sys.argv[2]),
  ).to(memory_format=torch.channels_last)
  # Already channels last: `[B, S, S, 3]` seen as `[B, 3, S, S]`.
  images = torch.from_numpy(arrays['images']).permute(0, 3, 1, 2)
  weights = [torch.from_numpy(arrays[name]) for name in ('sets', 'rows', 'columns')]
  adam = torch.optim.Adam(
    [
      {'params': [x for x in network.convolutions.parameters() if x.requires_grad], 'lr': float(arrays['trunk_rate'])},
      {'params': network.readout.parameters(), 'lr': float(arrays['readout_rate'])},
    ],
    fused=True,
  )
  for _ in sys.stdin:
    loss = -nss(network(images), *weights).mean()
    adam.zero_grad(set_to_none=True)
    loss.backward()
    adam.step()
    print(loss.item(), flush=True)


if __name__ == '__main__':
  main()
