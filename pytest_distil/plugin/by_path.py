"""`distil_functions` and `--distil-function`: marks from outside, in every process that runs tests."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import pytest

from pytest_distil.mark.absent import why_absent
from pytest_distil.mark.by_path import Marking, read_target
from pytest_distil.plugin.refusing import refuse
from pytest_distil.plugin.showing import show
from pytest_distil.reports.layout import Line, wrapped

_KEY = "distil_by_path"
"""Key of what a worker says at its end, in what xdist takes along."""


class ByPath:
    """Marks before collection, checks after it, says at the end what was never seen, and removes the marks."""

    def __init__(self, config: pytest.Config, option: str, given: Sequence[str]) -> None:
        """Mark the targets; raise `SettingError` for what is no path."""
        self._config = config
        self._option = option
        self._marking = Marking([read_target(option, text) for text in given])
        self._told: list[dict[str, Any]] = []
        """Of each process that ran tests: targets that nobody imported, and problems that came up while tests ran."""
        self._is_refused = False
        self._runs_tests = hasattr(config, "workerinput") or getattr(config.option, "dist", "no") == "no"
        if self._runs_tests:
            config.add_cleanup(self._marking.remove)
            self._marking.install()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self) -> None:
        """Refuse targets that cannot be marked, and modules that do not exist."""
        absent = {target.path: why_absent(target.module) for target in self._marking.missing()}
        wrong = [*self._marking.problems, *(f"{path}: {why}" for path, why in absent.items() if why)]
        if self._runs_tests and wrong:
            self._is_refused = True
            refuse(self._config, f"{self._option}: {'; '.join(dict.fromkeys(wrong))}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Say what was not seen."""
        told = {
            "missing": [target.text for target in self._marking.missing()],
            "problems": self._marking.problems,
        }
        if hasattr(self._config, "workeroutput"):
            self._config.workeroutput[_KEY] = told
        elif self._runs_tests and not self._is_refused:
            self._told.append(told)

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a worker did not see."""
        told = getattr(node, "workeroutput", {}).get(_KEY)
        if told:
            self._told.append(told)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Generator[None, object, object]:
        """Name the targets whose modules nobody imported: no call of them can have been seen."""
        result = yield
        lines = self._lines(self._config.get_terminal_writer().fullwidth)
        if lines:
            show(terminalreporter, f"distil: {self._option}", lines)
        return result

    def _lines(self, width: int) -> list[Line]:
        missing = [set(told["missing"]) for told in self._told]
        never = sorted(set.intersection(*missing)) if missing else []
        texts = [f"{target}: its module was not imported in this run, so no call of it was seen" for target in never]
        texts += sorted({problem for told in self._told for problem in told["problems"]})
        return [line for text in texts for line in wrapped(text, width, {"yellow": True})]
