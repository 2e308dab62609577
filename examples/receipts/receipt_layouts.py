"""The layouts of receipts, one reader each: lines in, a receipt out, `ValueError` for what is none."""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from receipt_model import Currency, Item, Payment, Receipt, Tax

PAYMENTS = {
    r"(?:apple|google) pay": Payment.PHONE,
    r"gift card|voucher|gutschein": Payment.VOUCHER,
    r"visa|mastercard|amex|debit|kartenzahlung|girocard|ec-karte": Payment.CARD,
    r"cash\b|(?:gegeben )?bar(?:geld)?(?:\s{2,}|$)": Payment.CASH,
}
"""How a line about paying begins; the first that is found wins, for a phone pays with a card behind it."""

MONTHS = ["January", "February", "March", "April", "May", "June"]
MONTHS += ["July", "August", "September", "October", "November", "December"]
SYMBOLS = {"$": Currency.USD, "£": Currency.GBP, "€": Currency.EUR}

TILL_ITEM = re.compile(r"(?P<name>\S.*?)\s{2,}(?P<amount>-?\d+\.\d\d)(?: [A-Z])?$")
TILL_QUANTITY = re.compile(r"\s+(?P<quantity>[\d.]+)(?: (?:lb|kg))? @ (?P<price>\d+\.\d\d)(?:/(?:lb|kg))?$")
TILL_TAX = re.compile(r"(?:SALES )?TAX (?P<rate>[\d.]+)%\s+(?P<amount>\d+\.\d\d)$")
TILL_NO_ITEM = re.compile(r"(?:SUB)?TOTAL|BALANCE|CHANGE|TENDER|POINTS|YOU SAVED")

BON_ITEM = re.compile(
    r"(?P<name>\S.*?)\s{2,}(?:(?P<quantity>[\d,]+)(?: kg)? x (?P<price>-?\d+,\d\d)\s+)?(?P<amount>-?\d+,\d\d) [A-Z]$"
)
BON_TAX = re.compile(r"(?:MwSt )?[A-Z]\s+(?P<rate>[\d,]+) ?%\s+(?P<amount>\d+,\d\d)")

MAIL_ITEM = re.compile(r"(?P<quantity>\d+) x (?P<name>.+?) [—-] (?P<sign>-?)[$£€](?P<price>\d+\.\d\d)(?: each)?$")
MAIL_EXTRA = re.compile(r"(?P<name>Shipping|Gift wrap|Discount.*?) [—-] (?P<sign>-?)[$£€](?P<price>\d+\.\d\d)$")
MAIL_TAX = re.compile(r"[$£€](?P<amount>\d+\.\d\d) VAT at (?P<rate>[\d.]+)%")


def read_till_slip(lines: list[str]) -> Receipt:
    """Read an American till slip: name and amount in columns, a quantity on the line below, tax on top."""
    month, day, year = map(int, _first(r"\b(\d\d?)/(\d\d?)/(\d{4})\b", lines))
    taxes = [_tax(found) for line in lines if (found := TILL_TAX.match(line))]
    (total,) = _first(r"^TOTAL\s+\$?(\d+\.\d\d)$", lines)
    return Receipt(
        merchant=lines[0].strip(),
        purchased=date(year, month, day),
        currency=Currency.USD,
        items=_slip_items(lines[1:]),
        taxes=taxes,
        total=Decimal(total),
        payment=_payment(lines[1:]),
    )


def read_kassenbon(lines: list[str]) -> Receipt:
    """Read a German Kassenbon: decimal commas, a tax letter behind each amount, tax included."""
    items = [_bon_item(found) for line in lines[1:] if (found := BON_ITEM.match(line))]
    day, month, year = map(int, _first(r"\b(\d\d?)\.(\d\d?)\.(\d{4})\b", lines))
    (total,) = _first(r"^(?i:summe)(?: EUR)?\s+(\d+,\d\d)(?: EUR| €)?$", lines)
    return Receipt(
        merchant=lines[0].strip(),
        purchased=date(year, month, day),
        currency=Currency.EUR,
        items=items,
        taxes=[_tax(found) for line in lines if (found := BON_TAX.match(line))],
        total=_comma(total),
        payment=_payment(lines[1:]),
    )


def read_mail(lines: list[str]) -> Receipt:
    """Read the mail of a web shop: one sentence or list entry a line, tax included and named beside the total."""
    items = [
        Item(
            name=found["name"],
            quantity=Decimal(found.groupdict().get("quantity", 1)),
            price=Decimal(found["sign"] + found["price"]),
        )
        for line in lines[1:]
        if (found := MAIL_ITEM.match(line) or MAIL_EXTRA.match(line))
    ]
    day, month, year = _first(rf"\b(\d\d?) ({'|'.join(MONTHS)}) (\d{{4}})\b", lines)
    symbol, total = _first(r"^Total: ([$£€])(\d+\.\d\d)", lines)
    return Receipt(
        merchant=lines[0].removeprefix("Your receipt from ").strip(),
        purchased=date(int(year), MONTHS.index(month) + 1, int(day)),
        currency=SYMBOLS[symbol],
        items=items,
        taxes=[_tax(found) for line in lines for found in MAIL_TAX.finditer(line)],
        total=Decimal(total),
        payment=_payment([line for line in lines if line.startswith("Paid")]),
    )


def _slip_items(lines: Iterable[str]) -> list[Item]:
    """Collect the goods of a till slip; a line with a quantity belongs to the goods above it."""
    items: list[Item] = []
    for line in lines:
        if items and (found := TILL_QUANTITY.match(line)):
            price = Decimal(found["price"]).copy_sign(items[-1].price)
            items[-1] = Item(name=items[-1].name, quantity=Decimal(found["quantity"]), price=price)
        elif (found := TILL_ITEM.match(line)) and not (TILL_NO_ITEM.match(line) or _is_settling(line)):
            items.append(Item(name=found["name"], quantity=Decimal(1), price=Decimal(found["amount"])))
    return items


def _bon_item(found: re.Match[str]) -> Item:
    """Make an item of a line of a Kassenbon."""
    return Item(
        name=found["name"],
        quantity=_comma(found["quantity"] or "1"),
        price=_comma(found["price"] or found["amount"]),
    )


def _tax(found: re.Match[str]) -> Tax:
    """Make a tax of a line that has rate and amount."""
    return Tax(rate=_comma(found["rate"]), amount=_comma(found["amount"]))


def _payment(lines: Iterable[str]) -> Payment:
    """Return how it was paid."""
    begins = [re.sub(r"^\s*paid (?:with|by) (?:an? )?", "", line.lower()) for line in lines]
    found = (payment for phrase, payment in PAYMENTS.items() if any(re.match(phrase, line) for line in begins))
    return next(found, Payment.UNKNOWN)


def _is_settling(line: str) -> bool:
    """Say whether a line of a till slip is about tax or payment."""
    return TILL_TAX.match(line) is not None or _payment([line]) is not Payment.UNKNOWN


def _first(pattern: str, lines: Iterable[str]) -> tuple[str, ...]:
    """Return the groups of the first match, line by line."""
    for line in lines:
        if found := re.search(pattern, line):
            return found.groups()
    raise ValueError(f"the receipt has no line like {pattern!r}")


def _comma(number: str) -> Decimal:
    """Read a number with a decimal comma or point."""
    return Decimal(number.replace(",", "."))
