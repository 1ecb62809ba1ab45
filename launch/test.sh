#!/usr/bin/env bash
# Runs all tests; arguments go to pytest.
#
#   bash launch/test.sh [PYTEST_ARGUMENTS]
set -euo pipefail
cd "$(dirname "$0")/.."
. launch/setup.sh requirements.txt tests/requirements.txt
# A file's tests stay together, as they share what they make. More processes
# than cores would only wait for one another. One that dies ends the run: the
# files of a process that takes its place may never come to an end.
exec "$PYTHON" -m pytest \
  --numprocesses=2 --dist=loadfile --max-worker-restart=0 "$@"
