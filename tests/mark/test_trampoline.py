"""A function whose code was exchanged is the same function for everybody, and every call of it is seen."""

from __future__ import annotations

import asyncio
import functools
import gc
import inspect
import pickle
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any, cast

import pytest

from pytest_distil.mark import tap
from pytest_distil.mark.by_path import Marking, read_target
from pytest_distil.run.attempt import Attempt
from pytest_distil.run.recorder import Recorder
from support import marked_outside as module
from support.profiled import Counting, entries

NAMES = (
    "plain",
    "everything",
    "Shop.static",
    "Shop.of_class",
    "Shop.method",
    "Shop.asks_its_class",
    "Shop.private",
    "fibonacci",
    "fetch",
    "raises",
    "counter_of",
    "descend",
    "fetch_down",
    "warns",
)


@pytest.fixture
def seen() -> Iterator[Counting]:
    """Mark the module's functions, and count."""
    counting = Counting()
    marking = Marking([read_target("distil_functions", f"{module.__name__}:{name}") for name in NAMES])
    marking.install()
    try:
        with tap.install(counting):
            yield counting
    finally:
        marking.remove()

    assert [] == marking.problems


plain_taken_before = module.plain
REFERENCES: dict[str, Callable[[], Any]] = {
    "from x import f": lambda: plain_taken_before(1),
    "a module attribute": lambda: module.plain(1),
    "an alias of a static method": lambda: module.static_alias(1),
    "a static method of its class": lambda: module.Shop.static(1),
    "a bound class method": lambda: module.bound_class_method(1),
    "a bound method": lambda: module.bound_method(1),
    "a method of an instance": lambda: module.Shop().method(1),
    "a partial": module.partial_of_plain,
    "a dispatch table": lambda: module.TABLE["plain"](1),
    "a default argument": module.with_default,
    "map": lambda: [*map(module.plain, [1])],
    "a closure": lambda: module.closure(1),
    "a copied namespace": lambda: eval("plain(1)", dict(vars(module))),  # noqa: S307 - what doctest does
}


@pytest.mark.parametrize("reference", REFERENCES)
def test_every_reference_is_seen(seen: Counting, reference: str) -> None:
    """However the caller got hold of the function, before or after it was marked, its call is counted once."""
    REFERENCES[reference]()

    assert 1 == len(seen.calls)


def test_the_count_is_the_profiles(seen: Counting) -> None:
    """As many calls are seen as the interpreter enters the function."""

    def run() -> None:
        for _ in range(3):
            for call in REFERENCES.values():
                call()

    codes = {
        function.__code__
        for function in (module.plain, module.Shop.static, module.Shop.of_class.__func__, module.Shop.method)  # type: ignore[attr-defined]
    }
    entered = sum(entries(code, run) for code in codes)

    assert 0 < entered
    assert entered * len(codes) == len(seen.calls)


def test_recursion_is_seen_call_by_call(seen: Counting) -> None:
    """A function that calls itself is entered anew each time: fib(8) makes 67 calls."""
    entered = entries(module.fibonacci.__code__, lambda: module.fibonacci(8))

    assert (67, 67) == (entered, len(seen.calls))


DEEP = sys.getrecursionlimit() * 2 // 5
"""Levels of a recursion that are more than a third of what the interpreter allows, and less than half."""


@pytest.mark.usefixtures("seen")
def test_a_recursion_has_one_frame_more_a_level() -> None:
    """Half as deep as before, whoever watches: in its own calls a task goes straight to its original."""
    recorder = Recorder()
    recorder.attempt = Attempt("t")

    def run() -> None:
        with tap.install(recorder):
            found.append((module.descend(DEEP), asyncio.run(module.fetch_down(awaits))))

    awaits = DEEP // 2 if sys.gettrace() else DEEP  # under coverage an await of Python 3.11 counts twice, marked or not
    found: list[tuple[int, int]] = []
    thread = threading.Thread(target=run)  # where the stack is empty
    recorder.attempt.strangers = frozenset()
    thread.start()
    thread.join()

    assert [(DEEP, awaits)] == found
    assert ["descend", "fetch_down"] == [task.rpartition(".")[2] for task, _, _ in recorder.attempt.rows]


def test_warnings_are_the_same(seen: Counting) -> None:
    """What the original warns of has its text, category, file and line."""
    code = module.warns.__code__
    with pytest.warns(DeprecationWarning, match="old") as caught:
        module.warns()

    assert [(module.__file__, code.co_firstlineno + 2)] == [(one.filename, one.lineno) for one in caught]
    assert 1 == len(seen.calls)


def test_frozen_objects_are_seen(seen: Counting) -> None:
    """Objects that the garbage collector does not know any more hold the same function."""
    table = [module.plain]
    gc.freeze()
    try:
        table[0](1)
    finally:
        gc.unfreeze()

    assert 1 == len(seen.calls)


def test_coroutines_are_seen_and_stay_coroutine_functions(seen: Counting) -> None:
    """An awaited function is counted when it runs, and is still told from others."""
    assert inspect.iscoroutinefunction(module.fetch)
    assert 2 == asyncio.run(module.fetch(1))
    assert 1 == len(seen.calls)


def test_parameters_arrive_as_they_were_given(seen: Counting) -> None:
    """Positional-only, keyword-only, star parameters and defaults bind as before."""
    assert (1, 2, (), 3, {}) == module.everything(1)
    assert (1, 5, (6, 7), 8, {"more": 9}) == module.everything(1, 5, 6, 7, key=8, more=9)
    with pytest.raises(TypeError, match=r"everything\(\) missing 1 required positional argument: 'a'"):
        module.everything()  # type: ignore[call-arg]
    assert 2 == len(seen.calls)


def test_defaults_changed_later_hold(seen: Counting) -> None:
    """A default is the function's own, also where somebody changes it once it is marked."""
    before = module.everything.__defaults__
    module.everything.__defaults__ = (7,)
    try:
        assert (1, 7, (), 3, {}) == module.everything(1)
    finally:
        module.everything.__defaults__ = before
    assert 1 == len(seen.calls)


def test_class_cells_mangled_names_and_closures_work(seen: Counting) -> None:
    """`super()`, `__class__`, names with two underscores and free variables mean what they meant."""
    shop = module.Shop()

    assert ("Shop", "base") == shop.asks_its_class()
    assert 4 == shop.private(_Shop__secret=4)  # type: ignore[call-arg]
    assert [1, 2, 3] == [module.counter_of(), module.counter_of(), module.counter_of()]
    assert 5 == len(seen.calls)


def described(function: Any) -> tuple[Any, ...]:
    """Return what `inspect` and others say of a function."""
    return (
        str(inspect.signature(function)),
        inspect.getsource(function),
        inspect.getsourcelines(function)[1],
        inspect.getfile(function),
        inspect.iscoroutinefunction(function),
        inspect.isgeneratorfunction(function),
        (function.__name__, function.__qualname__, function.__module__, function.__doc__, function.__annotations__),
        vars(function),
        function.__closure__,
        function.__code__.co_name,
        function.__code__.co_freevars,
        function.__code__.co_varnames[: function.__code__.co_argcount],
    )


def functions() -> list[FunctionType]:
    """Return the functions that are marked."""
    found = [functools.reduce(getattr, name.split("."), cast("Any", module)) for name in NAMES]
    return [getattr(one, "__func__", one) for one in found]


plain_descriptions = [described(one) for one in functions()]


@pytest.mark.usefixtures("seen")
def test_who_inspects_a_marked_function_finds_what_it_was() -> None:
    """Signature, source, name, attributes and closure are unchanged."""
    assert plain_descriptions == [described(one) for one in functions()]


@pytest.mark.usefixtures("seen")
def test_pickling_gives_the_same_object() -> None:
    """A marked function is pickled by its name, and is itself when it comes back."""
    for one in (module.plain, module.Shop.static, module.fetch):
        assert pickle.loads(pickle.dumps(one)) is one  # noqa: S301 - our own


def test_an_exception_passes_with_its_own_frames_at_the_end(seen: Counting) -> None:
    """What the original raises comes out unchanged, and ours are the frames that pytest hides."""
    with pytest.raises(ValueError, match="no") as caught:
        module.raises()

    shown = [one.name for one in caught.traceback.filter(caught)]
    last = traceback.extract_tb(caught.value.__traceback__)[-1]

    assert [test_an_exception_passes_with_its_own_frames_at_the_end.__name__, "call", "raises"] == shown
    assert 'raise ValueError("no")' == last.line
    assert 1 == len(seen.calls)


def test_removing_gives_the_code_back() -> None:
    """Afterwards each function has the very code object that it had."""
    before = [one.__code__ for one in functions()]
    marking = Marking([read_target("distil_functions", f"{module.__name__}:{name}") for name in NAMES])
    marking.install()

    assert not [one for one, code in zip(functions(), before, strict=True) if one.__code__ is code]

    marking.remove()

    assert before == [one.__code__ for one in functions()]
    assert all(one.__code__ is code for one, code in zip(functions(), before, strict=True))


def test_twenty_thousand_calls(seen: Counting) -> None:
    """None of many is lost."""
    for n in range(20_000):
        module.plain(n)

    assert 20_000 == len(seen.calls)
