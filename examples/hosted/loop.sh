#!/usr/bin/env bash
# The whole loop with hosted fine-tuning: collect, check, upload, train, follow, evaluate what was trained.
#
# The provider's part is played by aimock, from npm: it needs Node 20, no key and no money. With a provider of your own,
# leave the part between the lines out and set DISTIL_BASE_URL and DISTIL_API_KEY to it. Takes a folder to work in.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=${1:-$(mktemp -d)}
cp -r "$here/../triage/." "$work"
cd "$work"

echo "--- 1. The tests become training data"
pytest -q --distil-collect
folder=.distil/sessions/$(cat .distil/latest)

# ----------------------------------------------------------------------------------------------------------------------
python "$here/answers.py" "$folder" answers.json        # what the trained model is going to say
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
${AIMOCK:-npx --yes --package @copilotkit/aimock llmock} --port "$port" --fixtures answers.json > aimock.log 2>&1 &
trap 'kill $! 2> aimock.end' EXIT
curl --silent --retry 300 --retry-delay 1 --retry-connrefused --output models.json "http://127.0.0.1:$port/v1/models"
export DISTIL_BASE_URL=http://127.0.0.1:$port/v1 DISTIL_API_KEY=none
# ----------------------------------------------------------------------------------------------------------------------

echo "--- 2. One command checks the file, uploads it, starts the job and follows it"
pytest-distil jobs create-from-file "$folder/triage.triage.train.jsonl" --model gpt-4o-mini --yes --follow --interval 0.1

echo "--- 3. What is known of the model"
pytest-distil models show latest

echo "--- 4. The same tests, answered by the model"
pytest -q --distil-eval=latest
