"""What is read from a receipt."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, Field


class Currency(StrEnum):
    """The currencies of the shops we know, by ISO 4217."""

    EUR = "EUR"
    GBP = "GBP"
    USD = "USD"


class Payment(StrEnum):
    """How it was paid."""

    CASH = "cash"
    CARD = "card"
    PHONE = "phone"
    VOUCHER = "voucher"
    UNKNOWN = "unknown"


class Item(BaseModel):
    """One line of goods."""

    name: str = Field(description="As printed, without quantity, price and tax letter.")
    quantity: Decimal = Field(description="Pieces, or the weight of what is weighed; 1 if none is printed.")
    price: Decimal = Field(description="For one piece, pound or kilogram; negative for a discount.")


class Tax(BaseModel):
    """The tax of one rate."""

    rate: Decimal = Field(description="In percent.")
    amount: Decimal = Field(description="In the receipt's currency.")


class Receipt(BaseModel):
    """A receipt, read."""

    merchant: str = Field(description="The shop's name, without address.")
    purchased: date = Field(description="The day of the purchase.")
    currency: Currency = Field(description="What the amounts are in.")
    items: list[Item] = Field(description="In the order printed; discounts and shipping are items too.")
    taxes: list[Tax] = Field(description="One for each rate printed; none if the receipt shows none.")
    total: Decimal = Field(description="What was paid.")
    payment: Payment = Field(description="How it was paid.")
