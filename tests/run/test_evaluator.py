"""The interceptor of an evaluating run: what calls receive, what is asked, what an attempt then says."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pytest_distil.core.prompt import Answer
from pytest_distil.mark import tap
from pytest_distil.mark.decorator import distil
from pytest_distil.mark.errors import InvalidAnswer
from pytest_distil.run.evaluator import Evaluator
from pytest_distil.run.inside import Trying
from support.calls import Model, called, double, example, outer, recorded, row, settings, task


def answers(value: Any) -> Model:
    """Return a model that always says the same."""
    return Model(lambda _: value)


@pytest.mark.parametrize(
    ("answer", "substitute", "wanted", "different"),
    [
        pytest.param(2, True, 2, False, id="right"),
        pytest.param(3, True, 3, True, id="wrong"),
        pytest.param(3, False, 2, None, id="wrong, in a shadow run"),
        pytest.param(Answer(failed="no network"), True, 2, None, id="none"),
    ],
)
def test_what_a_call_receives(answer: Any, *, substitute: bool, wanted: int, different: bool | None) -> None:
    """A call receives the model's value where tests are to; the original's where no answer came."""
    evaluator = Evaluator(settings(), answers(answer), None)
    given, payload = called(evaluator, "t", lambda: double(1), substitute=substitute)

    assert wanted == given
    assert different is payload["different"]
    assert [["calls.double", '{"n":1}', "2", 1]] == payload["rows"]


@pytest.mark.parametrize("answer", ["text", Answer(invalid="no choices"), Answer(message={"refusal": "never"})])
def test_an_invalid_answer(answer: Any) -> None:
    """What is no value of the return type raises in the test, after it was recorded."""
    evaluator = Evaluator(settings(), answers(answer), None)
    caught: list[BaseException] = []

    def call() -> None:
        try:
            double(1)
        except InvalidAnswer as error:
            caught.append(error)

    _, payload = called(evaluator, "t", call)
    [[*_, [judgement]]] = payload["judgements"]

    assert "the model's answer for calls.double is invalid" in str(caught[0])
    assert "invalid" == judgement["verdict"]
    assert payload["different"] is True
    assert 1 == len(payload["rows"])


def test_nested_calls() -> None:
    """Inside a running original nothing is substituted; what it calls is asked about all the same."""
    model = Model(lambda _: 7)
    evaluator = Evaluator(settings(), model, None)
    given, payload = called(evaluator, "t", lambda: outer(1))

    assert 7 == given
    assert {("calls.outer", "2"), ("calls.double", "2")} == {(name, result) for name, _, result, _ in payload["rows"]}
    assert 2 == len(model.asked)


def test_a_helper_thread_of_an_original() -> None:
    """What an original calls in another thread, which knows nothing of it, is not substituted either."""

    @distil(name="calls.in_a_thread")
    def in_a_thread(n: int) -> int:
        with ThreadPoolExecutor() as pool:
            return pool.submit(double, n).result()

    evaluator = Evaluator(settings(models={"": "m", "calls.in_a_thread": "none", "double": "m"}), answers(7), None)
    given, payload = called(evaluator, "t", lambda: in_a_thread(1))

    assert 7 == given
    assert {"2"} == {result for _, _, result, _ in payload["rows"]}


def test_a_thread_of_the_test() -> None:
    """A call that a test makes in a thread receives the model's value."""
    evaluator = Evaluator(settings(), answers(7), None)
    found: list[int] = []

    def call() -> None:
        thread = threading.Thread(target=lambda: found.append(double(1)))
        thread.start()
        thread.join()

    called(evaluator, "t", call)

    assert [7] == found


def test_recursion() -> None:
    """A task that calls itself is asked about once, from outside."""

    @distil(name="calls.depth")
    def depth(n: int) -> int:
        return 0 if n == 0 else 1 + depth(n - 1)

    model = Model(lambda given: given["n"])
    _, payload = called(Evaluator(settings(), model, None), "t", lambda: depth(5))

    assert [5] == model.numbers
    assert 1 == len(payload["rows"])


def test_an_original_that_raises() -> None:
    """The exception goes on, the answer is dropped, and the call is told of as one that raised."""
    evaluator = Evaluator(settings(), answers(1), None)

    def call() -> None:
        with pytest.raises(ValueError, match="-1"):
            double(-1)

    _, payload = called(evaluator, "t", call)

    assert [["calls.double", '{"n":-1}']] == payload["raised"]
    assert [] == payload["rows"] == payload["judgements"] == payload["left_out"]


def test_values_are_not_shared() -> None:
    """Each call receives a value of its own, so that a test may change it."""

    @distil(name="calls.words")
    def words(n: int) -> list[str]:
        return ["original"]

    evaluator = Evaluator(settings(), answers(["model"]), None)
    (first, second), _ = called(evaluator, "t", lambda: (words(1), words(1)))
    first.append("changed")

    assert ["model"] == second


def test_an_equal_value_is_the_originals_own() -> None:
    """Where the model is right, the test receives the very object that the original returned."""
    mine = [1.5]

    @distil(name="calls.own")
    def own(n: int) -> list[float]:
        return mine

    given, _ = called(Evaluator(settings(), answers([1.5]), None), "t", lambda: own(1))

    assert mine is given


def test_each_call_is_asked_once() -> None:
    """Equal calls share an answer, also where a file has their arguments in another order."""

    @distil(name="calls.two")
    def two(b: int, a: int) -> int:
        return a + b

    model = Model(lambda given: given["a"] + given["b"])
    evaluator = Evaluator(settings(), model, None)
    evaluator.ask(task("calls.two"), '{"a":1,"b":2}', prefetch=True)
    called(evaluator, "t", lambda: (two(2, 1), two(b=2, a=1)))

    assert 1 == len(model.asked)


def test_repeats() -> None:
    """With `--distil-repeat` a call is asked several times; the test receives the first answer."""
    model = Model()
    evaluator = Evaluator(settings(repeat=3), model, None)
    _, payload = called(evaluator, "t", lambda: double(1))
    [[*_, judged]] = payload["judgements"]

    assert [0, 1, 2] == [repeat for _, _, repeat, _ in model.asked]
    assert 3 == len(judged)


def test_judgements_that_come_later() -> None:
    """An answer that was not there when its test ended is told of with a later attempt, and once."""
    model = Model(at_once=False)
    evaluator = Evaluator(settings(), model, None)
    _, early = called(evaluator, "one", lambda: double(1), substitute=False)
    model.land()
    _, later = called(evaluator, "two", lambda: None)

    assert [] == early["judgements"]
    assert ["calls.double"] == [name for name, *_ in later["judgements"]]
    assert [] == evaluator.judgements(wait=True)


def test_tasks_without_a_model() -> None:
    """Where only some tasks have a model, the others run as if we were not there."""
    model = Model(lambda _: 7)
    evaluator = Evaluator(settings(models={"outer": "m"}), model, None)
    given, payload = called(evaluator, "t", lambda: (outer(1), double(2)))

    assert (7, 4) == given
    assert ["calls.outer"] == [name for name, *_ in payload["rows"]]
    assert [1] == model.numbers


def test_a_recorded_result() -> None:
    """A recorded result stands in for the original; one that its type does not take any more lets the original run."""
    session = recorded(example(-5, "t", result=1), example(2, "t", result="four"))
    evaluator = Evaluator(settings(original="recorded"), answers(1), session)
    given, payload = called(evaluator, "t", lambda: (double(-5), double(2)), substitute=False)

    assert (1, 4) == given
    assert ["calls.double"] == payload["recalled"]


def test_a_recorded_result_that_is_out_of_date() -> None:
    """A recorded result that is no value of today's type is told apart from a wrong answer."""
    one = example(1, "t", result="two")
    evaluator = Evaluator(settings(), answers(2), recorded(one))
    evaluator.ask(task(), row(one)[1])
    evaluator.owe(task(), row(one))
    [[*_, [judgement]]] = evaluator.judgements(wait=True)

    assert "stale" == judgement["verdict"]


def test_what_came_after_a_wrong_value() -> None:
    """An attempt tells how many of its calls were made before it received a value of the model's."""
    model = Model(lambda given: 2 * given["n"] + (given["n"] == 2))
    _, payload = called(Evaluator(settings(), model, None), "t", lambda: [double(n) for n in (1, 2, 3)])

    assert 2 == payload["pure"]
    assert 3 == len(payload["rows"])


def test_a_wait_that_is_cancelled() -> None:
    """A test whose waiting for the model is cut short has failed because of the model."""

    @distil(name="calls.slowly")
    async def slowly(n: int) -> int:
        return n

    model = Model(at_once=False)
    evaluator = Evaluator(settings(), model, None)

    async def patient() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(slowly(1), timeout=0.01)

    _, payload = called(evaluator, "t", lambda: asyncio.run(patient()))
    model.land()

    assert payload["different"] is True


def test_noise() -> None:
    """With `--distil-noise` an original runs twice; what it gives or raises then is noted, and not seen."""
    numbers = iter([10, 11])

    @distil(name="calls.noisy")
    def noisy(n: int) -> int:
        return next(numbers)

    @distil(name="calls.fragile")
    def fragile(n: int) -> int:
        if n in seen:
            raise ValueError(n)
        seen.append(n)
        return n

    seen: list[int] = []
    evaluator = Evaluator(settings(noise=True), answers(1), None)
    given, payload = called(evaluator, "t", lambda: (noisy(1), fragile(2)), substitute=False)

    assert (10, 2) == given
    assert {"calls.noisy": "11", "calls.fragile": '"the original raised"'} == {
        name: second for name, _, second in payload["again"]
    }
    assert [] == payload["raised"]


def test_our_own_work_is_unobserved() -> None:
    """What the user's types call while we decode is not asked about."""
    evaluator = Evaluator(settings(), answers(2), None)
    evaluator.attempt = Trying("t", substitute=True)
    token = tap.unobserved.set(True)
    with tap.install(evaluator):
        assert 2 == double(1)
    tap.unobserved.reset(token)

    assert not evaluator.attempt.rows


def test_a_dry_run() -> None:
    """Without anybody to ask, prompts are made and measured, and calls receive the original's value."""
    evaluator = Evaluator(settings(dry_run=True), None, None)
    given, payload = called(evaluator, "t", lambda: double(1), substitute=False)
    [[name, arguments, length]] = payload["prompts"]

    assert 2 == given
    assert ("calls.double", {"n": 1}) == (name, json.loads(arguments))
    assert 100 < length < 1000
