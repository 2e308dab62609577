"""The mails of the suite: phrasings seen in the inbox, filled with customers' details."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from triage_ticket import Label, Priority, Ticket

DETAILS = {
    "name": "Ann Moore|Priya Nair|Tom Becker|Lucia Rossi|Omar Haddad|J. Wright|Mei Chen|Kofi Mensah|Eva Lind|Sam Doyle",
    "product": "kettle|toaster|desk lamp|blender|fan heater|hair dryer|coffee grinder|radio|vacuum cleaner|rice cooker",
    "garment": "jacket|raincoat|jumper|dress|shirt|coat|cardigan|blouse",
    "day": "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|3 March|12 May|21 June",
    "n": "4|5|6|8|9|11|12|14",
    "city": "Leeds|Bristol|Cork|Dundee|York|Bath|Derby|Exeter|Galway",
    "colour": "red|navy blue|green|grey|white|black|yellow",
    "size": "S|M|L|XL|10|12|14",
    "amount": "£34.90|£12.50|£89.00|£7.99|£149.00|£23.40|£61.20",
    "month": "January|March|April|June|August|October|November",
    "code": "SPRING10|WELCOME5|SAVE20|HELLO15|FRIEND10",
    "invoice": "INV-20417|INV-31882|INV-27065|INV-45190|INV-38846",
    "subscription": "coffee|tea|snack|wine|cheese",
    "email": "ann@example.com|priya.n@example.org|tombecker@example.net|lucia@example.com|omar.h@example.org",
    "phone": "07700 900141|07700 900526|07700 900873|07700 900309|07700 900758",
    "order": "order {}|order #{}|order no. {}|order BK-{}|order number {}",
}
"""Every slot of the templates, with what customers write there."""

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail and the ticket that the support team wants for it."""

    subject: str
    body: str
    ticket: Ticket


def phrasings(table: str, *, each: int, first_order: int) -> Iterator[tuple[str, list[Mail]]]:
    """Yield the name of every phrasing of `table` with `each` mails; orders are numbered from the one given."""
    with (FOLDER / table).open(encoding="utf-8", newline="") as file:
        for row, phrasing in enumerate(csv.DictReader(file)):
            orders = range(first_order + row * each, first_order + (row + 1) * each)
            yield (
                phrasing["id"],
                [_mail(phrasing, row=row, turn=turn, digits=_digits(order)) for turn, order in enumerate(orders)],
            )


def _mail(phrasing: dict[str, str], *, row: int, turn: int, digits: str) -> Mail:
    """Fill one phrasing."""
    details = _details(row, turn)
    order = details["order"].format(digits)
    slots = {**details, "order": order, "Order": "O" + order[1:], "digits": digits}
    text = phrasing["subject"] + phrasing["body"]
    named = any(slot in text for slot in ("{order}", "{Order}", "{digits}"))
    ticket = Ticket(
        label=Label(phrasing["label"]),
        priority=Priority(phrasing["priority"]),
        order_number=digits if named else None,
    )
    return Mail(
        subject=phrasing["subject"].format_map(slots),
        body=phrasing["body"].format_map(slots),
        ticket=ticket,
    )


def _details(row: int, turn: int) -> dict[str, str]:
    """Choose a customer's details: others in each turn, and not the same ones together in each row."""
    details = {}
    for stride, (slot, values) in enumerate(DETAILS.items(), start=1):
        choices = values.split("|")
        details[slot] = choices[(row * stride + turn) % len(choices)]
    return details


def _digits(number: int) -> str:
    """Return the five digits of the order of that number, no two of them alike."""
    return str(10_000 + (number * 7919 + 38_213) % 90_000)
