"""Sort the support mail of an online shop: the task, and how the rules are put together."""

from triage_rules import best_label, find_order_number, find_priority
from triage_ticket import Label, Priority, Ticket

from pytest_distil import distil


@distil
def triage(subject: str, body: str) -> Ticket:
    """Sort a support mail of an online shop.

    Labels: delivery (a parcel is late, lost or must go elsewhere), return (send back, exchange, refund of a return),
    faulty (broken, incomplete or wrong goods), billing (charges, invoices, vouchers, paying), account (login,
    profile, personal data), cancel (stop an order or a subscription), question (asked before buying), feedback
    (praise, complaints about service, ideas).
    Priority: urgent for danger, fraud, threats with a lawyer or bank, something due today or tomorrow, and customers
    who write again; else low for question, feedback and where there is no hurry; else normal.
    """
    label = best_label(subject, body)
    usual = Priority.LOW if label in (Label.QUESTION, Label.FEEDBACK) else Priority.NORMAL
    return Ticket(
        label=label,
        priority=find_priority(subject, body, usual=usual),
        order_number=find_order_number(f"{subject}\n{body}"),
    )
