#!/usr/bin/env bash
# One of several jobs: evaluate some of the tests, judge nothing yet.
set -euo pipefail
model=$1
name=$2
shift 2
pytest -q --distil-eval="$model" --distil-report="distil-shard-$name.json" "$@"
