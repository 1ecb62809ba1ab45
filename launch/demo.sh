#!/usr/bin/env bash
# From nothing to a page: ImageNet's VGG-16 looks at 80 pop-out search arrays.
#
#   bash launch/demo.sh [WORKDIR]
set -euo pipefail
workdir="${1:-$(dirname "$0")/../runs/demo}"
mkdir -p "$workdir"
workdir="$(cd "$workdir" && pwd)"
cd "$(dirname "$0")/.."
. launch/setup.sh requirements.txt
exec "$PYTHON" launch/popout.py --workdir="$workdir"
