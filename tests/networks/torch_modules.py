"""PyTorch modules that the tests of the bridge run; they need torch."""

import torch
from torch import nn


class Small(nn.Module):
  """Writes in place, calls a ReLU twice, and ends in tokens."""

  def __init__(self):
    super().__init__()
    self.conv = nn.Conv2d(3, 6, 3, 2, 1)
    self.bn = nn.BatchNorm2d(6)
    self.relu = nn.ReLU(inplace=True)
    self.up = nn.Conv2d(6, 8, 3, 2, 1)
    self.norm = nn.LayerNorm(8)
    self.tokens = nn.MultiheadAttention(8, 2, batch_first=True)
    self.head = nn.Linear(8, 3)
    self.cls = nn.Parameter(torch.randn(1, 1, 8))

  def forward(self, x):
    x = self.relu(self.bn(self.conv(x)))
    x = self.norm(self.relu(self.up(x)).permute(0, 2, 3, 1))
    x = torch.cat([self.cls.expand(len(x), -1, -1), x.flatten(1, 2)], 1)
    x, _ = self.tokens(x, x, x)
    return self.head(x[:, 0])


def small() -> nn.Module:
  """Returns it with statistics that are not those of a new one."""
  module = Small()
  nn.init.uniform_(module.bn.running_var, 0.5, 1.5)
  nn.init.normal_(module.bn.running_mean)
  module.pretrained_cfg = {
    'mean': (0.5, 0.4, 0.3),
    'std': (0.2, 0.3, 0.4),
    'input_size': (3, 32, 32),
    'interpolation': 'bicubic',
  }
  return module


class Odd(nn.Module):
  """What PyTorch allows: one parameter in two places, a cache, and `middle`."""

  def __init__(self, middle):
    super().__init__()
    self.first, self.last, self.again = nn.Conv2d(3, 4, 4, 4), nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 1)
    self.again.weight = self.last.weight
    self.middle, self.cache = middle, {}

  def forward(self, x):
    if not self.cache:
      self.cache['bias'] = self.first.bias.mean()
    return self.again(self.last(self.middle(self.first(x))) + self.cache['bias'])


class Hooked(nn.Module):
  """Takes features by a hook of its own, as many do, of a weight that is computed."""

  def __init__(self):
    super().__init__()
    self.conv = nn.utils.spectral_norm(nn.Conv2d(3, 4, 4, 4))
    self.features = []
    self.conv.register_forward_hook(lambda part, given, result: self.features.append(result))

  def forward(self, x):
    self.features.clear()
    self.conv(x)
    return 2 * self.features[0]


class Half(nn.Module):
  def forward(self, x):
    return x[:, :2]


def sliced(x):
  x[:, 1:, :2] = 3.0
  return x


def viewed(x):
  x.flatten(2).mul_(2.0)
  return x


def filled(x):
  x.flatten(2).fill_(2.0)
  return x


def compiled() -> nn.Module:
  """Returns `small` as torch.compile leaves it, a part and the whole."""
  module = small()
  module.up = torch.compile(module.up)
  module.norm.compile()
  return torch.compile(module)
