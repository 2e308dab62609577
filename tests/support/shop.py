"""A suite in which everything happens that a model's value can do to a test; its calls say what the model answers.

A mail with WRONG in it gets another label than the original gives, one with INVALID no label at all, all others are
answered right.
"""

from __future__ import annotations

from typing import Any

from support.server import Reply

SHOP = '''
    """What is under test; originals log each call that they run for."""

    import os
    import threading
    from concurrent.futures import ThreadPoolExecutor
    from pathlib import Path
    from typing import Literal

    from pytest_distil import distil

    Label = Literal["refund", "bug", "other"]

    def log(text):
        with (Path(__file__).parent / "originals.log").open("a") as file:
            file.write(f"{text}\\n")

    def label_of(mail):
        return "refund" if "money" in mail else "bug" if "broken" in mail else "other"

    @distil
    def triage(mail: str) -> Label:
        """Sort a mail."""
        log(mail)
        if "boom" in mail:
            raise ValueError(mail)
        return label_of(mail)

    @distil
    async def triage_slowly(mail: str) -> Label:
        """Sort a mail, but not at once."""
        log(mail)
        return label_of(mail)

    @distil
    def tags(mails: list[str]) -> list[str]:
        """Label many mails."""
        return [label_of(mail) for mail in mails]

    @distil
    def answer(mail: str) -> str:
        """Answer a mail, by its label."""
        return f"about your {triage(mail)}"

    @distil
    def answer_by_threads(mail: str) -> str:
        """Answer a mail; a helper thread sorts it."""
        with ThreadPoolExecutor() as pool:
            return f"about your {pool.submit(triage, mail).result()}"

    @distil
    def depth(n: int) -> int:
        """Count down by calling itself."""
        return 0 if n == 0 else 1 + depth(n - 1)
'''

TESTS = '''
    """Tests are named for how they end with the model: right, same, disagreed, failed, error, skipped, xfailed."""

    import logging
    import threading
    import unittest
    import warnings

    import pytest

    from shop import *

    def test_right():
        assert triage("money") == "refund"

    @pytest.mark.parametrize("n", range(4))
    def test_right_each(n):
        assert triage(f"broken {n}") == "bug"

    def test_disagreed(record_property):
        record_property("colour", "red")
        print("printed by disagreed")
        assert triage("WRONG money") == "refund"

    def test_failed_beside_it(record_property):
        record_property("colour", "red")
        print("printed by failed")
        logging.getLogger("shop").warning("logged by failed")
        assert triage("WRONG money beside") == "refund"
        assert 1 == 2, "the bug of its own"

    def test_failed_on_its_own():
        assert triage("money too") == "refund"
        assert 1 == 2

    def test_failed_in_the_original():
        triage("boom")

    def test_same_although_the_original_raises():
        with pytest.raises(ValueError, match="boom"):
            triage("boom expected")

    def test_different_passes():
        assert triage("WRONG money, whatever") in ("refund", "other", "bug")

    def test_different_goes_on():
        if triage("WRONG money, then") == "refund":
            assert triage("broken, not reached with the model") == "bug"

    @pytest.fixture
    def sorted_mail():
        assert triage("WRONG money in setup") == "refund"
        return "refund"

    def test_disagreed_in_setup(sorted_mail):
        assert sorted_mail == "refund"

    @pytest.fixture
    def broken_fixture():
        triage("WRONG money in a broken setup")
        raise RuntimeError("the fixture's own fault")

    def test_error(broken_fixture):
        pass

    @pytest.fixture
    def careful_teardown():
        found = []
        yield found
        assert found == ["refund"]

    def test_disagreed_in_teardown(careful_teardown):
        careful_teardown.append(triage("WRONG money at the end"))

    @pytest.mark.xfail
    def test_xfailed():
        assert triage("money x") == "bug"

    @pytest.mark.xfail(strict=True)
    def test_xfailed_strictly():
        assert triage("WRONG money xs") == "other"

    @pytest.mark.xfail
    def test_xfailed_although_the_model_passes():
        assert triage("WRONG money xn") == "other"

    def test_disagreed_by_a_marker(request):
        if triage("WRONG money marked") != "refund":
            request.node.add_marker(pytest.mark.xfail)
            assert False

    def test_skipped():
        if triage("money s") == "refund":
            pytest.skip("not for refunds")

    def test_disagreed_by_skipping():
        if triage("WRONG money s") != "refund":
            pytest.skip("only for refunds")

    def test_disagreed_in_a_subtest(subtests):
        for n in range(3):
            with subtests.test(n=n):
                assert triage(f"WRONG money {n}" if n == 1 else f"money {n}") == "refund"

    def test_failed_in_a_subtest(subtests):
        with subtests.test("wrong"):
            assert triage("WRONG money sub") == "refund"
        with subtests.test("bug"):
            assert 1 == 2

    class TestState:
        seen = None

        def test_disagreed_with_an_instance_of_its_own(self):
            assert self.seen is None
            self.seen = triage("WRONG money state")
            assert self.seen == "refund"

    class TestUnittest(unittest.TestCase):
        def test_unit_disagreed(self):
            self.assertEqual("refund", triage("WRONG money unit"))

        def test_unit_failed(self):
            self.assertEqual("refund", triage("WRONG money unit bug"))
            self.fail("the bug of its own")

        def test_unit_disagreed_in_a_subtest(self):
            for n in range(2):
                with self.subTest(n=n):
                    self.assertEqual("refund", triage(f"WRONG money unit sub {n}"))

    class TestUnittestSetup(unittest.TestCase):
        def setUp(self):
            self.label = triage("WRONG money unit setup")
            assert self.label == "refund"

        def test_unit_disagreed_in_setup(self):
            assert self.label == "refund"

    @pytest.fixture(scope="module")
    def wide():
        log("wide fixture set up")
        yield triage("WRONG money wide")
        log("wide fixture torn down")

    def test_right_in_a_wide_fixture(wide):
        assert wide == "refund"

    def test_disagreed_beside_a_wide_fixture(wide):
        assert wide == "refund"
        assert triage("WRONG money beside wide") == "refund"

    def test_disagreed_by_no_answer():
        assert triage("INVALID money") == "refund"

    def test_different_swallowed():
        try:
            triage("INVALID money swallowed")
        except Exception:
            pass

    def test_nested():
        assert answer("WRONG money nested") == "about your refund"

    def test_nested_in_a_thread():
        assert answer_by_threads("WRONG money in a thread") == "about your refund"

    def test_recursion():
        assert depth(5) == 5

    def test_different_values_are_not_shared():
        first = tags(["WRONG", "money"])
        first.append("mutated")
        assert "mutated" not in tags(["WRONG", "money"])
        assert len(first) == 3

    def test_warns_once():
        warnings.warn("just one warning")
        assert triage("WRONG money warned") == "refund"

    def test_same_in_threads():
        found = []
        threads = [threading.Thread(target=lambda n=n: found.append(triage(f"money thread {n}"))) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == ["refund"] * 4
'''

ENDINGS = {
    "passed": ("right", "same", "different", "nested", "recursion"),
    "disagreed": ("disagreed", "unit_disagreed", "warns"),
    "failed": ("failed", "unit_failed"),
    "error": ("error",),
    "skipped": ("skipped", "xfailed"),
}
"""How tests end, by how their names begin after `test_`."""


def ending_of(test: str) -> str:
    """Return how the test of that name is to end."""
    name = test.removeprefix("test_")
    return next(ending for ending, starts in ENDINGS.items() if name.startswith(starts))


def label_of(mail: str) -> str:
    """Return what the original gives."""
    return "refund" if "money" in mail else "bug" if "broken" in mail else "other"


def model(task: str, arguments: dict[str, Any]) -> Any:
    """Answer as the mails say."""
    if task == "depth":
        return arguments["n"]
    if task == "tags":
        return ["other"] * len(arguments["mails"])
    mail = arguments["mail"]
    if "INVALID" in mail:
        return Reply(content="I am not sure.")
    if task.startswith("answer"):
        return f"about your {label_of(mail)}"
    return ("other" if label_of(mail) == "refund" else "refund") if "WRONG" in mail else label_of(mail)
