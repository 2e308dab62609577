"""German Kassenbons."""

from datetime import date
from decimal import Decimal

import pytest
from receipt_model import Currency, Item, Payment
from receipts import parse_receipt
from receipts_written import item

BREAD = "Roggenbrot 750g             4,20 B"


def bon(goods: str = BREAD, *, total: str = "4,20", paid: str = "Kartenzahlung", tax: str = "B  7,00 %  0,27") -> str:
    """Print a Kassenbon."""
    return (
        f"Bäckerei Hoffmann\nMarktstr. 5, 80331 München\n{goods}\nSUMME EUR  {total}\n{paid}  {total}\n{tax}\n"
        "14.03.2025 08:12 Bon 1881"
    )


def test_head() -> None:
    """The shop stands on top, the day below, and the money is the euro."""
    receipt = parse_receipt(bon())

    assert ("Bäckerei Hoffmann", date(2025, 3, 14)) == (receipt.merchant, receipt.purchased)
    assert (Currency.EUR, Decimal("4.20")) == (receipt.currency, receipt.total)


@pytest.mark.parametrize(
    ("goods", "items", "total"),
    [
        ("Brezel        3 x 0,95      2,85 B", [item("Brezel", "0.95", "3")], "2,85"),
        ("Tomaten       0,482 kg x 2,99  1,44 B", [item("Tomaten", "2.99", "0.482")], "1,44"),
        (
            f"{BREAD}\nRabatt 10%                 -0,42 B",
            [item("Roggenbrot 750g", "4.20"), item("Rabatt 10%", "-0.42")],
            "3,78",
        ),
        (
            "Leergut       2 x -0,25    -0,50 A\nApfelsaft 1L   2,19 A",
            [item("Leergut", "-0.25", "2"), item("Apfelsaft 1L", "2.19")],
            "1,69",
        ),
        (
            "Käsekuchen    2 x 2,80      5,60 B\nKaffee groß   3,10 A",
            [item("Käsekuchen", "2.80", "2"), item("Kaffee groß", "3.10")],
            "8,70",
        ),
    ],
    ids=["pieces", "weight", "discount", "deposit", "two"],
)
def test_items(goods: str, items: list[Item], total: str) -> None:
    """Commas are decimal points, and deposits and discounts are negative."""
    receipt = parse_receipt(bon(goods, total=total))

    assert items == receipt.items
    assert Decimal(total.replace(",", ".")) == receipt.total


@pytest.mark.parametrize(
    ("paid", "payment"),
    [
        ("Bar", Payment.CASH),
        ("girocard", Payment.CARD),
        ("Gutschein", Payment.VOUCHER),
        ("Google Pay", Payment.PHONE),
    ],
)
def test_payment(paid: str, payment: Payment) -> None:
    """The line below the total tells how it was paid."""
    assert payment == parse_receipt(bon(paid=paid)).payment


def test_taxes() -> None:
    """Each rate has its line; which stands first does not matter."""
    taxes = parse_receipt(bon(tax="MwSt A 19,00%  0,50\nMwSt B  7,00%  0,37")).taxes

    assert {tax.rate: tax.amount for tax in taxes} == {Decimal(7): Decimal("0.37"), Decimal(19): Decimal("0.50")}
