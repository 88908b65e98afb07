#!/usr/bin/env bash
# Install what LOCK lists into the virtual environment FOLDER: scripts/venv.sh FOLDER LOCK
#
# One that is there is brought up to date. Source distributions are built with the setuptools of the lock, not with
# whatever is newest today.
set -euo pipefail
folder=$1 lock=$2

python3 - <<'PY' || exit 1
import sys
if sys.version_info < (3, 10):
    sys.exit(f"python3 is {sys.version.split()[0]}; 3.10 or newer is needed.")
PY

if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "→ python3-venv (apt)"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
  else
    echo "python3 has no venv module. Type: sudo apt-get install python3-venv" >&2
    exit 1
  fi
fi

python3 -m venv "$folder"
install() { "$folder/bin/python" -m pip install --quiet --no-deps --no-build-isolation "$@"; }
# shellcheck disable=SC2046
install $(grep -E '^(setuptools|wheel)==' "$lock")
install --requirement "$lock"
