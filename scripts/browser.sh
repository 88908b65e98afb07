#!/usr/bin/env bash
# Find a Chromium for the browser tests; install Debian's only if there is none.
set -euo pipefail

if [ -n "${CHROMIUM:-}" ] || command -v chromium >/dev/null || command -v google-chrome >/dev/null; then
  exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "→ no Chromium found: installing Debian's (apt)"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null 2>&1
else
  echo "The browser tests need a Chromium. Type: sudo apt-get install chromium   (or set CHROMIUM=/path/to/it)" >&2
  exit 1
fi
