import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from pytest_distil.core.evidence import Selection
from pytest_distil.core.gate import judge
from pytest_distil.core.report import ReportJson
from pytest_distil.core.wants import Wants
from pytest_distil.reports import words
from support.hostile import HOSTILE
from support.reports import sample, triage


def judged(report: ReportJson, **wants: Any) -> ReportJson:
    """Return a report with its ruling."""
    return {**report, "ruling": judge(report, wants=Wants(**wants))}


def held_out(agree: int, differ: int = 0, **more: Any) -> ReportJson:
    """Return a report of so many held-out calls."""
    numbers = range(agree + differ)
    return sample([triage(n, held_out="input", wrong=None if n < agree else "label") for n in numbers], **more)


@given(st.text(alphabet=st.characters()))
def test_visible_text_stays_on_its_line(text: str) -> None:
    """Nothing that moves a cursor, reverses text or cannot be written is left, whatever the text is."""
    seen = words.visible(text)

    assert 1 >= len(seen.splitlines())
    assert not [one for one in seen if unicodedata.category(one) in {"Cc", "Cs", "Zl", "Zp"}]
    assert not [one for one in seen if unicodedata.category(one) == "Cf" and one not in "\u200c\u200d"]
    assert seen == seen.encode().decode()


def test_visible_leaves_what_can_be_read() -> None:
    """Text in any script, combined characters and emoji are left as they are."""
    text = "e\u0301 漢字 \U0001f468\u200d\U0001f469\u200d\U0001f467 ünïcödé `|` <b>"

    assert text == words.visible(text)
    assert r"\x1b[31m\u202e\r\n\ud800\x00" == words.visible("\x1b[31m\u202e\r\n\ud800\x00")


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_is_shown_as_it_was(text: str) -> None:
    """In a table cell no text ends the cell or starts anything: what is rendered is the text."""
    rendered = (
        MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(f"| a |\n|---|\n| {words.markdown(text)} |")
    )
    cells = [one for one in rendered if one.type == "inline"]

    assert 2 == len(cells)
    assert words.visible(text).strip() == shown(cells[1])
    assert {"text", "text_special", "html_inline"} >= {one.type for one in cells[1].children or ()}


def shown(token: Token) -> str:
    """Return the text that a rendered line shows, without the comments and spans that keep it text."""
    ours = ("<!-- -->", "<span>", "</span>")
    parts = [one for one in token.children or () if one.type != "html_inline" or one.content not in ours]
    return "".join(one.content for one in parts).strip()


def test_markdown_stays_legible() -> None:
    """Names of tests and plain sentences look in the source much as they are shown."""
    assert r"tests/test\_mail.py::test\_triage\[case10\]" == words.markdown("tests/test_mail.py::test_triage[case10]")
    assert "ft:gpt-4.1-nano:<!-- -->acme::B1" == words.markdown("ft:gpt-4.1-nano:acme::B1")
    assert "mail @<!-- -->all http:<!-- -->//x" == words.markdown("mail @all http://x")


def test_commands() -> None:
    """A message in a workflow command is one message, whatever is in it."""
    text = "\n::set-output name=x::y%0A,a:b"
    expected = "::warning file=a%3Ab%2Cc.py,line=3::%0A::set-output name=x::y%250A,a:b"

    assert expected == words.command("warning", text, file="a:b,c.py", line=3, title=None)
    assert "::notice::x" == words.command("notice", "x")


@given(st.text(), st.integers(3, 60), st.sampled_from(["start", "end"]))
def test_shortened_text_fits(text: str, limit: int, keep: str) -> None:
    """Shortened text takes no more columns than it may, and is the text itself where that fits."""
    short = words.shorten(text, limit=limit, keep=keep)

    assert words.columns(short) <= limit
    assert (short == text) is (words.columns(text) <= limit) or short == text


def test_shortened_text_says_so() -> None:
    """What is gone is marked, on the side where it was; wide characters count twice."""
    assert "abcd..." == words.shorten("abcdefghij", limit=7)
    assert "...ghij" == words.shorten("abcdefghij", limit=7, keep="end")
    assert "漢字..." == words.shorten("漢字漢字漢字", limit=8)
    assert 6 == words.columns("漢字e\u0301a")


@pytest.mark.parametrize(
    ("duration", "text"), [(0.04, "0 s"), (0.44, "0.4 s"), (9.0, "9 s"), (14.2, "14 s"), (200, "3 min 20 s")]
)
def test_seconds(duration: float, text: str) -> None:
    """Durations are as exact as it matters."""
    assert text == words.seconds(duration)


def test_values_are_one_line_of_json() -> None:
    """Values are shown as JSON, short and visible."""
    assert '{"a": [1, null, "ü"]}' == words.value({"a": [1, None, "ü"]})
    assert words.MAX_VALUE == len(words.value("x" * 99))
    assert r'"\u202e\ud800"' == words.value("\u202e\ud800")


@pytest.mark.parametrize(
    ("report", "wants", "line"),
    [
        (
            held_out(37, 3),
            {"fail_under": 0.95},
            "distil: 92.5 % agreement on 40 held-out calls (Wilson 80.1 to 97.4) - below 95 %: FAILED",
        ),
        (
            held_out(39, 1),
            {"fail_under": 0.95},
            "distil: 97.5 % agreement on 40 held-out calls (Wilson 87.1 to 99.6) - at least 95 %: passed",
        ),
        (
            held_out(40),
            {"fail_under": 1.0},
            "distil: 100 % agreement on 40 held-out calls (Wilson 91.2 to 100) - at least 100 %: passed",
        ),
        (held_out(37, 3), {}, "distil: 92.5 % agreement on 40 held-out calls (Wilson 80.1 to 97.4): not gated"),
        (
            held_out(4),
            {"fail_under": 0.9, "min_calls": 10},
            (
                "distil: 100 % agreement on 4 held-out calls (too few calls for an interval) "
                "- too few calls to judge: FAILED: 4 held-out calls compared, at least 10 must be; collect more"
            ),
        ),
        (
            held_out(60),
            {"fail_under": 0.95, "confidence": 0.95},
            (
                "distil: 100 % agreement on 60 held-out calls (Wilson 94 to 100), at least 95.7 % at 95 % confidence "
                "- at least 95 %: passed"
            ),
        ),
        (
            held_out(40),
            {"fail_under": 0.95, "confidence": 0.95},
            (
                "distil: 100 % agreement on 40 held-out calls (Wilson 91.2 to 100), at least 93.7 % at 95 % confidence "
                "- too few to show 95 %: FAILED: 95 at 95 % confidence needs at least 52 independent calls; "
                "40 held-out calls are worth 40"
            ),
        ),
        (
            sample([triage(n, held_out=False) for n in range(5)]),
            {"fail_under": 0.95},
            (
                "distil: 100 % agreement on 5 calls, none held out: FAILED: none of the 5 calls is held out; "
                "use --distil-gate-on=all or collect about 20 distinct calls"
            ),
        ),
        (
            held_out(20, selection=Selection(interrupted=True)),
            {"fail_under": 0.95},
            "distil: 100 % agreement on 20 held-out calls (Wilson 83.9 to 100) - interrupted: not judged",
        ),
        (
            held_out(20, selection=Selection(crashed=1)),
            {"fail_under": 0.95, "thresholds": {"x": 1.0}},
            "distil: 100 % agreement on 20 held-out calls (Wilson 83.9 to 100) - at least 95 %: FAILED for 2 reasons",
        ),
    ],
)
def test_the_ruling_in_one_line(report: ReportJson, wants: dict[str, Any], line: str) -> None:
    """The line says rate, number, how far to trust it, the threshold and what follows."""
    assert line == words.ruling(judged(report, **wants))


def test_the_line_is_no_place_for_commands() -> None:
    """What a server calls itself moves no cursor in the ruling's line."""
    from support.reports import facts

    report = held_out(20, tasks=[facts("shop.mail.triage", served=("\x1b[2J\n::error::",))])

    assert words.ruling(judged(report)) == words.visible(words.ruling(judged(report)))


def test_dependent_calls_are_said_to_be_worth_less() -> None:
    """Where calls hang together, the interval says what they are worth; where too few groups are, there is none."""
    several = [
        triage(n, held_out="input", tests=(f"test_{n % 20}",), wrong=None if n % 7 else "label") for n in range(100)
    ]
    one = [triage(n, held_out="input", tests=("test",)) for n in range(100)]

    assert ", worth " in words.interval(sample(several)["held_out"])
    assert "too few groups or tests" == words.interval(sample(one)["held_out"])


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0.0, "0"), (0.00001, "less than 0.0001"), (0.03119, "0.0312"), (1.0, "1.00"), (12345.678, "12,345.68")],
)
def test_money(amount: float, text: str) -> None:
    """An amount has as many digits as matter, and no currency: the prices' one is not known."""
    assert text == words.money(amount)
