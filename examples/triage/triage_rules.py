"""The rules: text is tidied, read clause by clause, and weighed; what stands under a negation does not count."""

import re
import unicodedata
from collections.abc import Iterator

from triage_clues import CLUES, PRIORITIES
from triage_ticket import Label, Priority

MISSPELLINGS = {
    "recieved": "received",
    "reciept": "receipt",
    "adress": "address",
    "peices": "pieces",
    "cancelation": "cancellation",
    "somthing": "something",
    "wheres": "where is",
    "dont": "don't",
    "doesnt": "doesn't",
    "cant": "can't",
    "wont": "won't",
    "wasnt": "wasn't",
    "didnt": "didn't",
}

CLAUSE_ENDS = re.compile(r"[.!?;:,\n]+\s|\s(?:but|although|because)\s|\n")
NEGATION = re.compile(
    r"\b(?:not|never|nor|neither|nothing is|without|don't|doesn't|didn't|won't|isn't|wasn't)\b(?: \S+){0,3} ?$"
)

ORDER_NUMBER = re.compile(
    r"""
    (?: \border s? \s* (?: (?:no | nr | number | num | id) \b \.? )? (?: \s* is \b )? [:(\s]* \#? \s*
      | (?<! invoice\s) (?<! ticket\s) (?<! serial\s) (?<! item\s) \#
      | \b (?=bk)
    )
    (?: bk [-\s]? )? (?P<digits> \d{5}) \b
    """,
    re.VERBOSE,
)
WITHDRAWN = re.compile(r"\b(?:not|instead of) $")


def tidy(text: str) -> str:
    """Lower the case, straighten quotes and spaces, and correct what customers often mistype."""
    text = unicodedata.normalize("NFKC", text).lower().replace("\u2019", "'")
    text = re.sub(r"[^\S\n]+", " ", text)
    return re.sub(r"[a-z]+", lambda word: MISSPELLINGS.get(word[0], word[0]), text)


def best_label(subject: str, body: str) -> Label:
    """Return the label with the heaviest clues; without any, a question if one is asked, else feedback."""
    clauses = [*_clauses(subject), *_clauses(body)]
    weights = {label: sum(_weight(clause, clues) for clause in clauses) for label, clues in CLUES.items()}
    if any(weights.values()):
        return max(weights, key=weights.__getitem__)
    return Label.QUESTION if "?" in body else Label.FEEDBACK


def find_priority(subject: str, body: str, *, usual: Priority) -> Priority:
    """Return the priority that the mail asks for, or the usual one."""
    clauses = [*_clauses(subject), *_clauses(body)]
    for priority, phrases in PRIORITIES.items():
        if any(_found(phrase, clause) for phrase in phrases for clause in clauses):
            return priority
    return usual


def find_order_number(text: str) -> str | None:
    """Return the digits of the first order that is named and not taken back ("not 48213")."""
    text = tidy(text)
    for match in ORDER_NUMBER.finditer(text):
        if not WITHDRAWN.search(text[: match.start()]):
            return match["digits"]
    return None


def _clauses(text: str) -> Iterator[str]:
    """Split tidied text where a negation ends."""
    for clause in CLAUSE_ENDS.split(tidy(text) + "\n"):
        if clause.strip():
            yield clause.strip()


def _weight(clause: str, clues: dict[str, int]) -> int:
    """Add up the clues of one label that a clause gives."""
    return sum(weight for phrase, weight in clues.items() if _found(phrase, clause))


def _found(phrase: str, clause: str) -> bool:
    """Say whether a phrase stands in the clause without a negation just before it."""
    return any(not NEGATION.search(clause[: match.start()]) for match in re.finditer(phrase, clause))
