"""What a model's answer is beside one result of the original, as values of the return type."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from pytest_distil.core.prompt import Answer
from pytest_distil.core.same import first_difference
from pytest_distil.mark.errors import EncodingError
from pytest_distil.run.translate import Reading, Translator

_KEPT = ("served_model", "usage", "seconds", "requests", "retries", "waited_seconds", "stored")
"""What of an answer travels on; its message does not, it has been read."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One answer, read and compared."""

    verdict: Literal["equal", "other", "invalid", "failed", "stale"]
    """`equal` and `other` compare decoded values; what the task's rules make of it is decided on the session's side.

    `stale`: the original's result is no value of today's return type.
    """
    reading: Reading
    answer: Answer

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "verdict": self.verdict,
            "value": self.reading.text,
            "reason": self.reading.reason,
            "sent": self.reading.sent,
            "answer": {key: getattr(self.answer, key) for key in _KEPT} | {"usage": asdict(self.answer.usage)},
        }


def judge(translator: Translator, original: str, answer: Answer) -> tuple[Judgement, Any]:
    """Compare an answer with a result of the original (JSON text); return the judgement and the model's value."""
    reading = translator.read(answer)
    if reading.verdict != "value" or reading.text is None:
        return Judgement("failed" if reading.verdict == "failed" else "invalid", reading, answer), None
    value = translator.typed.decode_result(reading.text)
    try:
        result = translator.typed.decode_result(original)
    except EncodingError:
        return Judgement("stale", reading, answer), value
    equal = first_difference(result, value) is None
    return Judgement("equal" if equal else "other", reading, answer), value
