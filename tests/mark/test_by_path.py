"""A path names one plain function, wherever and whenever its module is imported; anything else is refused in words."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pytest_distil.mark import tap
from pytest_distil.mark.absent import why_absent
from pytest_distil.mark.by_path import Marking, read_target
from pytest_distil.mark.errors import SettingError
from support.profiled import Counting

OUTSIDE = "support.marked_outside"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the folder of a package that can be imported, and is forgotten afterwards."""
    folder = tmp_path / "shadowed"
    folder.mkdir()
    (folder / "__init__.py").write_text("from shadowed.work import work\n")
    (folder / "work.py").write_text("def work(n):\n    return n + 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "shadowed"]:
        del sys.modules[name]


def calls_seen(module_name: str, *paths: str, run: Any) -> tuple[list[str], list[str]]:
    """Mark, import, run; return the tasks that were seen, and the problems."""
    counting = Counting()
    marking = Marking([read_target("--distil-function", path) for path in paths])
    marking.install()
    try:
        with tap.install(counting):
            run(importlib.import_module(module_name))
    finally:
        marking.remove()
    return counting.calls, marking.problems


@pytest.mark.usefixtures("package")
def test_the_first_part_is_a_module_even_where_a_function_shadows_it() -> None:
    """`shadowed.work` is a module, though the package has a function of that name."""

    def run(package: ModuleType) -> None:
        assert 2 == package.work(1)

    assert (["shadowed.work.work"], []) == calls_seen("shadowed", "shadowed.work:work", run=run)


@pytest.mark.usefixtures("package")
def test_a_module_that_is_imported_already_is_marked_at_once() -> None:
    """What was imported before, by a conftest, is the same to us."""
    importlib.import_module("shadowed")

    def run(package: ModuleType) -> None:
        package.work(1)

    assert (["shadowed.work.work"], []) == calls_seen("shadowed", "shadowed.work:work", run=run)


@pytest.mark.usefixtures("package")
def test_a_reload_is_marked_again_and_the_old_function_stays_marked() -> None:
    """A module that is executed again has new functions."""

    def run(package: ModuleType) -> None:
        old = package.work
        new = importlib.reload(sys.modules["shadowed.work"]).work

        assert old is not new

        old(1)
        new(1)

    assert (["shadowed.work.work"] * 2, []) == calls_seen("shadowed", "shadowed.work:work", run=run)


@pytest.mark.usefixtures("package")
def test_a_module_keeps_its_own_loader() -> None:
    """Nobody finds us in what an imported module says of itself."""
    seen: list[str] = []

    def run(_: ModuleType) -> None:
        module = sys.modules["shadowed.work"]
        seen.extend(type(loader).__module__ for loader in (module.__loader__, module.__spec__.loader))  # type: ignore[union-attr]

    calls_seen("shadowed", "shadowed.work:work", run=run)

    assert not [name for name in seen if name.startswith("pytest_distil")]
    assert not [one for one in sys.meta_path if type(one).__module__.startswith("pytest_distil")]


@pytest.mark.usefixtures("package")
def test_two_names_of_one_function_are_refused() -> None:
    """Each call would count twice."""
    _, problems = calls_seen("shadowed", "shadowed:work", "shadowed.work:work", run=lambda _: None)

    assert 1 == len(problems)
    assert "are one function" in problems[0]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("plian", "there is no 'plian'; there is 'plain'"),
        ("Shop.statik", "there is no 'statik'; there is 'static'"),
        ("plain.inner", "a function holds no 'inner' to mark"),
        ("Shop.__init_subclass__", "there is no '__init_subclass__'|is inherited"),
        ("partial_of_plain", f"a partial cannot be marked.*mark what it calls: {OUTSIDE}:plain"),
        ("cached", f"cannot be marked.*mark what it calls: {OUTSIDE}:plain"),
        ("only_cached", "cannot be marked.*mark a function that it calls, or that calls it"),
        ("partial_of_method", f"a partial cannot be marked.*mark what it calls: {OUTSIDE}:Shop.static"),
        (
            "builtin",
            "a builtin_function_or_method cannot be marked.*mark a plain Python function that calls it; there is '",
        ),
        ("hostile", "a Hostile cannot be marked.*mark a plain Python function that calls it"),
        ("Shop", "a type cannot be marked.*mark a function that makes one, or a method: static, of_class, method"),
        ("Property.kept", "a cached_property cannot be marked.*move its body into a method"),
        ("Property.value", "a property cannot be marked.*move its body into a method and mark that; there is 'valued'"),
        ("Property.__init__", "a constructor has no result.*; there is 'valued'"),
        ("generator", "cannot mark the generator 'generator'.*; there is '"),
        ("bound_method", f"a method cannot be marked from outside; mark what it calls: {OUTSIDE}:Shop.method"),
        ("plain exclude=m", "exclude names 'm'; the parameters are n"),
        ("plain -> no.such:Type", "its return type 'no.such:Type' cannot be imported"),
    ],
)
def test_what_cannot_be_marked_is_said(path: str, message: str) -> None:
    """Each refusal says what to mark in its place, or which names are near; the object itself is asked nothing."""
    _, problems = calls_seen(OUTSIDE, f"{OUTSIDE}:{path}", run=lambda _: None)

    assert 1 == len(problems)
    assert re.search(message, problems[0]), problems[0]


def test_a_function_that_says_it_wraps_itself_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a function says that it wraps may go round in circles, or be anything."""
    module = importlib.import_module(OUTSIDE)
    for wrapped in (module.plain, module.hostile, 1):
        monkeypatch.setattr(module.plain, "__wrapped__", wrapped, raising=False)

        seen, problems = calls_seen(OUTSIDE, f"{OUTSIDE}:plain", run=lambda module: module.plain(1))

        assert ([f"{OUTSIDE}.plain"], []) == (seen, problems)


def test_an_inherited_method_names_its_base() -> None:
    """A function is marked where it stands."""
    _, problems = calls_seen("json", "json.decoder:JSONDecodeError.with_traceback", run=lambda _: None)

    base = "builtins:BaseException.with_traceback"

    assert [f"json.decoder:JSONDecodeError.with_traceback: 'with_traceback' is inherited; mark the base: {base}"] == (
        problems
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        "a.b",
        "a:",
        ":f",
        "a b:f",
        "a:f exclude",
        "a:f speed=1",
        "a:f ->",
        "a:f -> Receipt",
        "a:f(x)",
        "a:f.<locals>.g",
    ],
)
def test_what_is_no_path_is_refused(text: str) -> None:
    """The option's name stands before what is wrong."""
    with pytest.raises(SettingError, match="--distil-function: "):
        read_target("--distil-function", text)


def test_options_and_type_are_read() -> None:
    """They follow the path, as they would stand in the decorator."""
    target = read_target("x", "pkg.mod:C.f exclude=a,b name='two words' group=g -> pkg.models:Receipt")

    assert ("pkg.mod:C.f", "pkg.models:Receipt") == (target.path, target.returns)
    assert {"exclude": frozenset({"a", "b"}), "name": "two words", "group": "g"} == target.options


@pytest.mark.usefixtures("package")
def test_modules_that_do_not_exist_are_told_from_those_that_were_not_imported() -> None:
    """Nothing is imported to find out, and near names are given."""
    assert why_absent("shadowed") is None
    assert why_absent("shadowed.wrok") is None  # its package may make it
    assert "shadowed" not in sys.modules
    assert (why_absent("shadoved") or "").startswith("there is no module 'shadoved'; there is 'shadowed'")

    importlib.import_module("shadowed")

    assert "there is no module 'shadowed.wrok'; there is 'shadowed.work'" == why_absent("shadowed.wrok")
    assert "there is no module 'shadowed.work.work': 'shadowed.work' is no package" == why_absent("shadowed.work.work")
