#!/usr/bin/env bash
# After a merge: the report becomes the baseline, and the answers become those that forks replay. Commit both files.
set -euo pipefail
pytest-distil baseline promote distil-report.json "$@"
pytest-distil answers export distil-answers.jsonl
