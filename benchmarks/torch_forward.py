"""A forward pass of torchvision's, for `networks.py`; needs no saliency_jax.

    python torch_forward.py NAME BATCH SIZE THREADS

For every line of the standard input it runs one batch and prints a line. Of
torch's two orders of memory it takes the one that is faster on a CPU.
"""

import sys

import torch
import torchvision


def main() -> None:
  name, (batch, size, threads) = sys.argv[1], map(int, sys.argv[2:])
  torch.set_num_threads(threads)
  torch.manual_seed(0)
  model = torchvision.models.get_model(name, weights=None).eval()
  if name.startswith('vgg'):  # ours ends before the last pooling
    model = model.features[:-1]
  model = model.to(memory_format=torch.channels_last)
  images = torch.randn(batch, 3, size, size).to(memory_format=torch.channels_last)
  with torch.inference_mode():
    for _ in sys.stdin:
      print(float(model(images).sum()), flush=True)


if __name__ == '__main__':
  main()
