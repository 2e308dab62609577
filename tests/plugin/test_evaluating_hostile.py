"""What tests do to the process that they run in (sockets, clocks, environment, forks) does not reach the model."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.evaluating import Project, answering, endings
from support.labels import LABELS, wrong_for
from support.server import ChatServer

SURROUNDED = """
    import builtins, gc, io, os, socket, sys, threading, time
    import httpx2
    import pytest
    import vcr
    from freezegun import freeze_time
    from labels import parity

    def test_with_a_cassette(tmp_path):
        with vcr.use_cassette(str(tmp_path / "cassette.yaml"), record_mode="none"):
            assert parity(0) == "even"

    @freeze_time("2001-01-01")
    def test_with_frozen_time():
        assert parity(2) == "even"

    def test_with_another_environment(monkeypatch):
        for name in list(os.environ):
            monkeypatch.delenv(name)
        monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        monkeypatch.setenv("DISTIL_API_KEY", "another")
        assert parity(4) == "even"

    def test_with_broken_modules(monkeypatch):
        def broken(*args, **kwargs):
            raise RuntimeError("patched by the test")

        monkeypatch.setattr(socket, "socket", broken)
        monkeypatch.setattr(socket, "create_connection", broken)
        monkeypatch.setattr(time, "time", broken)
        monkeypatch.setattr(time, "monotonic", broken)
        monkeypatch.setattr(time, "sleep", broken)
        monkeypatch.setattr(httpx2.AsyncClient, "send", broken)
        monkeypatch.setattr(threading, "Thread", broken)
        monkeypatch.setattr(builtins, "open", broken)
        try:
            assert parity(6) == "even"
        finally:
            monkeypatch.undo()

    def test_elsewhere(tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        os.rmdir(tmp_path)
        assert parity(8) == "even"

    def test_with_replaced_output(monkeypatch):
        monkeypatch.setattr(sys, "stdout", io.StringIO())
        monkeypatch.setattr(sys, "stderr", None)
        assert parity(10) == "even"

    def test_with_frozen_garbage():
        gc.disable()
        gc.freeze()
        assert parity(12) == "even"
        gc.enable()

    def test_disagreed_all_the_same():
        assert parity(13) == "odd"
"""

FORKS = """
    import multiprocessing
    import os
    import pytest
    from labels import parity

    def test_fork():
        child = os.fork()
        if child == 0:
            os.closerange(3, 256)
            right = parity(14) == "even" and parity(13) == "odd"
            os._exit(0 if right else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert parity(16) == "even"

    def right(n):
        return parity(n)

    def test_processes():
        with multiprocessing.get_context("fork").Pool(2) as pool:
            assert pool.map(right, [13, 18, 20]) == ["odd", "even", "even"]

    def test_fork_while_an_answer_is_awaited():
        assert parity(22) == "even"
        child = os.fork()
        if child == 0:
            os._exit(0 if parity(24) == "even" else 1)
        assert os.waitpid(child, 0)[1] == 0

    @pytest.mark.parametrize("n", [14, 18, 20, 24])
    def test_later(n):
        assert parity(n) == "even"
"""


def test_surrounded(tmp_path: Path) -> None:
    """Cassettes, frozen time, a cleared environment, blocked sockets, patched modules: every call gets its answer."""
    project = Project(tmp_path, labels=LABELS, test_surrounded=SURROUNDED)
    options = ("--disable-socket", "--strict-markers", "-W", "error", "-p", "no:cacheprovider")
    with ChatServer(answering(wrong_for({13})), key="secret") as server:
        ran = project.evaluate(server, *options, plugins=("pytest_socket",), DISTIL_API_KEY="secret")

    assert {"test_disagreed_all_the_same": "disagreed"} == endings(ran.report), ran.out
    assert (7, 1, 0) == tuple(ran.report["totals"][name] for name in ("agree", "differ", "failed"))
    assert {1} == set(server.tries.values())
    assert "secret" not in ran.out + (ran.written or tmp_path).read_text(encoding="utf-8")


@pytest.mark.parametrize("recorded", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_forks(tmp_path: Path, *, recorded: bool) -> None:
    """A forked child runs the originals and nothing else; it neither waits for the parent's answers nor takes them."""
    project = Project(tmp_path, labels=LABELS, test_forks=FORKS)
    if recorded:  # then all calls are asked about before the first fork
        project.collect()
    with ChatServer(answering(wrong_for({13})), latency=0.1) as server:
        ran = project.evaluate(server, "-W", "error")

    assert {"passed": 7} == ran.counts
    assert 0 == ran.report["totals"]["failed"]
    assert {1} == set(server.tries.values())


CONFTEST = """
    import os

    os.environ["DISTIL_BASE_URL"] = {url!r}
    os.environ["DISTIL_API_KEY"] = "from the conftest"
"""


@pytest.mark.parametrize(
    ("workers", "place"),
    [
        pytest.param((), "conftest", marks=pytest.mark.slow),
        ((), "inner/conftest"),
        pytest.param(("-n", "1"), "conftest", marks=pytest.mark.slow),
    ],
)
def test_a_conftest_that_loads_the_environment(tmp_path: Path, workers: tuple[str, ...], place: str) -> None:
    """The key and the address may come from a conftest, as dotenv does it; one in a folder below counts too."""
    project = Project(tmp_path, labels=LABELS)
    (tmp_path / "inner").mkdir()
    with ChatServer(answering(wrong_for({})), key="from the conftest") as server:
        project.write(**{place: CONFTEST.format(url=server.url)})
        project.write(
            **{"inner/test_one": 'from labels import parity\ndef test_one():\n    assert parity(2) == "even"\n'}
        )
        ran = project.run("--distil-eval=student", *workers, "-o", "pythonpath=.", plugins=("xdist",))

    assert 1 == ran.report["totals"]["agree"], ran.out
    assert 1 == len(server.requests)
