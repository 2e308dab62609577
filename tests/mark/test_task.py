"""Tasks have names, and one name is one task."""

from __future__ import annotations

import functools
import gc
import importlib
import itertools
import sys
import textwrap
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_distil import DeclarationError, close, distil, ignored, similar
from pytest_distil.mark.task import Rule, default_name, find

_modules = itertools.count()

TASK = """
    from pytest_distil import distil

    @distil
    def one(a: int) -> int:
        return a
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], types.ModuleType]:
    """Return what writes a module and imports it."""
    name = f"written_{next(_modules)}"
    monkeypatch.syspath_prepend(tmp_path)

    def make(text: str, name: str = name) -> types.ModuleType:
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(text))
        return importlib.import_module(name)

    return make


def test_names() -> None:
    """A task is named by its module and its qualified name, in a function and in a class too."""

    class Inner:
        @distil
        def method(self) -> int:
            return 1

    assert f"{__name__}.test_names.<locals>.Inner.method" == default_name(Inner.method)
    assert find(f"{__name__}.test_names.<locals>.Inner.method") is not None
    assert find("nobody") is None


def test_names_of_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is run as a script has the name that it has when it is imported, whoever runs it."""

    def function() -> None: ...

    script = types.ModuleType("__main__")
    script.__file__ = "/somewhere/tool.py"
    monkeypatch.setitem(sys.modules, "__main__", script)
    function.__qualname__ = "function"
    for module in ("__main__", "__mp_main__"):
        function.__module__ = module

        assert "tool.function" == default_name(function)

    script.__spec__ = importlib.machinery.ModuleSpec("package.tool", None)

    assert "package.tool.function" == default_name(function)


def test_names_at_a_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a file there is no other name than `__main__`, and a function may be defined again and again."""
    prompt = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", prompt)
    for line in ("\n", "\n\n"):
        exec(line + textwrap.dedent(TASK), vars(prompt))  # noqa: S102 - what a prompt does

    assert "__main__.one" == default_name(prompt.one)


def test_two_tasks_of_one_name(module: Callable[..., types.ModuleType]) -> None:
    """Two functions of one name are refused, with both places and what to do."""
    with pytest.raises(DeclarationError) as caught:
        module(TASK + TASK)

    message = str(caught.value)
    assert f"two tasks are named 'written_{next(_modules) - 1}.one'" in message
    assert "py:4 and" in message
    assert "py:10; give one of them another with @distil(name=...)" in message


def test_given_names_count_too() -> None:
    """A given name is refused where it is taken, and free again when its function is gone."""

    def first() -> int:
        return 1

    def second() -> int:
        return 2

    kept = [distil(name="taken")(first)]
    with pytest.raises(DeclarationError, match="two tasks are named 'taken'"):
        distil(name="taken")(second)

    kept.clear()
    gc.collect()

    assert 2 == distil(name="taken")(second)()


def test_functions_made_in_a_loop() -> None:
    """The same place declared again is the same task: a function that is made anew at each call."""

    def make(n: int) -> Callable[[], int]:
        @distil
        def made() -> int:
            return n

        return made

    assert [0, 1, 2] == [one() for one in [make(n) for n in range(3)]]


def test_reload(module: Callable[..., types.ModuleType]) -> None:
    """A module that is edited and reloaded declares its tasks anew, while the old functions live on."""
    made = module(TASK)
    old = made.one
    assert made.__file__ is not None
    Path(made.__file__).write_text("# a line more\n" + textwrap.dedent(TASK).replace("return a", "return a + 100"))
    importlib.reload(made)

    assert (1, 101) == (old(1), made.one(1))


def test_import_again(module: Callable[..., types.ModuleType], tmp_path: Path) -> None:
    """Another file that is imported under the name of a module that is gone takes its names over."""
    old = module(TASK).one
    name = old.__module__
    del sys.modules[name]
    (tmp_path / "elsewhere").mkdir()
    sys.path.insert(0, str(tmp_path / "elsewhere"))
    try:
        (tmp_path / "elsewhere" / f"{name}.py").write_text("\n\n" + textwrap.dedent(TASK))
        importlib.invalidate_caches()

        assert old is not importlib.import_module(name).one
    finally:
        sys.path.remove(str(tmp_path / "elsewhere"))


def test_places_of_decorated_functions() -> None:
    """A function under other decorators stands where it is written, not where its decorator is."""

    def other(function: Any) -> Any:
        @functools.wraps(function)
        def call(*args: Any) -> Any:
            return function(*args)

        return call

    @distil(name="decorated")
    @other
    def one() -> int:
        return 1

    def two() -> int:
        return 2

    with pytest.raises(DeclarationError, match="two tasks are named 'decorated'"):
        distil(name="decorated")(other(two))
    assert 1 == one()


def test_rules() -> None:
    """The rules for comparing are plain data, with what they were given."""
    assert Rule("similar", threshold=0.8) == similar(0.8)
    assert Rule("ignored", reason="free text") == ignored("free text")
    assert Rule("close", rel=1e-9, abs=0.5) == close(rel=1e-9, abs=0.5)


@pytest.mark.parametrize("threshold", [0, -0.1, 1.1, float("nan")])
def test_bad_similarity(threshold: float) -> None:
    """A similarity is a share above 0 and up to 1."""
    with pytest.raises(DeclarationError, match="takes a share above 0 and up to 1"):
        similar(threshold)


@pytest.mark.parametrize("tolerances", [{}, {"rel": -1.0}, {"abs": -1.0, "rel": 2.0}])
def test_bad_closeness(tolerances: dict[str, float]) -> None:
    """A tolerance is above 0."""
    with pytest.raises(DeclarationError, match=r"close\(\) takes rel= or abs=, above 0"):
        close(**tolerances)
