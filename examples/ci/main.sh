#!/usr/bin/env bash
# On main: turn the test suite into a session, which pull requests are judged by.
set -euo pipefail
pytest -q --distil-collect
