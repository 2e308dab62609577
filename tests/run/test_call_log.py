from __future__ import annotations

import asyncio
import json
import logging
import threading
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, field_validator

from pytest_distil import Instructions
from pytest_distil.core.call import RESULT
from pytest_distil.formats.lines import training_line
from pytest_distil.mark.production import Production
from pytest_distil.mark.task import Task
from pytest_distil.run import call_log
from pytest_distil.run.call_log import NOT_WRITTEN, TOO_SLOW, WRITER, CallLog
from pytest_distil.run.typed import TypedTask
from support.in_production import Lines, call_of, run


def logged(function: Any, *handlers: logging.Handler, **options: Any) -> CallLog:
    """Return the interceptor of a task with these handlers."""
    production = Production(handlers=handlers, log_format=options.pop("log_format", "functions"))
    return CallLog(Task(name="shop.priced", function=function, dataset="shop", production=production, **options))


def call(log: CallLog, *args: Any, **kwargs: Any) -> Any:
    """Call the task of an interceptor."""
    return log.call(log._task, args, kwargs)


def priced(text: str, times: int = 1) -> list[str]:
    """Return the text."""
    return [text] * times


@pytest.mark.parametrize("shape", ["functions", "json_schema", "tools", "raw"])
def test_lines_are_training_lines(shape: str) -> None:
    """What a handler gets is what a session's file would hold for the call, byte for byte, defaults applied."""
    handler = Lines()
    log = logged(priced, handler, log_format=shape)
    call(log, "ü", times=2)
    call(log, "%s of 100 %")
    WRITER.flush()

    brief = TypedTask(log._task).brief
    assert [
        training_line(shape, brief, {"text": "ü", "times": 2}, ["ü", "ü"]),
        training_line(shape, brief, {"text": "%s of 100 %", "times": 1}, ["%s of 100 %"]),
    ] == [record.getMessage() for record in handler.records]


def test_records() -> None:
    """A record is named for the dataset, is an `INFO`, and stands where the function does."""
    handler = Lines()
    call(logged(priced, handler), "a")
    WRITER.flush()
    [record] = handler.records

    assert ("shop", logging.INFO, "priced") == (record.name, record.levelno, record.funcName)
    assert (__file__, priced.__code__.co_firstlineno) == (record.pathname, record.lineno)


def test_snapshots() -> None:
    """Arguments are as they were when the call began, the result as it was when it ended."""

    def drained(items: list[int]) -> list[int]:
        result = items.copy()
        items.clear()
        return result

    handler = Lines()
    result = call(logged(drained, handler), [1, 2])
    result.append(3)

    assert [("Return `drained(items=[1,2])`", {"value": [1, 2]})] == [call_of(line) for line in handler.lines]


def test_callers_wait_for_no_handler() -> None:
    """A handler may take as long as it likes: calls return at once, and lines keep their order."""
    gate = threading.Event()

    class Slow(Lines):
        def emit(self, record: logging.LogRecord) -> None:
            assert gate.wait(30)
            super().emit(record)

    handler = Slow()
    log = logged(priced, handler)
    results = [call(log, str(n)) for n in range(50)]
    before = len(handler.records)
    gate.set()

    assert [[str(n)] for n in range(50)] == results
    assert 0 == before
    assert [[str(n)] for n in range(50)] == [call_of(line)[1]["value"] for line in handler.lines]


class Broken(logging.StreamHandler[Any]):
    """Fails as handlers of the standard library do: it says so by `handleError`."""

    def emit(self, record: logging.LogRecord) -> None:
        """Fail and say so."""
        try:
            json.loads("")
        except ValueError:
            self.handleError(record)


class Raising(logging.Handler):
    """Fails as a handler should not."""

    def emit(self, record: logging.LogRecord) -> None:
        """Raise."""
        raise RuntimeError("no broker")


@pytest.mark.parametrize(("kind", "said"), [(Broken, "Expecting value"), (Raising, "RuntimeError: no broker")])
def test_handlers_that_fail(
    kind: type[logging.Handler], said: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """A call never fails with a handler; it is counted, warned about once, and the other handlers get their line."""
    other = Lines()
    log = logged(priced, kind(), other)
    results = [call(log, "secret") for _ in range(3)]

    assert [["secret"]] * 3 == results
    assert 3 == len(other.lines)
    assert {NOT_WRITTEN: 3} == log.left_out
    [warning] = caplog.messages
    assert said in warning
    assert "secret" not in warning
    assert ("", "") == capfd.readouterr()


def test_handlers_keep_their_own_troubles(capfd: pytest.CaptureFixture[str]) -> None:
    """On records of other loggers a handler says what it has always said."""
    handler = Broken()
    call(logged(priced, handler), "a")
    WRITER.flush()
    handler.handle(logging.makeLogRecord({"msg": "theirs"}))

    assert "Message: 'theirs'" in capfd.readouterr().err


def test_own_logger(caplog: pytest.LogCaptureFixture) -> None:
    """Lines go to the handlers alone, whatever levels are set, and other people's records do not."""
    handler = Lines()
    caplog.set_level(logging.DEBUG)
    logging.getLogger("shop").error("theirs")
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        call(logged(priced, handler), "a")
        WRITER.flush()
    finally:
        logging.disable(before)

    assert 1 == len(handler.lines)
    assert ["theirs"] == caplog.messages


def test_levels_and_filters_of_handlers() -> None:
    """A handler's own level and filters count."""
    quiet, picky = Lines(), Lines()
    quiet.setLevel(logging.WARNING)
    picky.addFilter(lambda record: r"text=\"b\"" in record.getMessage())
    log = logged(priced, quiet, picky)
    call(log, "a")
    call(log, "b")

    assert [0, 1] == [len(quiet.lines), len(picky.lines)]


def test_what_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """A value without a JSON form is no line, is counted with its path, and warned about once."""
    handler = Lines()

    def opaque(thing: object) -> object:
        return thing

    log = logged(opaque, handler)
    thing = object()

    assert [thing, thing, 1] == [call(log, thing), call(log, thing), call(log, 1)]
    assert 1 == len(handler.lines)
    assert {"an argument cannot be recorded": 2} == log.left_out
    [warning] = caplog.messages
    assert "shop.priced: a call is not logged" in warning
    assert "$.thing" in warning


def test_results_that_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The same for a result, and for a return type that has no schema."""

    def wrong(n: int) -> str:
        return n  # type: ignore[return-value]

    def opaque(n: int) -> logging.Logger:
        return logging.getLogger(str(n))

    handler = Lines()
    one, other = logged(wrong, handler), logged(opaque, handler)

    assert 1 == call(one, 1)
    assert "2" == call(other, 2).name
    assert {"the result cannot be recorded": 1} == one.left_out == other.left_out
    assert [] == handler.lines
    assert 2 == len(caplog.messages)


def test_raising_originals() -> None:
    """An exception goes on as it is, and is no line."""

    def failing(n: int) -> int:
        raise KeyError(n)

    handler = Lines()
    log = logged(failing, handler)
    with pytest.raises(KeyError) as raised:
        call(log, 1)

    assert [] == handler.lines
    assert {} == log.left_out
    assert "__exit__" not in [entry.name for entry in raised.traceback]


def test_calls_that_do_not_fit() -> None:
    """A call that does not fit the signature fails as it would without us."""
    handler = Lines()
    with pytest.raises(TypeError, match="unexpected keyword argument 'price'"):
        call(logged(priced, handler), "a", price=1)

    assert [] == handler.lines


def test_recursion() -> None:
    """Of a function that calls itself, the outermost call is the example."""
    handler = Lines()

    @Instructions(log_handlers=[handler]).distil(name="down")
    def down(n: int) -> int:
        return n and 1 + down(n - 1)

    assert 3 == down(3)
    assert [("Return `down(n=3)`", {"value": 3})] == [call_of(line) for line in handler.lines]


def test_our_own_work_is_not_logged() -> None:
    """A validator or a handler that calls a marked function makes no line of it."""
    seen: list[int] = []
    inner = Lines()

    @Instructions(log_handlers=[inner]).distil(name="checked")
    def checked(n: int) -> int:
        seen.append(n)
        return n

    class Checked(BaseModel):
        n: int

        @field_validator("n")
        @classmethod
        def _check(cls, n: int) -> int:
            return checked(n)

    class Calling(Lines):
        def emit(self, record: logging.LogRecord) -> None:
            checked(100)
            super().emit(record)

    outer = Calling()

    @Instructions(log_handlers=[outer]).distil(name="made")
    def made(n: int) -> Checked:
        return Checked.model_construct(n=n)

    made(5)

    assert 1 == len(outer.lines)
    assert {5, 100} == set(seen)
    assert [] == inner.lines


def test_coroutines() -> None:
    """Coroutine functions are logged when they have returned, each call by itself."""
    handler = Lines()

    @Instructions(log_handlers=[handler]).distil(name="slept")
    async def slept(n: int) -> int:
        await asyncio.sleep(0.001 * (3 - n))
        return n

    async def main() -> list[int]:
        return await asyncio.gather(*(slept(n) for n in range(3)))

    assert [0, 1, 2] == asyncio.run(main())
    assert {0, 1, 2} == {call_of(line)[1]["value"] for line in handler.lines}


def test_threads() -> None:
    """Fifty threads at once lose no line."""
    handler = Lines()
    log = logged(priced, handler)
    threads = [threading.Thread(target=lambda n=n: [call(log, f"{n}-{m}") for m in range(20)]) for n in range(50)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert {f"{n}-{m}" for n in range(50) for m in range(20)} == {call_of(one)[1]["value"][0] for one in handler.lines}


def test_handlers_that_are_too_slow(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """The queue has an end: what comes after it is counted, and the caller goes on."""
    gate = threading.Event()

    class Stuck(Lines):
        def emit(self, record: logging.LogRecord) -> None:
            assert gate.wait(30)
            super().emit(record)

    monkeypatch.setattr("pytest_distil.run.writer._MOST_WAITING", 3)
    handler = Stuck()
    log = logged(priced, handler)
    for n in range(10):
        call(log, str(n))
    gate.set()

    assert 10 == len(handler.lines) + log.left_out[TOO_SLOW]
    assert log.left_out[TOO_SLOW] >= 6
    assert 1 == len(caplog.messages)


AT_EXIT = """
import logging, sys, time
from pytest_distil import Instructions
from pytest_distil.core.call import RESULT

class Slow(logging.FileHandler):
    def emit(self, record):
        time.sleep(0.005)
        super().emit(record)

@Instructions(name="exit", log_handlers=[Slow("lines.jsonl")]).distil
def same(n: int) -> int:
    return n

for n in range(40):
    same(n)
"""


def test_flushed_at_exit(tmp_path: Path) -> None:
    """A process that ends writes what was called, however slow its handler is."""
    run(tmp_path, AT_EXIT)

    assert list(range(40)) == values(tmp_path)


FORKED = """
import multiprocessing, os, sys

def child():
    same(100)
    same(101)

if __name__ == "__main__":
    same(40)
    pid = os.fork()
    if pid == 0:
        same(50)
        sys.exit()
    os.waitpid(pid, 0)
    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join()
    same(41)
"""


def test_forked_processes(tmp_path: Path) -> None:
    """A child writes its own lines, and never its parent's a second time."""
    run(tmp_path, AT_EXIT + FORKED, warnings="ignore")  # from Python 3.12 on, forking with threads warns

    assert [*range(42), 50, 100, 101] == sorted(values(tmp_path))


def values(folder: Path) -> list[int]:
    """Return the results in the lines of a file."""
    lines = (folder / "lines.jsonl").read_text(encoding="utf-8").splitlines()
    return [call_of(json.loads(line))[1]["value"] for line in lines]


def test_one_thread() -> None:
    """All handlers of a process share one thread."""
    logs = [logged(priced, Lines()) for _ in range(5)]
    for log in logs:
        call(log, "a")
    WRITER.flush()

    assert 1 == [thread.name for thread in threading.enumerate()].count("distil-log")
    assert WRITER is call_log.WRITER


def test_redacting() -> None:
    """What the rules name is in no line, and a result that tells it makes none."""
    handler = Lines()
    task = logged(priced, handler)._task
    log = CallLog(task, redact=(r"\d{4,}", "$.times"))
    call(log, "card 12345", times=0)
    call(log, "card 12345", times=1)

    [line] = handler.lines
    assert "[redacted]" in line["messages"][1]["content"]
    assert "12345" not in json.dumps(line)
    assert {RESULT: 1} == log.left_out
