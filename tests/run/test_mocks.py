"""What stands in for the real thing is seen while it is active, and looking at it changes nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from collections.abc import Iterator
from unittest import mock

import freezegun
import pytest

from pytest_distil.run.mocks import PATCH, Mocks


@pytest.fixture
def mocks() -> Iterator[Mocks]:
    """Watch, and stop watching."""
    watching = Mocks()
    yield watching
    watching.close()


def active(mocks: Mocks) -> list[str]:
    """Return what is active."""
    return list(mocks.active())


def test_every_way_of_patching(mocks: Mocks) -> None:
    """A block, a decorator, `start()` and `patch.dict` are seen while they are active, and not before and after."""

    @mock.patch("os.getpid", return_value=1)
    def decorated(_: object) -> list[str]:
        return active(mocks)

    @mock.patch.dict(os.environ, {"DISTIL_TRIED": "1"})
    def with_variables() -> list[str]:
        return active(mocks)

    patcher = mock.patch.object(os, "getpid")
    patcher.start()
    started = active(mocks)
    patcher.stop()
    with mock.patch("os.getpid"):
        inside = active(mocks)
        with mock.patch.dict(os.environ):
            pass
        still_inside = active(mocks)

    assert [[PATCH]] * 5 == [decorated(), with_variables(), started, inside, still_inside]
    assert not active(mocks)


def test_a_patch_that_fails(mocks: Mocks) -> None:
    """What could not be patched is not active, and the error is the library's own."""
    with (
        pytest.raises(AttributeError, match="does not have the attribute 'nothing'") as caught,
        mock.patch("os.nothing"),
    ):
        pass

    assert not active(mocks)
    assert "nothing" in "".join(traceback.format_exception(caught.value))


def test_what_was_patched_before() -> None:
    """Patches of plugins, active before there is a test, are none of a test's."""
    with mock.patch("os.getpid"):
        mocks = Mocks()
        before = active(mocks)
        with mock.patch("os.getppid"):
            during = active(mocks)
        mocks.close()

    assert ([], [PATCH]) == (before, during)


def test_nothing_is_left_behind() -> None:
    """In the end the library is as it was, also where runs are nested."""
    ways = [mock._patch.__enter__, mock._patch.__exit__, mock._patch_dict._patch_dict]  # type: ignore[attr-defined]
    outer, inner = Mocks(), Mocks()
    inner.close()
    with mock.patch("os.getpid"):
        seen = active(outer)
    outer.close()

    assert [PATCH] == seen
    assert ways == [mock._patch.__enter__, mock._patch.__exit__, mock._patch_dict._patch_dict]  # type: ignore[attr-defined]


def test_frozen_time(mocks: Mocks) -> None:
    """Frozen time is seen while it is frozen."""
    with freezegun.freeze_time("2026-01-01"):
        inside = active(mocks)

    assert (["freezegun"], []) == (inside, active(mocks))


def test_nothing_is_imported() -> None:
    """Watching imports none of what it looks for; what is imported later is watched from then on."""
    code = """
import sys
from pytest_distil.run.mocks import Mocks
for name in [name for name in sys.modules if name.partition(".")[0] == "unittest"]:
    del sys.modules[name]
mocks = Mocks()
mocks.watch()
assert not list(mocks.active())
assert not {"unittest.mock", "freezegun", "time_machine"} & set(sys.modules)
from unittest.mock import patch
started = patch("os.getpid")
started.start()
mocks.watch()
assert ["unittest.mock.patch"] == list(mocks.active())
started.stop()
assert not list(mocks.active())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert not done.stderr
    assert 0 == done.returncode
