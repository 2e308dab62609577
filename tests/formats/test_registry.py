"""The registry of formats."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pytest_distil.core.prompt import Format
from pytest_distil.formats import FORMATS, load
from pytest_distil.mark.errors import SettingError

LEAVES = [f"pytest_distil.formats.{name}" for name in FORMATS]


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "raw"])
def test_a_format_is_loaded_by_its_name(name: str) -> None:
    """Each name but raw brings the format of that name, always the same object."""
    form: Format = load(name)

    assert name == form.name
    assert form is load(name)


def test_the_default_stands_first() -> None:
    """The first name is the one that is used where nothing is said."""
    assert FORMATS[0] == "json_schema"


def test_only_the_chosen_leaf_is_imported() -> None:
    """Loading one format leaves the modules of the others alone."""
    script = (
        "import sys; from pytest_distil.formats import load; load('tools');"
        f"print(*[name for name in {LEAVES} if name in sys.modules])"
    )

    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert "pytest_distil.formats.tools" == loaded.strip()


def test_an_unknown_name_is_refused_with_those_that_are() -> None:
    """A name that no format has is a setting's error that lists the formats."""
    with pytest.raises(SettingError) as caught:
        load("xml")

    assert "distil_format: there is no format 'xml'; the formats are json_schema, tools, functions, raw" == str(
        caught.value
    )


def test_raw_cannot_be_asked() -> None:
    """Raw records are written, never loaded to ask with."""
    with pytest.raises(SettingError, match="'raw' is for export only"):
        load("raw")
