import copy
import json
from pathlib import Path
from typing import Any

import pytest

from pytest_distil.core.gate import judge
from pytest_distil.core.promotion import promoted
from pytest_distil.core.report_file import read_baseline, read_report
from pytest_distil.core.wants import Wants
from pytest_distil.mark.errors import DataError
from support.reports import sample


def written(folder: Path, value: object) -> Path:
    """Return a file that holds a value as JSON."""
    path = folder / "report.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def test_a_report_is_read_back(tmp_path: Path) -> None:
    """A written report is read as it was, and judged the same."""
    report = sample()
    again = read_report(written(tmp_path, report))

    assert report == again
    assert judge(report, wants=Wants(fail_under=0.9)) == judge(again, wants=Wants(fail_under=0.9))


def test_both_kinds_of_baseline_are_read(tmp_path: Path) -> None:
    """A report and what was promoted of it serve as a baseline."""
    report = sample()

    assert report == read_baseline(written(tmp_path, report))
    assert promoted(report) == read_baseline(written(tmp_path, promoted(report)))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["v"], 2, "not a report of version 1; its version is 2"),
        (["totals"], None, "totals is no object"),
        (["totals", "agree"], "many", "totals.agree is no number"),
        (["trials"], {}, "trials is no list"),
        (["tasks", 1, "task"], None, r"tasks\[1\].task is no text"),
        (["trials", 3, "verdict"], "fine", r"trials\[3\] cannot be read: no verdict 'fine'"),
        (["trials", 3], {"task": "t"}, r"trials\[3\] cannot be read"),
        (["tests", "listed"], [{}], r"tests.listed\[0\] cannot be read"),
    ],
)
def test_what_is_no_report_is_refused(tmp_path: Path, path: list[Any], value: object, message: str) -> None:
    """A file that is no report is refused with its name and the place of the fault."""
    report = copy.deepcopy(sample())
    inner: Any = report
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value

    with pytest.raises(DataError, match=rf"report\.json: {message}"):
        read_report(written(tmp_path, report))


def test_what_a_later_version_adds_is_passed_over(tmp_path: Path) -> None:
    """Blocks and keys may be added to a report, and those who read it do not mind."""
    report = copy.deepcopy(sample())
    added: dict[str, Any] = {"new": 1}
    for each in (report, report["trials"][0], report["selection"], report["hints"][0], report["totals"]):
        each.update(added)

    assert report == read_report(written(tmp_path, report))


@pytest.mark.parametrize("key", sorted(sample()))
def test_every_block_must_be_there(tmp_path: Path, key: str) -> None:
    """No block of a report may be missing."""
    report = {name: value for name, value in sample().items() if name != key}

    with pytest.raises(DataError, match="version" if key == "v" else f"report has no '{key}'"):
        read_report(written(tmp_path, report))


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "3"])
def test_other_json_is_refused(tmp_path: Path, text: str) -> None:
    """Any other file is refused, whichever is read."""
    path = tmp_path / "report.json"
    path.write_text(text, encoding="utf-8")

    for read in (read_report, read_baseline):
        with pytest.raises(DataError, match=r"report\.json: not"):
            read(path)


@pytest.mark.parametrize("text", ["agree", "agree input x 1", "agree input 1/0 abc", 3, None])
def test_a_broken_baseline_is_refused(tmp_path: Path, text: object) -> None:
    """A baseline with a line that cannot be read is refused, with what to do."""
    broken = promoted(sample()) | {"calls": {"task": {"fingerprint": text}}}

    with pytest.raises(DataError, match="write it anew with `pytest-distil baseline promote`"):
        read_baseline(written(tmp_path, broken))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """A file that is not there is said to be not there."""
    with pytest.raises(DataError, match="no such file"):
        read_report(tmp_path / "report.json")
