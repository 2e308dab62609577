"""Code that runs a second time for our sake is not heard, and everybody else is."""

from __future__ import annotations

import io
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator

import pytest

from pytest_distil.core.unnoticed import Unnoticed
from pytest_distil.mark import tap

log = logging.getLogger(__name__)


say: Callable[[str], None] = print


def speak() -> None:
    """Make noise in every way."""
    say("printed")
    sys.stderr.write("printed\n")
    log.warning("logged")
    warnings.warn("warned", UserWarning, stacklevel=1)


@pytest.fixture
def heard(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Iterable[str]:
    """Return what is heard, filled when it is asked for."""

    class Heard:
        def __iter__(self) -> Iterator[str]:
            yield from "".join(capsys.readouterr()).split()
            yield from (record.getMessage() for record in caplog.records)

    return Heard()


def test_nothing_is_heard(heard: Iterable[str]) -> None:
    """What is printed, logged and warned of is dropped, where warnings are errors too."""
    with Unnoticed(muted=True):
        speak()

    assert [] == [*heard]


def test_only_where_it_is_asked_for(heard: Iterable[str]) -> None:
    """Without `muted`, and before and after a muted block, everything is heard as ever."""
    with Unnoticed(muted=True):
        pass
    with Unnoticed(muted=False), pytest.warns(UserWarning, match="warned"):
        speak()

    assert ["printed", "printed", "logged"] == [*heard]


def test_blocks_inside_of_blocks(heard: Iterable[str]) -> None:
    """The inner block's end does not end the outer one."""
    with Unnoticed(muted=True):
        with Unnoticed(muted=True):
            speak()
        speak()

    assert [] == [*heard]


def test_nothing_is_left_behind() -> None:
    """Streams, filters and loggers are afterwards what they were, also where the block raises."""
    before = (sys.stdout, sys.stderr, [*warnings.filters], logging.Logger.handle, tap.unobserved.get())
    with pytest.raises(RuntimeError, match="on purpose"), Unnoticed(muted=True):
        raise RuntimeError("on purpose")

    assert before == (sys.stdout, sys.stderr, [*warnings.filters], logging.Logger.handle, tap.unobserved.get())


def test_what_was_put_there_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that the code inside has put in place is not taken away again."""
    mine = io.StringIO()
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    with Unnoticed(muted=True):
        sys.stdout = mine

    assert mine is sys.stdout


def test_without_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no standard output (a program without a console), none is made."""
    monkeypatch.setattr(sys, "stdout", None)
    with Unnoticed(muted=True):
        say("to nobody")

        assert sys.stdout is None


def test_other_threads_are_heard(heard: Iterable[str]) -> None:
    """What another thread prints and logs while a block runs is not lost, and blocks of threads may overlap."""
    inside, done = threading.Event(), threading.Event()

    def quiet() -> None:
        with Unnoticed(muted=True):
            inside.set()
            done.wait(10)
            say("not heard")

    thread = threading.Thread(target=quiet)
    thread.start()
    inside.wait(10)
    say("printed")
    log.warning("logged")
    with pytest.warns(UserWarning, match="warned"):
        warnings.warn("warned", UserWarning, stacklevel=1)
    with Unnoticed(muted=True):
        speak()
        done.set()
        thread.join(10)
        say("not heard")
    say("again")

    assert ["printed", "again", "logged"] == [*heard]


def test_the_same_warning_is_heard_later() -> None:
    """A warning that was dropped once is still shown where the program gives it itself."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("default")
        for muted in (True, False, False):
            with Unnoticed(muted=muted):
                warnings.warn("once", UserWarning, stacklevel=1)

    assert ["once"] == [str(one.message) for one in seen]
