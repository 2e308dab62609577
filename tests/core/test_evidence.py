import json

from pytest_distil.core.evidence import Selection, Traffic
from pytest_distil.core.prompt import Answer, Usage


def test_traffic_adds_up_and_survives_a_file() -> None:
    """What answers have cost adds up in all its parts, and is read as it was written."""
    fresh = Answer(requests=2, retries=1, waited_seconds=0.5, usage=Usage(10, 1, 5, 2))
    total = Traffic.of(fresh) + Traffic.of(Answer(stored=True)) + Traffic(unused=3)

    assert Traffic(2, 1, 1, 0.5, Usage(10, 1, 5, 2), 3) == total
    assert total == Traffic.from_json(json.loads(json.dumps(total.to_json())))


def test_money_is_told_where_prices_were_given() -> None:
    """A cost adds up over the tasks that have a price; without any there is none, not nothing."""
    costs = [None, 0.25, None, 0.5]

    assert 0.75 == sum((Traffic(cost=one) for one in costs), Traffic()).cost
    assert sum((Traffic(), Traffic()), Traffic()).cost is None
    assert 0.1 == Traffic(cost=0.1000000004).to_json()["cost"]


def test_a_selection_survives_a_file() -> None:
    """What ran is read as it was written, also by a version that knows less."""
    selection = Selection(partial=True, deselected=3, crashed=1, expected=9, sample=0.5)

    assert selection == Selection.from_json({**json.loads(json.dumps(selection.to_json())), "later": 1})
