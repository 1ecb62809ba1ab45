#!/usr/bin/env bash
# Runs a job on a GPU workstation. Takes the flags of the Python entry points:
#
#   launch/gpu.sh train --config=configs/train.py --workdir=W
#   launch/gpu.sh sweep --config=configs/sweep_depth.py --workdir=W
set -euo pipefail
. "$(dirname "$0")/setup.sh" requirements.txt requirements-gpu.txt
job="${1:?name the job: train, sweep, predict, dissect or popout}"
# Without a GPU this ends at once and does not crawl on the CPU.
JAX_PLATFORMS="${JAX_PLATFORMS:-cuda}" exec "$PYTHON" "$root/launch/$job.py" "${@:2}"
