"""Lines fit their terminal, whatever is in them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_distil.reports.layout import Line, table, wrapped
from pytest_distil.reports.words import columns, visible


@given(text=st.text(st.sampled_from("ab 日\x1b\n")), width=st.integers(1, 30))
def test_wrapped_text_is_whole(text: str, width: int) -> None:
    """Wrapping loses no word, and only a single word may be wider than the terminal."""
    lines = [line.text for line in wrapped(text, width, first="> ", rest="  ")]
    bare = [line[2:] for line in lines]

    assert lines[0].startswith(">")
    assert visible(text).split() == " ".join(bare).split()
    assert all(columns(line) <= width or len(line.split()) <= (1 if n else 2) for n, line in enumerate(lines))


def test_wrapping_indents() -> None:
    """The first line and the others begin as they are told, in one style."""
    assert [Line("a: one", {"red": True}), Line("   two", {"red": True})] == wrapped(
        "one two", 8, {"red": True}, first="a: ", rest="   "
    )


def test_table() -> None:
    """Names stand to the left, numbers to the right with their thousands, wide characters in their columns."""
    assert [
        "task  calls",
        "a     1,200",
        "日本      3",
    ] == table([("task", "calls"), ("a", 1200), ("日本", 3)], 80)


def test_a_narrow_table_cuts_names_at_their_start() -> None:
    """The end of a qualified name tells most; a name keeps some columns even where there is no room."""
    rows = [("task", "calls"), ("package.module.function_with_a_name", 1)]

    assert "...le.function_with_a_name      1" == table(rows, 33)[1]
    assert "...ction_with_a_name      1" == table(rows, 5)[1]
