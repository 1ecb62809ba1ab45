#!/usr/bin/env bash
# Runs all tests; arguments go to pytest.
#
#   bash launch/test.sh [PYTEST_ARGUMENTS]
set -euo pipefail
cd "$(dirname "$0")/.."
. launch/setup.sh requirements.txt tests/requirements.txt
exec "$PYTHON" -m pytest "$@"
