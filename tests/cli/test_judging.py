"""Reports judged again, shown, compared and promoted from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_distil.cli import main
from pytest_distil.core import gate
from pytest_distil.core.evidence import Selection
from pytest_distil.core.files import write_json
from pytest_distil.core.settings import Settings
from pytest_distil.reports import words
from pytest_distil.run.gating import wanted
from support.reports import facts, sample, triage

HELD_OUT_WRONG = {0: "label", 5: "label"}


def written(path: Path, *, n: int = 200, wrong: dict[int, str] | None = None, start: int = 0, **more: Any) -> Path:
    """Write a report of the triage task, one in five calls held out, some of them wrong; return its path."""
    settings = Settings(mode="eval", models={"": "m"}, **more.pop("asked", {}))
    trials = [triage(number, wrong=(wrong or {}).get(number)) for number in range(start, start + n)]
    report = sample(trials, settings=settings.to_json(), **more)
    report["ruling"] = gate.judge(report, wants=wanted(settings))
    write_json(path, report)
    return path


def ran(capsys: pytest.CaptureFixture[str], *argv: object, status: int = 0) -> str:
    """Run a command and return what it prints, to either stream."""
    got = main([str(one) for one in argv])
    out, err = capsys.readouterr()

    assert status == got, out + err

    return out + err


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        ((), 0, "95 % agreement on 40 held-out calls"),
        (("--fail-under", "90"), 0, "at least 90 %: passed"),
        (("--fail-under", "96"), 1, "below 96 %: FAILED"),
        (("--fail-under", "98", "--gate-on", "all"), 0, "99 % agreement on 200 calls"),
        (("--fail-under", "50", "--gate-on", "new-patterns"), 0, "90 % agreement on 10 calls of new patterns"),
        (("--fail-under", "90", "--confidence", "95"), 1, "at 95 % confidence - below 90 %: FAILED"),
        (("--fail-under", "100", "--confidence", "95"), 1, "can be shown by no number of calls"),
        (("--thresholds", "shop.mail.triage.label=99"), 1, "label"),
        (("--thresholds", "nowhere=99"), 1, "nowhere"),
        (("--fail-under", "90", "--min-calls", "41"), 1, "at least 41 must be; collect more"),
        (("--fail-under-tests", "99.9"), 1, "pass with the model's values"),
        (("--baseline", "nowhere.json"), 1, "there is no baseline 'nowhere.json'"),
        (("--baseline", "nowhere.json", "--baseline-missing", "ok"), 0, "nothing is compared with it"),
        (("--fail-under", "0.95"), 2, "--fail-under: is a percentage: write 95, not 0.95"),
        (("--min-calls", "none"), 2, "--min-calls: takes a whole number from 1"),
        (("--gate-on", "some"), 2, "--gate-on: is one of held-out, new-patterns, all"),
        (("--allowed-drop", "x"), 2, "--allowed-drop: takes a number"),
    ],
)
def test_gate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], status: int, says: str
) -> None:
    """A report is judged again by what is given: 0 holds, 1 falls short, 2 cannot judge and names the option."""
    assert says in ran(capsys, "gate", written(tmp_path / "a.json", wrong=HELD_OUT_WRONG), *options, status=status)


@pytest.mark.parametrize("threshold", [0.9, 0.99, None])
def test_gate_rules_as_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str], threshold: float | None) -> None:
    """Without options, the words and the status are those of the run."""
    path = written(tmp_path / "a.json", wrong=HELD_OUT_WRONG, asked={"fail_under": threshold})
    report = json.loads(path.read_text())
    out = ran(capsys, "gate", path, status=int(report["ruling"]["passed"] is False))

    assert words.ruling(report) == out.splitlines()[-1]


def test_the_summary_of_a_job(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On GitHub the gate's ruling stands in the job's summary, below what is there, without values."""
    (tmp_path / "summary.md").write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    path = written(tmp_path / "a.json", wrong=HELD_OUT_WRONG)
    ran(capsys, "gate", path, "--fail-under", "96", status=1)
    told = (tmp_path / "summary.md").read_text()

    assert told.startswith("before\n## distil: ")
    assert "below 96 %: FAILED" in told
    assert '"other"' not in told


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"v": 99}', "no JSON"])
@pytest.mark.parametrize("command", ["gate", "report", "compare", "promote"])
def test_no_report(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, command: str) -> None:
    """A file that holds no report cannot be judged: status 2, and a sentence that names the file."""
    (tmp_path / "a.json").write_text(text)
    good = written(tmp_path / "good.json")
    known: dict[str, list[object]] = {"compare": ["compare", good], "promote": ["baseline", "promote"]}
    out = ran(capsys, *known.get(command, [command]), tmp_path / "a.json", status=2)

    assert "a.json" in out
    assert "Traceback" not in out


def test_an_interrupted_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was interrupted cannot be judged, however good it was: status 2."""
    path = written(tmp_path / "a.json", selection=Selection(interrupted=True))

    assert "not judged" in ran(capsys, "gate", path, "--fail-under", "50", status=2)


def test_shards(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Several reports are one run, judged as if it had never been cut; of two models they are refused."""
    first = written(tmp_path / "1.json", n=100, wrong=HELD_OUT_WRONG)
    second = written(tmp_path / "2.json", n=100, start=100)
    other = written(tmp_path / "3.json", n=5, tasks=[facts("shop.mail.triage", model="other")])
    whole = written(tmp_path / "whole.json", wrong=HELD_OUT_WRONG)
    alone = ran(capsys, "gate", whole, "--fail-under", "96", status=1).splitlines()[-1]

    assert alone == ran(capsys, "gate", first, second, "--fail-under", "96", status=1).splitlines()[-1]
    assert "merge reports of one model" in ran(capsys, "gate", first, other, status=2)
    assert "joined by `pytest-distil gate REPORT...`" in ran(capsys, "merge", first, second, status=2)


def test_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A report is printed, in more detail where that is asked for, or written in another shape."""
    path = written(tmp_path / "a.json", wrong=HELD_OUT_WRONG)
    plain, detailed = ran(capsys, "report", path), ran(capsys, "report", path, "-vv")
    ran(capsys, "report", path, "--out", tmp_path / "a.md")

    assert "95 % of 40" in plain
    assert len(plain.splitlines()) < len(detailed.splitlines())
    assert "95 %" in (tmp_path / "a.md").read_text()


def test_compare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two reports stand side by side, with what got wrong and what the data could have shown."""
    out = ran(capsys, "compare", written(tmp_path / "a.json"), written(tmp_path / "b.json", wrong=HELD_OUT_WRONG))

    assert "100 % of 40" in out
    assert "95 % of 40" in out
    assert "could have shown" in out


def test_promoting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A baseline is lowered only for a reason, which stays in the file with the earlier ones; it holds no answers."""
    out = tmp_path / "base.json"
    good, bad = written(tmp_path / "a.json"), written(tmp_path / "b.json", wrong=HELD_OUT_WRONG)
    worst = written(tmp_path / "c.json", wrong={**HELD_OUT_WRONG, 10: "label"})
    promote = ("baseline", "promote")
    ran(capsys, *promote, good, "--out", out)
    before = out.read_text()

    assert "not lowered" in ran(capsys, *promote, bad, "--out", out, status=2)
    assert before == out.read_text()

    ran(capsys, *promote, bad, "--out", out, "--accept-worse", "cheaper")
    ran(capsys, *promote, worst, "--out", out, "--accept-worse", "faster")
    ran(capsys, *promote, good, "--out", out)

    assert ["cheaper", "faster"] == [one["reason"] for one in json.loads(out.read_text())["accepted"]]
    assert "trials" not in json.loads(out.read_text())
    assert "passed" in ran(capsys, "gate", good, "--baseline", out)
    assert "below the baseline" in ran(capsys, "gate", bad, "--baseline", out, status=1)
    assert "passed" in ran(capsys, "gate", bad, "--baseline", out, "--allowed-drop", "6")


@pytest.mark.parametrize(
    "selection", [Selection(partial=True), Selection(interrupted=True), Selection(crashed=1), Selection(sample=0.5)]
)
def test_never_promoted(tmp_path: Path, capsys: pytest.CaptureFixture[str], selection: Selection) -> None:
    """A run that was not whole is no baseline, even with a reason."""
    path = written(tmp_path / "a.json", selection=selection)
    out = ran(
        capsys, "baseline", "promote", path, "--out", tmp_path / "base.json", "--accept-worse", "because", status=2
    )

    assert "not promoted" in out
    assert not (tmp_path / "base.json").exists()
