"""Read receipts: the task, and the choice of the layout."""

from receipt_layouts import read_kassenbon, read_mail, read_till_slip
from receipt_model import Receipt

from pytest_distil import Compare, distil, ignore_case, similar, unordered


@distil(
    compare=Compare(
        fields={
            "merchant": ignore_case,  # tills print capitals, mails do not
            "items[*].name": similar(0.8),  # "MILK 2% 1GAL" or "MILK 2%": money is exact, names need not be
            "taxes": unordered,
        }
    )
)
def parse_receipt(text: str) -> Receipt:
    """Read the text of a receipt: an American till slip, a German Kassenbon, or the mail of a British web shop.

    American dates are month/day/year, German ones day.month.year. A price is for one piece, pound or
    kilogram, so a line `2 @ 1.25` has the price 1.25. Lines for subtotal, change and loyalty points are not items.
    """
    lines = [line.rstrip() for line in text.strip().splitlines() if line.strip()]
    if not lines:
        raise ValueError("the receipt is empty")
    if lines[0].startswith("Your receipt from "):
        return read_mail(lines)
    if any(line.upper().startswith("SUMME") for line in lines):
        return read_kassenbon(lines)
    return read_till_slip(lines)
