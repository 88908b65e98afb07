#!/usr/bin/env bash
# The main job in a terminal: an embedded server of its own, the digits pipeline, its tasks and metrics.
set -euo pipefail

folder=$(mktemp -d)
export JUPYTER_KFP_MT_DATA_DIR=$folder/kfp JUPYTER_KFP_MT_EMBEDDED=auto
trap 'jupyter kfp serve --stop >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT

jupyter kfp submit notebooks/pipelines/digits.yaml --wait
jupyter kfp tasks @last
jupyter kfp metrics @last
