"""Write what a trained model would say, for aimock: it knows its training examples, and every tenth other call not.

python answers.py SESSION FILE
"""

import json
import sys
from itertools import count
from pathlib import Path

WRONG = '{"label":"feedback","priority":"low","order_number":null}'

session, target = map(Path, sys.argv[1:])
numbers = count()
fixtures = []
for path in sorted(session.glob("*.*.jsonl")):
    for line in path.read_text(encoding="utf-8").splitlines():
        *_, user, reply = json.loads(line)["messages"]
        known = ".held_out." not in path.name or next(numbers) % 10
        content = reply["content"] if known else WRONG
        fixtures.append({"match": {"userMessage": user["content"]}, "response": {"content": content}})
target.write_text(json.dumps({"fixtures": fixtures}), encoding="utf-8")
