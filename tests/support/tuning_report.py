"""The report of an evaluation of a session made by hand: which calls went wrong, and how."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_distil.core.brief import Brief
from pytest_distil.core.call import fingerprint
from pytest_distil.core.files import write_json
from pytest_distil.core.trial import Repeat, Trial
from pytest_distil.store.session import read_examples, read_manifest
from support.tuning_session import arguments, result, triage

Answer = tuple[Any, Any]
"""A verdict and an answer."""


def write_report(
    path: Path, folder: Path, wrong: Mapping[int, Answer | list[Answer]], *, brief: Brief | None = None
) -> Path:
    """Write the report on a session in which the calls of these numbers went wrong and all others agree.

    Numbers that the session does not have are calls that it did not record.
    """
    kept = {one.fingerprint: one.held_out for one in read_examples(folder)}
    name = (brief or triage()).task
    trials = []
    for number in sorted({*range(len(kept)), *wrong}):
        answers = wrong.get(number, ("agree", result(number)))
        listed = answers if isinstance(answers, list) else [answers]
        digits = fingerprint(name, arguments(number))
        trials.append(
            Trial(
                task=name,
                fingerprint=digits,
                verdict=listed[0][0],
                held_out=kept.get(digits, False),
                tests=(f"test_mail.py::test_{number}",),
                arguments=arguments(number),
                original=result(number),
                answer=listed[0][1],
                repeats=tuple(Repeat(*one) for one in _rows(listed)) if len(listed) > 1 else None,
            ).to_json()
        )
    tasks = [{"task": name, "brief": (brief or triage()).digests()}]
    write_json(path, {"v": 1, "session": read_manifest(folder).id, "tasks": tasks, "trials": trials})
    return path


def _rows(answers: list[Answer]) -> list[tuple[Any, None, Any]]:
    return [(verdict, None, answer) for verdict, answer in answers]
