"""The inbox, sorted: phrasings that the rules were written for, and phrasings that came later."""

import pytest
from triage import triage
from triage_mails import Mail, phrasings
from triage_ticket import Label, Priority, Ticket

KNOWN = dict(phrasings("triage_mails.csv", each=5, first_order=0))
NEW = dict(phrasings("triage_new_mails.csv", each=4, first_order=40_000))


@pytest.mark.parametrize("mails", KNOWN.values(), ids=KNOWN)
def test_known_phrasing(mails: list[Mail]) -> None:
    """Mails in a known phrasing become the tickets that the support team wants."""
    for mail in mails:
        assert mail.ticket == triage(mail.subject, mail.body)


@pytest.mark.distil(held_out=True)
@pytest.mark.parametrize("mails", NEW.values(), ids=NEW)
def test_new_phrasing(mails: list[Mail]) -> None:
    """So do mails in a phrasing that no model is trained on."""
    for mail in mails:
        assert mail.ticket == triage(mail.subject, mail.body)


PLAIN = [
    ("Parcel", "My parcel with order 30117 is two weeks late.", Label.DELIVERY),
    ("Return", "I want to return the shirt from order #30226.", Label.RETURN),
    ("Kettle", "The lid of my kettle is broken. Order 30335.", Label.FAULTY),
    ("Bill", "You charged me 8 euros too much for order BK-30444.", Label.BILLING),
    ("Password", "My password is not accepted any more.", Label.ACCOUNT),
    ("Cancel", "Please cancel order no. 30553.", Label.CANCEL),
]
PRESSURE = [
    ("", Priority.NORMAL),
    ("I need this done today.", Priority.URGENT),
    ("This is the second time I write.", Priority.URGENT),
    ("My lawyer has a copy of this mail.", Priority.URGENT),
    ("Please answer before tomorrow.", Priority.URGENT),
    ("No hurry.", Priority.LOW),
    ("Take your time.", Priority.LOW),
]


@pytest.mark.parametrize(("pressure", "priority"), PRESSURE)
@pytest.mark.parametrize(("subject", "body", "label"), PLAIN, ids=[subject for subject, _, _ in PLAIN])
def test_pressure(subject: str, body: str, label: Label, pressure: str, priority: Priority) -> None:
    """One more sentence changes how soon, not who."""
    ticket = triage(subject, f"{body} {pressure}".strip())

    assert (label, priority) == (ticket.label, ticket.priority)


@pytest.mark.distil(collect=False)
def test_empty_mail() -> None:
    """An empty mail is sorted too; it is nothing that a model has to learn."""
    assert Ticket(label=Label.FEEDBACK, priority=Priority.LOW, order_number=None) == triage("", "")
