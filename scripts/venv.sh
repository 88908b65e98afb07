#!/usr/bin/env bash
# Make .venv with a python3 that is new enough; on a bare Debian the module for that is a package of its own.
set -euo pipefail

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

echo "→ virtual environment .venv"
python3 -m venv .venv
.venv/bin/python -m pip install --quiet --upgrade pip
