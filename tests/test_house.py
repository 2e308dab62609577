"""The house stands as DESIGN.md section 4 draws it: imports go down, walls hold, files and functions stay short."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import pytest_distil
from support import house
from support.house import FLOORS, OUTSIDE
from support.sources import Source, made_of, package_folder, read_package

PACKAGE = package_folder()
SOURCES = read_package(PACKAGE)
WINGS = sorted({source.wing for source in SOURCES.values()} & set(FLOORS))

every_file = pytest.mark.parametrize("source", SOURCES.values(), ids=[source.path for source in SOURCES.values()])


@every_file
def test_imports_go_down(source: Source) -> None:
    """A file imports from its own wing and from lower floors, never from a neighbour, never the facade."""
    wrong = house.wrong_arrows(source, SOURCES)

    assert not wrong, "\n".join(wrong)


@every_file
def test_walls_hold(source: Source) -> None:
    """A library is imported in its one place, and the lowest floor imports the standard library only."""
    broken = house.broken_walls(source)

    assert not broken, "\n".join(broken)


@every_file
def test_only_the_doors_print(source: Source) -> None:
    """Nothing prints but plugin/ and cli/."""
    prints = house.printing(source)

    assert not prints, "\n".join(prints)


@pytest.mark.parametrize("wing", WINGS)
def test_no_circle(wing: str) -> None:
    """The files of a wing do not import each other in a circle."""
    circle = house.circle(source for source in SOURCES.values() if source.wing == wing)

    assert not circle, f"{' -> '.join(circle)}; move what they share into a file below both"


def test_nothing_is_too_long() -> None:
    """No file and no function is longer than one can read at a glance."""
    long = [line for source in SOURCES.values() for line in house.too_long(source)]

    assert not long, "\n".join(long)


def test_everything_stands_in_a_wing() -> None:
    """Every file of the package is in a wing of the house, or is the facade or the command."""
    strays = [source.path for source in SOURCES.values() if source.wing not in {*FLOORS, *OUTSIDE}]

    assert not strays, f"in no wing of DESIGN.md section 4: {', '.join(strays)}"


IMPORTS_UNDER_TEST = """
import json, sys
sys.path.insert(0, sys.argv[1])
before = set(sys.modules)
import pytest_distil
bare = set(sys.modules) - before
from pytest_distil import *
print(json.dumps([sorted(bare), sorted(set(sys.modules) - before)]))
"""


def modules_loaded_by_importing() -> tuple[list[str], list[str]]:
    """Return what `import pytest_distil` loads in a new process, and what using every public name loads."""
    command = [sys.executable, "-W", "error", "-c", IMPORTS_UNDER_TEST, str(PACKAGE.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    bare, used = json.loads(done.stdout)
    return bare, used


def foreign(modules: list[str], *, floors: tuple[str, ...] = ("mark",)) -> list[str]:
    """Return the modules that are neither the standard library's nor of these wings."""
    ours = ("pytest_distil", *(f"pytest_distil.{wing}" for wing in floors))
    return [
        name
        for name in modules
        if name not in ours
        and not name.startswith(tuple(f"{one}." for one in ours[1:]))
        and name.partition(".")[0] not in sys.stdlib_module_names
    ]


def test_importing_loads_the_standard_library_only() -> None:
    """Marking functions brings nothing into production but the standard library and the lowest floor.

    What hooks and models of one's own need comes from the floor above, and is as light.
    """
    bare, used = modules_loaded_by_importing()

    assert "pytest_distil" in bare
    assert "pytest_distil.mark.decorator" in used
    assert [] == foreign(bare)
    assert [] == foreign(used, floors=("mark", "core"))


def test_public_names() -> None:
    """The public names are these: adding one is a feature, removing one breaks somebody's code."""
    assert [
        "Answer",
        "Compare",
        "DataError",
        "DeclarationError",
        "DistilError",
        "EncodingError",
        "Example",
        "FinetuneFormat",
        "Instructions",
        "InvalidAnswer",
        "ModelError",
        "Prompt",
        "SettingError",
        "Unanswered",
        "Usage",
        "close",
        "distil",
        "ignore_case",
        "ignored",
        "similar",
        "unordered",
    ] == pytest_distil.__all__


@pytest.mark.parametrize("name", pytest_distil.__all__)
def test_public_names_are_there(name: str) -> None:
    """Every public name can be imported from the facade."""
    assert hasattr(pytest_distil, name)


MODULES = ("mark.tap", "core.call", "formats.lines", "models.chat", "run.compare", "plugin.rows", "cli.demo")


@pytest.mark.parametrize(
    ("module", "text", "fault"),
    [
        ("core.call", "from pytest_distil.run import compare", "imports go down"),
        ("core.call", "def f():\n    import pytest_distil.plugin", "imports go down"),
        ("core.call", "if TYPE_CHECKING:\n    from ..run.compare import x", "imports go down"),
        ("core.call", "from .. import run", "facade"),
        ("core.call", "import_module('pytest_distil.run.compare')", "names by string"),
        ("core.call", "import_module(f'pytest_distil.{wing}')", "cannot be read"),
        ("core.call", "from pytest_distil import distil", "facade"),
        ("core.call", "import pytest_distil", "facade"),
        ("core.call", "from pytest_distil.elsewhere import x", "in no wing"),
        ("formats.lines", "from pytest_distil.models.chat import x", "its own floor"),
        ("plugin.rows", "from pytest_distil.cli import demo", "its own floor"),
        ("mark.tap", "x = 'pytest_distil.run.compare:interceptor'", "names by string"),
        ("core.call", "x = 'pytest_distil.run.production:interceptor'", "names by string"),
        ("", "from pytest_distil.run.compare import x", "hands on mark and core only"),
        ("__main__", "from pytest_distil.plugin import x", "hands on cli only"),
    ],
)
def test_wrong_arrows_are_seen(module: str, text: str, fault: str) -> None:
    """An import that does not go down is found, however it is written."""
    (line,) = house.wrong_arrows(made_of(module, text), MODULES)

    assert fault in line


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("run.compare", "from pytest_distil.core.call import x\nfrom pytest_distil.run import compare"),
        ("run.compare", "from . import asker\nfrom ..core import call"),
        ("models.chat", "x = 'pytest_distil.models.local:make'"),
        ("mark.tap", "x = 'pytest_distil.run.production:interceptor'"),
        ("core.call", "x = 'pytest_distil'\ny = 'see pytest_distil.run for more'"),
        ("", "from pytest_distil.mark.decorator import distil\nx = 'pytest_distil.mark.task'"),
        ("__main__", "from pytest_distil.cli import main"),
    ],
)
def test_right_arrows_pass(module: str, text: str) -> None:
    """Imports that go down, the one door upward, and prose that names a module are no fault."""
    assert [] == house.wrong_arrows(made_of(module, text), [*MODULES, "core", "run", "run.asker"])


@pytest.mark.parametrize(
    ("module", "text", "fault"),
    [
        ("core.call", "import pydantic", "place is pytest_distil.core.codec"),
        ("core.codecs", "from pydantic_core import core_schema", "place is pytest_distil.core.codec"),
        ("mark.tap", "from pydantic import BaseModel", "place is pytest_distil.core.codec"),
        ("models.chat", "import torch.nn", "place is pytest_distil.models.local"),
        ("run.compare", "def f():\n    from _pytest import nodes", "place is pytest_distil.plugin"),
        ("core.files", "import sqlite3", "place is pytest_distil.store"),
        ("plugin.rows", "import requests", "has no wall"),
        ("", "import pytest", "place is pytest_distil.plugin"),
    ],
)
def test_broken_walls_are_seen(module: str, text: str, fault: str) -> None:
    """A library outside its place is found, and so is one that has no place yet."""
    (line,) = house.broken_walls(made_of(module, text))

    assert fault in line


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("core.codec", "import pydantic"),
        ("models.local.train", "import torch, peft"),
        ("models.chat", "from openai.types import chat"),
        ("run.compare", "import deepdiff, json"),
        ("plugin", "import pytest"),
    ],
)
def test_libraries_in_their_place_pass(module: str, text: str) -> None:
    """A library in its place is no fault, and the standard library is none anywhere."""
    assert [] == house.broken_walls(made_of(module, text))


@pytest.mark.parametrize("text", ["print(1)", "sys.stderr.write('')", "from sys import stdout", "x = sys.__stdout__"])
def test_printing_is_seen(text: str) -> None:
    """Printing is found outside the doors, and is no fault in them."""
    assert 1 == len(house.printing(made_of("run.asker.server", text)))
    assert [] == house.printing(made_of("cli.demo", text))


def test_circles_are_seen() -> None:
    """A circle is found over several files and however its imports are written; a line of files is none."""
    first = made_of("run.first", "def f():\n    from pytest_distil.run import second")
    second = made_of("run.second", "from pytest_distil.run.third import x")
    third = made_of("run.third", "x = 'pytest_distil.run.first'")

    assert [] == house.circle([first, second])
    assert {"run.first", "run.second", "run.third"} == set(house.circle([first, second, third]))


def test_length_is_seen() -> None:
    """A file of 251 lines and a function of 41 are found; at the limits they pass."""
    body = "    x = 1\n"

    assert [] == house.too_long(made_of("core.call", "def f():\n" + body * 39 + "\n" * 210))
    assert 1 == len(house.too_long(made_of("core.call", "def f():\n" + body * 40)))
    assert 1 == len(house.too_long(made_of("core.call", "\n" * 251)))
