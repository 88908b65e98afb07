#!/usr/bin/env bash
# Resolve requirements to exact versions, for every Python we support: scripts/lock.sh INPUT OUTPUT [option of uv…]
#
# uv does it, since pip can resolve for the running Python only. It lives in an environment of its own, so that
# neither the tests nor a set-up depends on it.
set -euo pipefail

tools=.venv-lock
if [ ! -x $tools/bin/uv ]; then
  python3 -m venv $tools
  $tools/bin/python -m pip install --quiet uv
fi
$tools/bin/uv pip compile --quiet --no-python-downloads --universal --python-version 3.10 --upgrade \
  --no-annotate --no-emit-index-url --custom-compile-command "make lock" "${@:3}" "$1" --output-file "$2"
