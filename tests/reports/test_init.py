import json
import sys
from pathlib import Path

import pytest

import pytest_distil.reports.markdown
from pytest_distil.core.gate import judge
from pytest_distil.core.report import ReportJson
from pytest_distil.core.report_file import read_report
from pytest_distil.core.wants import Wants
from pytest_distil.mark.errors import SettingError
from pytest_distil.reports import check, write
from support.hostile import HOSTILE
from support.reports import sample, triage, trials


@pytest.fixture
def report() -> ReportJson:
    """A judged report."""
    made = sample(trials())
    return {**made, "ruling": judge(made, wants=Wants(fail_under=0.9))}


@pytest.mark.parametrize(
    ("name", "beginning"), [("a.json", "{"), ("b.md", "## distil"), ("c.html", "<!doctype"), ("d/e/F.MD", "## distil")]
)
def test_the_suffix_says_what_is_written(tmp_path: Path, report: ReportJson, name: str, beginning: str) -> None:
    """A report is written in the form of its suffix, into folders that need not be there."""
    write(report, tmp_path / name)

    assert (tmp_path / name).read_text(encoding="utf-8").startswith(beginning)
    assert [tmp_path / name] == [one for one in tmp_path.rglob("*") if one.is_file()]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """A JSON report is read back as it was, whatever a model sent."""
    made = sample([triage(n, wrong="invalid", answer=text, reason=text) for n, text in enumerate(HOSTILE)])
    judged = {**made, "ruling": judge(made, wants=Wants())}
    write(judged, tmp_path / "a.json", show_values="no")

    assert judged == read_report(tmp_path / "a.json")


@pytest.mark.parametrize("name", ["report", "report.txt", "report.xml", ".md"])
def test_other_suffixes_are_refused(name: str) -> None:
    """What cannot be written is refused before anything is asked."""
    with pytest.raises(SettingError, match=r"--distil-report: .* ends in none of .html, .md, .json"):
        check(name)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    """A folder with the suffix of a report is no file to write."""
    (tmp_path / "a.md").mkdir()

    with pytest.raises(SettingError, match="is a folder"):
        check(str(tmp_path / "a.md"))


def test_a_missing_jinja2_is_said_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that cannot be made is refused when the option is read; other reports do not need jinja2."""
    monkeypatch.setitem(sys.modules, "jinja2", None)
    check("a.md")

    with pytest.raises(SettingError, match="pip install"):
        check("a.html")


def test_nothing_half_written_stays(tmp_path: Path, report: ReportJson, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where writing fails, the file that was there stays as it was, and nothing else is left."""
    path = tmp_path / "a.md"
    path.write_text("before", encoding="utf-8")
    monkeypatch.setattr(pytest_distil.reports.markdown, "render", lambda report, show_values: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        write(report, path)
    assert "before" == path.read_text(encoding="utf-8")
    assert [path] == list(tmp_path.iterdir())


def test_one_line_a_key(tmp_path: Path, report: ReportJson) -> None:
    """A JSON report can be read by people and compared by line."""
    write(report, tmp_path / "a.json")
    text = (tmp_path / "a.json").read_text(encoding="utf-8")

    assert json.loads(text) == report
    assert '\n "model": "ft:gpt-4.1-nano' in text
