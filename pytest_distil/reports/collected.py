"""The summary of a collecting run: what the suite gave, what is missing, where it is, and what to type next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_distil.core.call import CONFLICT, FAULTY, NO_SCHEMA, NOT_PASSED, OUTVOTED, LeftOut
from pytest_distil.core.manifest import Manifest, TaskNumbers
from pytest_distil.core.phrases import plural, some
from pytest_distil.reports.doubts import TO_TRAIN, doubts
from pytest_distil.reports.layout import Line, Style, table, wrapped
from pytest_distil.reports.words import visible

TO_GATE = 59
"""Held-out calls from which a gate means something: where 59 of 59 agree, agreement is above 95 % with 95 %
confidence, for 0.95 ** 59 < 0.05 (Hanley and Lippman-Hand (1983), JAMA 249:1743-1745)."""

LISTED = 20
"""Left-out calls of one reason that `-v` lists; `-vv` lists all."""

_HEAD = ("task", "calls", "tests", "examples", "train", "validation", "held out")

_PLAIN: Style = {}
_BOLD: Style = {"bold": True}
_WARN: Style = {"yellow": True}
_LOUD: Style = {"red": True, "bold": True}

LeftOutCalls = Sequence[tuple[LeftOut, int]]
"""Left-out calls as far as they are told apart, sorted, each with how often."""


def collected(  # noqa: PLR0913 - what a session is, and how it is to be shown
    manifest: Manifest,
    folder: str,
    *,
    width: int,
    verbosity: int = 0,
    left_out: LeftOutCalls = (),
    command: str | None = None,
) -> list[Line]:
    """Return the lines that sum up a session, `width` characters wide.

    `command` is what to type next. With a verbosity below 0 it is one line, from 1 the left-out calls are listed,
    from 2 all of them and every file.
    """
    if verbosity < 0:
        return [_one_line(manifest, folder), *_faults(manifest, width)]
    known = left_out or sorted((one, manifest.left_out[reason]) for reason, one in manifest.left_out_examples.items())
    return [
        *_overview(manifest, width),
        *_warnings(manifest, width),
        *_left_out(manifest, known, width, verbosity),
        *_files(manifest, folder, width, verbosity),
        *_faults(manifest, width),
        *(_next(manifest, command) if command else ()),
    ]


def nothing(ended: int, *, width: int) -> list[Line]:
    """Return what is said where no test sent anything; `ended` of them ran all the same."""
    if not ended:
        return wrapped("NO EXAMPLES: no test ran", width, _LOUD)
    text = f"NO EXAMPLES: {plural(ended, 'test')} ran where pytest-distil is not; install it where the workers run"
    return wrapped(text, width, _LOUD)


def not_written(why: str, root: str, *, width: int) -> list[Line]:
    """Return what is said where the session could not be written; its journal is then still there."""
    text = f"the session could not be written: {why}; make room, then type `pytest-distil recover --dir {root}`"
    return wrapped(text, width, _LOUD)


def _one_line(manifest: Manifest, folder: str) -> Line:
    """Return everything in a line, for `-q`."""
    if not manifest.examples:
        return Line(f"distil: no examples: {_why_none(manifest)}", _LOUD)
    parts = [f"{sum(getattr(task, part) for task in manifest.tasks)} {word}" for part, word in _PARTS]
    missing = sum(manifest.left_out.values())
    left_out = f", {plural(missing, 'call')} left out" if missing else ""
    tasks = plural(len(_with_examples(manifest)), "task")
    return Line(f"distil: {plural(manifest.examples, 'example')} of {tasks} ({', '.join(parts)}){left_out}: {folder}")


_PARTS = (("train", "train"), ("validation", "validation"), ("held_out", "held out"))


def _overview(manifest: Manifest, width: int) -> Iterator[Line]:
    """Yield the numbers of each task, and what they are enough for."""
    if not manifest.examples:
        yield from wrapped(f"NO EXAMPLES: {_why_none(manifest)}", width, _LOUD)
        return
    tasks = _with_examples(manifest)
    rows = [
        (task.brief["task"], task.calls, task.tests, task.examples, task.train, task.validation, task.held_out)
        for task in tasks
    ]
    head, *lines = table([_HEAD, *rows], width)
    yield Line(head, _BOLD)
    yield from map(Line, lines)
    yield from _enough(tasks, width)


def _enough(tasks: Sequence[TaskNumbers], width: int) -> Iterator[Line]:
    """Yield what the numbers of the tasks are enough for, tasks that are alike together."""
    alike: dict[str, list[TaskNumbers]] = {}
    for task in tasks:
        alike.setdefault(_enough_for(task), []).append(task)
    for verdict, group in alike.items():
        text = f"{some((task.brief['task'] for task in group), limit=5)}: {verdict}"
        if len(group) == 1:
            [task] = group
            patterns = f", {task.patterns} of them in new patterns" if task.patterns else ""
            numbers = f"{plural(task.examples, 'call')}, {task.held_out:,} held out{patterns}"
            text = f"{task.brief['task']}: {numbers}: {verdict}"
        yield from wrapped(text, width, _PLAIN if verdict.endswith("to gate") and "not" not in verdict else _WARN)


def _enough_for(task: TaskNumbers) -> str:
    """Say what a task's examples can be used for."""
    if task.train < TO_TRAIN:
        return f"not enough to train on ({TO_TRAIN} training lines at least)"
    if not task.held_out:
        return "enough to train on, but nothing is held out to judge a model by"
    if task.held_out < TO_GATE:
        return f"enough to try, not to gate ({TO_GATE} held out at least)"
    return "enough to try and to gate"


def _warnings(manifest: Manifest, width: int) -> Iterator[Line]:
    """Yield what may be wrong with the data."""
    for task in _with_examples(manifest):
        for text in doubts(task):
            yield from wrapped(text, width, _WARN)
    if manifest.partial and manifest.examples:
        why = "made from the journal of a run that was killed" if manifest.recovered else "only some of the tests ran"
        text = f"partial: {why}; an evaluation uses it only with --distil-session={manifest.id}"
        yield from wrapped(text, width, _WARN)


def _left_out(manifest: Manifest, calls: LeftOutCalls, width: int, verbosity: int) -> Iterator[Line]:
    """Yield what was left out by reason, most frequent first, each with its first call."""
    if not manifest.left_out:
        return
    yield Line(f"left out: {plural(sum(manifest.left_out.values()), 'call')}", _BOLD)
    digits = len(f"{max(manifest.left_out.values()):,}")
    for reason, times in sorted(manifest.left_out.items(), key=lambda item: (-item[1], item[0])):
        yield from wrapped(reason, width, _WARN, first=f"  {times:>{digits},}  ", rest=" " * (digits + 6))
        shown = _shown([item for item in calls if item[0].reason == reason], verbosity)
        for text in shown:
            yield from wrapped(text, width, first=" " * (digits + 4), rest=" " * (digits + 6))
    if manifest.left_out.keys() & {CONFLICT, OUTVOTED}:
        yield from wrapped("conflicts.jsonl has the results of each conflict, with their tests", width, first="  ")


def _shown(calls: LeftOutCalls, verbosity: int) -> list[str]:
    """Describe the left-out calls of one reason that are shown: the first; of a type without schema each task's."""
    if not verbosity:
        first = {one.task if one.reason == NO_SCHEMA else "": one for one, _ in reversed(calls)}
        return [_words(one) for _, one in sorted(first.items())]
    limit = len(calls) if verbosity > 1 else LISTED
    more = [f"and {plural(len(calls) - limit, 'other')}; -vv lists all"] if len(calls) > limit else []
    return [_words(one) + (f" ({times:,} times)" if times > 1 else "") for one, times in calls[:limit]] + more


def _words(one: LeftOut) -> str:
    """Describe a left-out call."""
    where = f" in {one.test}" if one.test else ""
    return f"{one.task}{where}" + (f": {one.detail}" if one.detail else "")


def _files(manifest: Manifest, folder: str, width: int, verbosity: int) -> Iterator[Line]:
    """Yield where the files are."""
    if not manifest.examples:
        return
    yield Line(f"in {folder}", _BOLD)
    parts = {"train": "to upload", "validation": "for the tuner's loss curve", "held_out": "never to be uploaded"}
    if len(_with_examples(manifest)) > 1 and verbosity < 2:  # noqa: PLR2004 - -vv
        names = ", ".join(f"<dataset>.{part}.jsonl ({what})" for part, what in parts.items())
        yield from wrapped(f"calls.jsonl, {names}", width, first="  ", rest="  ")
        return
    for name in manifest.files:
        what = next((f" ({what})" for part, what in parts.items() if name.endswith(f".{part}.jsonl")), "")
        yield from wrapped(f"{name}{what}", width, first="  ", rest="    ")


def _faults(manifest: Manifest, width: int) -> Iterator[Line]:
    """Yield why the run has failed although its tests may have passed."""
    if FAULTY in manifest.left_out:
        which = plural(manifest.left_out[FAULTY], "call")
        detail = manifest.left_out_examples[FAULTY].detail
        yield from wrapped(f"FAILED: {which} left out, because {FAULTY}: {detail}", width, _LOUD)


def _next(manifest: Manifest, command: str) -> Iterator[Line]:
    """Yield the next command to type, in one piece, so that it can be copied."""
    if manifest.examples:
        session = f" --distil-session={manifest.id}" if manifest.partial else ""
        yield Line(visible(f"next: {command}{session}"), _BOLD)


def _why_none(manifest: Manifest) -> str:
    """Say why there is no example, as far as it can be seen."""
    passed, others = manifest.tests["passed"], manifest.tests["not_passed"]
    if not passed:
        which = "the one test that ran did not pass" if others == 1 else f"none of the {others:,} tests passed"
        return f"{which}, and a call counts once its test has"
    if not manifest.left_out:
        return (
            f"{plural(passed, 'test')} passed, and none of them called a marked function; "
            "mark one with @distil (`from pytest_distil import distil`), where the tests import it from"
        )
    reason, times = max(manifest.left_out.items(), key=lambda item: (item[1], item[0]))
    total = sum(manifest.left_out.values())
    which = (
        "the one call was"
        if total == 1
        else f"all {total:,} calls were"
        if times == total
        else f"{times:,} of {total:,} calls were"
    )
    advice = "; make the tests pass first" if reason == NOT_PASSED else ""
    return f"{which} left out, because {reason}{advice}" if not reason.startswith("made") else f"{which} {reason}"


def _with_examples(manifest: Manifest) -> list[TaskNumbers]:
    return [task for task in manifest.tasks if task.examples]
