# Sourced by the other scripts: a virtual environment with what they need.
#
#   . launch/setup.sh REQUIREMENTS_FILE...
#
# Sets PYTHON. Makes .venv beside this folder (or $SALIENCY_JAX_VENV), and
# installs again only when a requirements file has changed.

fail() { echo "$(basename "$0"): $1" >&2; exit 2; }

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
venv="${SALIENCY_JAX_VENV:-$root/.venv}"

find_python() {
  local name
  for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
    if command -v "$name" > /dev/null && "$name" -c \
        'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
      echo "$name"
      return
    fi
  done
  return 1
}

PYTHON="$venv/bin/python"
if ! "$PYTHON" -m pip --version > /dev/null 2>&1; then
  base="$(find_python)" || fail "Python 3.11 or later is not on the PATH; install it."
  echo "Making a virtual environment in $venv"
  "$base" -m venv --clear "$venv" || fail "'$base -m venv' failed; install Python's venv module (Debian: python3-venv)."
fi

for name in "$@"; do
  stamp="$venv/.installed-${name//\//-}"
  if ! cmp -s "$root/$name" "$stamp"; then
    echo "Installing $name (a few minutes the first time)"
    "$PYTHON" -m pip install --quiet --disable-pip-version-check \
      -r "$root/$name" || fail "installing $name failed; see pip's message above."
    cp "$root/$name" "$stamp"
  fi
done
