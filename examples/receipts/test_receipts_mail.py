"""Mails of British web shops."""

from datetime import date
from decimal import Decimal

import pytest
from receipt_model import Currency, Item, Payment
from receipts import parse_receipt
from receipts_written import item


def mail(
    goods: str = "1 x Atlas of Islands — £18.50", *, total: str = "£18.50", paid: str = "Paid with Visa ending 4242"
) -> str:
    """Write the mail of a shop."""
    return f"Your receipt from Papertrail Books\nOrder of 2 April 2025\n\n{goods}\n\nTotal: {total}\n{paid}\n"


def test_whole_mail() -> None:
    """Goods, wrapping and shipping are items, and the tax stands beside the total."""
    receipt = parse_receipt(
        mail(
            "2 x The Dispossessed — £8.99 each\nGift wrap — £2.00\nShipping — £3.50",
            total="£23.48 (includes £0.92 VAT at 20%)",
        )
    )

    assert ("Papertrail Books", date(2025, 4, 2)) == (receipt.merchant, receipt.purchased)
    assert [item("The Dispossessed", "8.99", "2"), item("Gift wrap", "2.00"), item("Shipping", "3.50")] == receipt.items
    assert [(Decimal(20), Decimal("0.92"))] == [(tax.rate, tax.amount) for tax in receipt.taxes]
    assert Decimal("23.48") == receipt.total


@pytest.mark.parametrize(
    ("goods", "items", "total"),
    [
        ("1 x Pen - blue - £1.20", [item("Pen - blue", "1.20")], "£1.20"),
        ("12 x Postcard — £0.60 each", [item("Postcard", "0.60", "12")], "£7.20"),
        ("1 x 1984 — £7.49\n1 x Emma — £6.99", [item("1984", "7.49"), item("Emma", "6.99")], "£14.48"),
        (
            "1 x Catch-22 — £9.99\nDiscount SPRING — -£2.00",
            [item("Catch-22", "9.99"), item("Discount SPRING", "-2.00")],
            "£7.99",
        ),
    ],
    ids=["dashes", "pieces", "digits", "discount"],
)
def test_items(goods: str, items: list[Item], total: str) -> None:
    """Names may hold digits and dashes, and a discount is negative."""
    assert items == parse_receipt(mail(goods, total=total)).items


@pytest.mark.parametrize(
    ("total", "currency"), [("$21.00", Currency.USD), ("€19.90", Currency.EUR), ("£17.25", Currency.GBP)]
)
def test_currency(total: str, currency: Currency) -> None:
    """The sign before the total is the currency."""
    receipt = parse_receipt(mail(f"1 x Atlas of Islands — {total}", total=total))

    assert currency == receipt.currency
    assert Decimal(total[1:]) == receipt.total


@pytest.mark.parametrize(
    ("paid", "payment"),
    [
        ("Paid with a gift card", Payment.VOUCHER),
        ("Paid with Google Pay (Mastercard ending 5510)", Payment.PHONE),
        ("Paid by invoice", Payment.UNKNOWN),
    ],
)
def test_payment(paid: str, payment: Payment) -> None:
    """The last line tells how it was paid."""
    assert payment == parse_receipt(mail(paid=paid)).payment
