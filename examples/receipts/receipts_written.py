"""What the tests of all layouts write down."""

from decimal import Decimal

from receipt_model import Item


def item(name: str, price: str, quantity: str = "1") -> Item:
    """Write an item down briefly."""
    return Item(name=name, quantity=Decimal(quantity), price=Decimal(price))
