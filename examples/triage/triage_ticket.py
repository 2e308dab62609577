"""What a mail becomes: a label, a priority, and the order it is about."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Label(StrEnum):
    """The team that a mail goes to."""

    DELIVERY = "delivery"
    RETURN = "return"
    FAULTY = "faulty"
    BILLING = "billing"
    ACCOUNT = "account"
    CANCEL = "cancel"
    QUESTION = "question"
    FEEDBACK = "feedback"


class Priority(StrEnum):
    """How soon somebody has to look at it."""

    LOW = "low"
    NORMAL = "normal"
    URGENT = "urgent"


class Ticket(BaseModel):
    """A mail, sorted."""

    model_config = ConfigDict(frozen=True)

    label: Label = Field(description="What the customer wants dealt with.")
    priority: Priority = Field(description="How soon somebody has to look at it.")
    order_number: str | None = Field(description="The five digits of the order named, or null.")
