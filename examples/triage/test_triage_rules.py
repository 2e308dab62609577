"""The rules by themselves; no marked function is called here, so nothing is collected."""

import pytest
from triage_rules import best_label, find_order_number, find_priority, tidy
from triage_ticket import Label, Priority


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("My order 48213 is late.", "48213"),
        ("Order number is 48213", "48213"),
        ("order no. BK-48213", "48213"),
        ("(order: #48213)", "48213"),
        ("It is BK 48213.", "48213"),
        ("bk48213", "48213"),
        ("What about #48213?", "48213"),
        ("Not order 48213 but order 48231.", "48231"),
        ("order 48213 and order 50022", "48213"),
    ],
)
def test_order_number(text: str, digits: str) -> None:
    """However customers write it, an order number is its five digits."""
    assert digits == find_order_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "I live at 80331 Munich.",
        "Ticket #33018 is still open.",
        "invoice #20417 of June",
        "invoice INV-20417",
        "Call me on 07700 900141.",
        "I want to order 3 of them.",
        "order 482131 does not exist",
        "The border 48213",
    ],
)
def test_no_order_number(text: str) -> None:
    """Other numbers are not orders."""
    assert find_order_number(text) is None


@pytest.mark.parametrize(
    ("body", "label"),
    [
        ("Nothing is broken, I just want to send it back.", Label.RETURN),
        ("I do not want to cancel. Where is my parcel?", Label.DELIVERY),
        ("It arrived broken and I want my money back.", Label.FAULTY),
        ("Does it come with a bag?", Label.QUESTION),
        ("It rained all week.", Label.FEEDBACK),
    ],
)
def test_label(body: str, label: Label) -> None:
    """What is denied does not count, goods that are broken come first, and a mail without a clue has a label too."""
    assert label == best_label("", body)


@pytest.mark.parametrize(
    ("body", "priority"),
    [
        ("This is not urgent.", Priority.NORMAL),
        ("Whenever you have time.", Priority.LOW),
        ("No rush, tomorrow is fine.", Priority.URGENT),
        ("I have told you twice.", Priority.URGENT),
        ("The second box is missing.", Priority.NORMAL),
    ],
)
def test_priority(body: str, priority: Priority) -> None:
    """A deadline outranks patience, and what is not urgent is not."""
    assert priority == find_priority("", body, usual=Priority.NORMAL)


def test_tidy() -> None:
    """Curly quotes, double spaces and the commonest misspellings do not matter."""
    assert tidy("I  Don\u2019t know the ADRESS") == "i don't know the address"
