"""Which tests, fields, values and calls are wrong, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_distil.core.phrases import plural
from pytest_distil.reports import findings, words
from pytest_distil.reports.findings import Value, WrongField
from pytest_distil.reports.layout import Line
from pytest_distil.reports.view import BAD, WARN, View, change, word

_ENDINGS = ("passed", "disagreed", "failed", "errors", "skipped")


def tests(view: View) -> Iterator[Line]:
    """Yield how the tests ended, what they notice, and which of them disagreed."""
    found = view.report["tests"]
    if not any(found[name] for name in _ENDINGS):
        return
    parts = ", ".join(f"{found[name]:,} {name}" for name in _ENDINGS if found[name] or name == "passed")
    yield from view.line("tests", parts)
    if found["different_pass"]:
        unnoticed = f"{plural(found['different_pass'], 'test passes', 'tests pass')} with a value that differs"
        noticed = f"{found['different_fail']:,} noticed one"
        yield from view.line("", f"{unnoticed}, {noticed}; {found['same_pass']:,} got the original's values")
    yield from view.lines("disagreed", findings.ended(view.report, "disagreed"), BAD)


def fields(view: View) -> Iterator[Line]:
    """Yield the fields that differ most, with an example each, and rules that would help."""
    yield from view.lines("differ", [_field(view, one) for one in findings.wrong_fields(view.report)])
    ignored = [
        f"{_named(view, task['task'], one['path'])}: {plural(one['ignored'], 'call')}"
        for task in view.report["tasks"]
        for one in task["fields"]
        if one["ignored"]
    ]
    yield from view.lines("ignored", ignored)
    hints = [
        f"{one['vanish']:,} of {one['differ']:,} differences in {_named(view, one['task'], one['path'])} "
        f"vanish with {one['rule']}"
        for one in view.report["hints"]
    ]
    yield from view.lines("hint", hints, WARN)


def values(view: View) -> Iterator[Line]:
    """Yield what was answered for each value of enums and booleans, where something else was."""
    if view.show_values == "no":
        return
    texts = []
    for task in view.report["tasks"]:
        side, fields = findings.values(task)
        for path, found in fields.items():
            confused = any(verdict == "differ" for one in found for _, verdict, _ in one.others)
            if confused or view.verbosity > 0:
                where = "held out" if side == "held_out" else "seen"
                texts.append(f"{_named(view, task['task'], path)} ({where}): {_values(view, found)}")
    yield from view.lines("values", texts)


def reasons(view: View) -> Iterator[Line]:
    """Yield why answers were invalid, failed or unscored."""
    for verdict, style in (("invalid", BAD), ("failed", BAD), ("unscored", WARN)):
        found = findings.reasons(view.report, verdict)
        if found:
            yield from view.line(verdict, "; ".join(f"{n:,}: {reason}" for reason, n in found[: view.listed]), style)


def wrong(view: View) -> Iterator[Line]:
    """Yield every call that does not agree, where more is asked for."""
    if view.verbosity > 0:
        newly = findings.newly_wrong(view.report)
        listed = [
            _call(view, one, standing=findings.standing(one, newly=newly)) for one in findings.wrong_trials(view.report)
        ]
        yield from view.lines("calls", listed)


def _field(view: View, one: WrongField) -> str:
    """Write a field that differs, with its example."""
    head = f"{_named(view, one.task, one.path)} in {one.differ:,} of {plural(one.compared, 'call')}"
    if one.example is None:
        return head
    same = one.example["path"] == one.path
    shown = change(one.example, limit=words.MAX_VALUE) if same else view.change(one.example)
    example = f", as {shown}" if view.show_values != "no" else ""
    return f"{head}{example}{f' in {one.test}' if one.test else ''}"


def _values(view: View, found: list[Value]) -> str:
    """Write what was answered for the values of one field, those that all agree in one."""
    shown = found if view.verbosity > 0 else [one for one in found if one.agree < one.compared][:5]
    parts = [f"{word(one.value)} {one.agree:,} of {one.compared:,}{_others(one)}" for one in shown]
    rest = found[len(shown) :]
    if rest:
        agree, compared = (sum(getattr(one, name) for one in rest) for name in ("agree", "compared"))
        parts.append(f"{plural(len(rest), 'other')} {agree:,} of {compared:,}")
    return ", ".join(parts)


def _others(one: Value) -> str:
    """Write what came in place of a value."""
    if not one.others:
        return ""
    parts = (f"{word(model) if verdict == 'differ' else verdict} {n:,}" for model, verdict, n in one.others[:3])
    return f" ({', '.join(parts)})"


def _call(view: View, trial: Mapping[str, Any], *, standing: str) -> str:
    """Write one call that does not agree."""
    verdict = "unstable" if trial["verdict"] == "agree" else trial["verdict"]
    test = next(iter(trial["tests"]), trial["fingerprint"])
    head = f"{verdict} {view.names.get(trial['task'], trial['task'])} ({standing}) {test}"
    parts = [view.change(one) for one in trial["differences"]]
    parts += [trial["reason"]] if trial["reason"] else []
    if view.verbosity > 1 and view.show_values == "yes":
        parts.append(f"arguments {words.value(trial['arguments'], limit=10 * words.MAX_VALUE)}")
        if trial["verdict"] == "invalid":
            parts.append(f"answer {words.value(trial['answer'], limit=10 * words.MAX_VALUE)}")
    return f"{head}: {'; '.join(parts)}" if parts else head


def _named(view: View, task: str, path: str) -> str:
    """Write a field with its task."""
    name = view.names.get(task, task)
    return name if path == "$" else f"{name}.{path.removeprefix('$')}" if path[0] != "$" else f"{name}{path[1:]}"
