#!/usr/bin/env bash
# After all shards: join their reports, then judge them as one.
set -euo pipefail
pytest-distil gate distil-shard-*.json --whole --fail-under 80 --baseline distil-baseline.json --baseline-missing ok "$@"
