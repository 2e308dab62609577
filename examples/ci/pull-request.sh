#!/usr/bin/env bash
# On a pull request: run the tests against MODEL and hold it against the baseline.
set -euo pipefail
model=$1
shift
if [ -f distil-answers.jsonl ]; then pytest-distil answers import distil-answers.jsonl; fi
# A fork has no key: what is committed is replayed, and a question without an answer fails the gate.
offline=()
if [ -z "${DISTIL_API_KEY:-}" ]; then offline=(--distil-offline); fi
pytest -q --distil-eval="$model" --distil-fail-under=80 \
    --distil-baseline=distil-baseline.json --distil-baseline-missing=ok \
    --distil-report=distil-report.json --distil-report=distil-report.md "${offline[@]}" "$@"
