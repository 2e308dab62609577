"""Answers that need no request: stored ones of earlier runs, and those of this run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pytest_distil.core.prompt import Answer
from pytest_distil.store.answers import Answers, Question


class Shelf:
    """A store as one run sees it; opened when it is first needed."""

    def __init__(self, store: str | None, *, refresh: bool) -> None:
        self._path = None if store is None else Path(store)
        self._refresh = refresh
        self._store: Answers | None = None
        self._of_this_run: set[Question] = set()
        self._not_stored: dict[Question, Answer] = {}
        self._base_urls: dict[str, list[str]] = {}
        """Of stored answers, by model."""

    @property
    def messages(self) -> tuple[str, ...]:
        """Return what happened to the file, for the user."""
        return () if self._store is None else self._store.messages

    def open(self) -> None:
        """Open the file, if there is to be one."""
        if self._path is not None:
            self._opened(self._path)

    def get(self, question: Question) -> Answer | None:
        """Return an answer that is here; with `refresh` only one of this run."""
        if self._path is None:
            return None
        if question in self._not_stored:
            return self._not_stored[question]
        if self._refresh and question not in self._of_this_run:
            return None
        return self._opened(self._path).get(question)

    def elsewhere(self, question: Question) -> list[str]:
        """Return the base URLs of the stored answers of a question's model, where none is from the question's own."""
        if self._path is None:
            return []
        if question.model not in self._base_urls:
            self._base_urls[question.model] = self._opened(self._path).base_urls(question.model)
        found = self._base_urls[question.model]
        return [] if question.base_url in found else found

    def keep(self, question: Question, answer: Answer) -> None:
        """Keep an answer, in the file where it says something of the model, else until the end of the run.

        A proxy's error page must not stand for a model's answer in the next run.
        """
        if self._path is None or answer.failed is not None:
            return
        if answer.message is None and answer.invalid != "too long":
            self._not_stored[question] = replace(answer, stored=True, requests=0, retries=0, waited_seconds=0.0)
            return
        self._of_this_run.add(question)
        self._opened(self._path).put(question, answer)

    def unwritten(self) -> Callable[[], None] | None:
        """Return what writes the answers that are not in the file yet, to be run in any thread; None: all are."""
        return self._store.flush if self._store is not None and self._store.dirty else None

    def close(self) -> None:
        """Write what is new and let go of the file."""
        if self._store is not None:
            self._store.close()

    def _opened(self, path: Path) -> Answers:
        if self._store is None:
            self._store = Answers(path)
        return self._store
