"""What holds for all tests: pytest runs under test are at hand, and the machine's own settings are not."""

import os
import signal

import pytest

pytest_plugins = ["pytester"]

FOREIGN = ("DISTIL_", "OPENAI_", "GITHUB_", "PYTEST_XDIST_", "TOX_")
"""Prefixes of variables that change what is tested: a real key, a CI's summary file, the worker or the
environment that runs the test."""

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started by a shell's `&`; the runs under test inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _nothing_from_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the variables out of a test that would make it another one elsewhere."""
    for name in os.environ:
        if name.startswith(FOREIGN) or name in ("CI", "BUILD_NUMBER", "PYTEST_ADDOPTS"):
            monkeypatch.delenv(name)
