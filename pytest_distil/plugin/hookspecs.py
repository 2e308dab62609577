"""The hooks that a conftest or a plugin may implement; none is called unless a mode is on.

Session side: the process that pytest was started in, with xdist the controller. Plugins are heard there, and the
conftests that pytest loads before it collects. Test side: the process that runs the tests, with xdist a worker; every
conftest is heard there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_distil.core.call import Example
    from pytest_distil.core.text import Json


@pytest.hookspec(firstresult=True)
def pytest_distil_example(config: pytest.Config, example: Example) -> Example | str | None:
    """Return the example with other arguments or another result, why it is left out, or None. Session side."""


@pytest.hookspec(firstresult=True)
def pytest_distil_compare(
    config: pytest.Config, task: str, arguments: Mapping[str, Json], original: Json, model: Json
) -> bool | None:
    """Return whether two encoded values that are not the same agree; None leaves it to the rules. Session side."""


@pytest.hookspec(firstresult=True)
def pytest_distil_model(config: pytest.Config, name: str) -> str | None:
    """Return `"module:factory"` for a MODEL of one's own, which the asker loads; None for others. Session side."""


@pytest.hookspec(firstresult=True)
def pytest_distil_encode(value: Any) -> Json:
    """Return a value of a type that has no JSON form as plain JSON; None for types of others. Test side."""


@pytest.hookspec(firstresult=True)
def pytest_distil_decode(kind: type[Any], data: Json) -> Any:
    """Return the value of a type that was encoded so; raise `ValueError` where there is none. Test side."""


@pytest.hookspec(firstresult=True)
def pytest_distil_schema(kind: type[Any]) -> Mapping[str, Any] | None:
    """Return the JSON schema of a type's encoded values; None to have it inferred from those seen. Test side."""
