"""What the messages say."""

from __future__ import annotations

from pytest_distil.formats.wording import arguments_text, call_text, in_order, system_text
from support.briefs import brief_of

TRIAGE = brief_of(int)
TYPE = "Give:\n{\n  value: integer\n}"


def test_the_docstring_is_quoted() -> None:
    """The docstring stands under the signature, in quotes as in the source."""
    told = (
        "Predict the result of this function:\n\n"
        'def triage(email: str, urgent: bool = False) -> Ticket\n"""Sort an e-mail."""\n\n'
    )

    assert told + TYPE == system_text(TRIAGE, ask="Give")


def test_instructions_stand_in_the_docstrings_place() -> None:
    """Where there are instructions, the docstring is not said."""
    brief = brief_of(int, instructions="Be quick.")

    assert "-> Ticket\nBe quick.\n\nGive:" in system_text(brief, ask="Give")
    assert "Sort an e-mail" not in system_text(brief, ask="Give")


def test_a_function_that_says_nothing_has_its_signature() -> None:
    """Without docstring, or with empty instructions, the signature stands alone."""
    assert "-> Ticket\n\nGive:" in system_text(brief_of(int, docstring=""), ask="Give")
    assert "-> Ticket\n\nGive:" in system_text(brief_of(int, instructions=""), ask="Give")


def test_arguments_stand_in_signature_order() -> None:
    """The user's text is one compact JSON object, UTF-8 as it is; unknown names come last, sorted."""
    arguments = {"z": None, "urgent": True, "k": 1.0, "email": 'Größe "L"\n'}

    assert '{"email":"Größe \\"L\\"\\n","urgent":true,"k":1.0,"z":null}' == arguments_text(TRIAGE, arguments)
    assert ["email", "urgent", "k", "z"] == list(in_order(TRIAGE, arguments))
    assert "{}" == arguments_text(TRIAGE, {})


def test_keys_inside_arguments_are_sorted() -> None:
    """A value's own keys are in the one order that every file has them in."""
    assert '{"email":{"a":[{"c":1,"d":2}],"b":2},"urgent":false}' == arguments_text(
        TRIAGE, {"urgent": False, "email": {"b": 2, "a": [{"d": 2, "c": 1}]}}
    )
    assert '{"email":[1,[{"a":1,"b":2}]],"urgent":[]}' == arguments_text(
        TRIAGE, {"urgent": [], "email": [1, [{"b": 2, "a": 1}]]}
    )


def test_a_call_is_an_expression() -> None:
    """Arguments are named and quoted, so that 1 and "1" differ."""
    assert 'triage(email="1", urgent=null)' == call_text(TRIAGE, {"urgent": None, "email": "1"})
    assert 'triage(email=1, urgent={"a":1,"b":[]})' == call_text(TRIAGE, {"email": 1, "urgent": {"b": [], "a": 1}})
    assert "triage()" == call_text(TRIAGE, {})
