#!/usr/bin/env bash
# Runs a job on a GPU workstation. Takes the flags of the Python entry points:
#
#   launch/gpu.sh train --config=configs/train.py --workdir=W
#   launch/gpu.sh sweep --config=configs/sweep_depth.py --workdir=W
#
# Without a GPU this ends at once and does not crawl on the CPU.
set -euo pipefail
. "$(dirname "$0")/job.sh" requirements-gpu.txt cuda "$@"
