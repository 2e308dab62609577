"""How a suite compares in its own way: it is asked before the rules of the task, about values that are not the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pytest_distil.core.hooked import COMPARE_HOOK, raised
from pytest_distil.core.same import an
from pytest_distil.core.text import Json, canonical
from pytest_distil.core.trial import Difference, Ignored
from pytest_distil.mark.errors import DistilError
from pytest_distil.run.compare import Comparison, compare

Comparer = Callable[[str, Mapping[str, Json], Json, Json], bool | None]
"""Takes a task's name, the arguments of a call, the original's value and the model's; None leaves it to the rules."""

_ACCEPTED = f"{COMPARE_HOOK} accepts it"


class Incomparable(DistilError):
    """The suite's own way to compare did not work; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Comparing:
    """Compares the values of one run: as the suite says, or else by the rules."""

    own: Comparer | None = None

    def compare(
        self,
        task: str,
        arguments: Mapping[str, Json],
        values: tuple[Json, Json],
        rules: Mapping[str, Any],
        *,
        equal: bool | None,
    ) -> Comparison:
        """Compare the original's value and the model's; raise `Incomparable` where the suite's way does not work."""
        found = compare(*values, rules, equal=equal)
        if self.own is None or canonical(values[0]) == canonical(values[1]):
            return found
        said = self._said(self.own, task, arguments, values)
        if said is None or said is found.agree:
            return found
        if said:
            accepted = (Ignored(one.path, _ACCEPTED) for one in found.differences)
            return replace(found, agree=True, differences=(), ignored=(*found.ignored, *accepted))
        return replace(found, agree=False, differences=(Difference("$", "value", *values),))

    @staticmethod
    def _said(own: Comparer, task: str, arguments: Mapping[str, Json], values: tuple[Json, Json]) -> bool | None:
        """Ask the suite."""
        try:
            said = own(task, arguments, *values)
        except Exception as error:  # the suite's own code
            raise Incomparable(raised(COMPARE_HOOK, error)) from error
        if said is not None and not isinstance(said, bool):
            raise Incomparable(f"{COMPARE_HOOK} returned {an(type(said))}; return True, False or None")
        return said
