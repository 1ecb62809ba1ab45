#!/usr/bin/env bash
# Runs a job on a Cloud TPU VM. Takes the flags of the Python entry points:
#
#   launch/tpu_vm.sh train --config=configs/train.py --workdir=W
#
# On a slice of several hosts, run the same command on every host, with
# --coordinator=auto and a --workdir that all of them see (a mounted bucket or
# Filestore):
#
#   gcloud compute tpus tpu-vm ssh NAME --zone=ZONE --worker=all --command="
#     saliency_jax/launch/tpu_vm.sh train --coordinator=auto
#     --config=saliency_jax/configs/train.py --workdir=/mnt/shared/W"
#
# A preempted VM saves on SIGTERM (exit code 143); the same command goes on.
set -euo pipefail
. "$(dirname "$0")/job.sh" requirements-tpu.txt tpu,cpu "$@"
