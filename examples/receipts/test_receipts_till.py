"""American till slips."""

from datetime import date
from decimal import Decimal

import pytest
from receipt_model import Currency, Item, Payment, Receipt, Tax
from receipts import parse_receipt
from receipts_written import item


def slip(  # noqa: PLR0913 - the parts of a slip
    goods: str = "COFFEE BEANS 12OZ     11.99",
    *,
    shop: str = "GREEN VALLEY MARKET",
    when: str = "03/14/2025 18:22",
    tax: str = "TAX 8.25%  0.99",
    total: str = "12.98",
    paid: str = "VISA ************1234",
) -> str:
    """Print a slip."""
    return f"{shop}\n418 Elm Street, Austin TX\n{when}  REG 2\n{goods}\n{tax}\nTOTAL  ${total}\n{paid}\nTHANK YOU"


def test_whole_slip() -> None:
    """Everything on a slip is read."""
    expected = Receipt(
        merchant="GREEN VALLEY MARKET",
        purchased=date(2025, 3, 14),
        currency=Currency.USD,
        items=[item("MILK 2% 1GAL", "3.49"), item("BAGEL EVERYTHING", "1.25", "2")],
        taxes=[Tax(rate=Decimal("8.25"), amount=Decimal("0.49"))],
        total=Decimal("6.48"),
        payment=Payment.CARD,
    )
    goods = "MILK 2% 1GAL          3.49\nBAGEL EVERYTHING      2.50\n  2 @ 1.25\nSUBTOTAL              5.99"

    assert expected == parse_receipt(slip(goods, tax="TAX 8.25%  0.49", total="6.48"))


@pytest.mark.parametrize(
    ("goods", "items", "total"),
    [
        ("BANANAS               1.42\n  2.45 lb @ 0.58/lb", [item("BANANAS", "0.58", "2.45")], "1.42"),
        ("CASHEWS 8OZ           6.79 F", [item("CASHEWS 8OZ", "6.79")], "6.79"),
        ("YOGURT PLAIN          5.16\n  4 @ 1.29\nYOU SAVED   0.80", [item("YOGURT PLAIN", "1.29", "4")], "5.16"),
        ("EGGS LARGE DOZEN      3.89\nPOINTS EARNED      0.12", [item("EGGS LARGE DOZEN", "3.89")], "3.89"),
        (
            "CHOCOLATE BAR         1.99\nBAR SOAP              3.49",
            [item("CHOCOLATE BAR", "1.99"), item("BAR SOAP", "3.49")],
            "5.48",
        ),
        (
            "OAT MILK              4.29\nSTORE COUPON         -1.00",
            [item("OAT MILK", "4.29"), item("STORE COUPON", "-1.00")],
            "3.29",
        ),
    ],
    ids=["weight", "tax-letter", "saved", "points", "bars", "coupon"],
)
def test_items(goods: str, items: list[Item], total: str) -> None:
    """Goods are items, with the quantity of the line below; savings and points are not."""
    receipt = parse_receipt(slip(goods, tax="", total=total))

    assert items == receipt.items
    assert Decimal(total) == receipt.total


@pytest.mark.parametrize(
    ("paid", "payment"),
    [
        ("CASH        20.00\nCHANGE       7.02", Payment.CASH),
        ("DEBIT ****9921", Payment.CARD),
        ("MASTERCARD ****5510  APPROVED", Payment.CARD),
        ("APPLE PAY  VISA ****1234", Payment.PHONE),
        ("GIFT CARD   12.98", Payment.VOUCHER),
        ("APPROVED", Payment.UNKNOWN),
    ],
)
def test_payment(paid: str, payment: Payment) -> None:
    """The line below the total tells how it was paid."""
    receipt = parse_receipt(slip(paid=paid))

    assert payment == receipt.payment
    assert [good.name for good in receipt.items] == ["COFFEE BEANS 12OZ"]


@pytest.mark.parametrize(
    ("when", "day"),
    [
        ("1/2/2025 09:05", date(2025, 1, 2)),
        ("12/31/2024 23:59", date(2024, 12, 31)),
        ("02/29/2024 12:00", date(2024, 2, 29)),
    ],
)
def test_day(when: str, day: date) -> None:
    """The month stands first."""
    assert day == parse_receipt(slip(when=when)).purchased


@pytest.mark.parametrize("shop", ["Joe's Diner", "H-E-B #402", "7 STAR LIQUORS"])
def test_shop(shop: str) -> None:
    """The first line is the shop, with digits and all."""
    assert shop == parse_receipt(slip(shop=shop)).merchant


def test_no_tax() -> None:
    """A slip without tax has none."""
    receipt = parse_receipt(slip(tax="", total="11.99"))

    assert receipt.taxes == []
    assert Decimal("11.99") == receipt.total


@pytest.mark.parametrize(
    "text", ["", "   \n", "GREEN VALLEY MARKET\n03/14/2025\nTHANK YOU", "CORNER SHOP\nTOTAL $3.00"]
)
def test_no_receipt(text: str) -> None:
    """What lacks the total or the day is refused; the original raises, so there is no result to learn."""
    with pytest.raises(ValueError, match="the receipt"):
        parse_receipt(text)
