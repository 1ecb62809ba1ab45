# Sourced by gpu.sh and tpu_vm.sh: installs what an accelerator needs and runs
# a job on it.
#
#   . launch/job.sh REQUIREMENTS_FILE PLATFORMS JOB [FLAGS]
requirements="$1"
platforms="$2"
job="${3:-}"
jobs="train|sweep|tasks|predict|dissect|popout|evaluate|benchmark"
if ! [[ "$job" =~ ^($jobs)$ ]]; then
  echo "$(basename "$0"): '$job' is no job; name one of ${jobs//|/, }." >&2
  exit 2
fi
flags=("${@:4}")
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh" requirements.txt "$requirements"
export JAX_PLATFORMS="${JAX_PLATFORMS:-$platforms}"
exec "$PYTHON" "$root/launch/$job.py" "${flags[@]}"
