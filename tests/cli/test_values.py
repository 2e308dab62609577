from __future__ import annotations

import pytest

from pytest_distil.cli import main


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["check", "a.jsonl", "--n-epochs", "0"], "argument --n-epochs: takes a whole number from 1, not '0'"),
        (["check", "a.jsonl", "--prices", "m=1"], "argument --prices: takes MODEL=IN/OUT, "),
        (["check", "a.jsonl", "--prices", "train:m=x"], "argument --prices: train:m: takes a number, not 'x'"),
        (["jobs", "follow", "--interval", "0"], "argument --interval: takes seconds above 0, not '0'"),
        (
            ["label", "m:f", "inputs.jsonl", "--concurrency", "-1"],
            "argument --concurrency: takes a whole number",
        ),
    ],
)
def test_a_bad_value_is_refused_under_the_options_name(
    command: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What an option cannot have ends the command before it does anything, and the message names the option."""
    with pytest.raises(SystemExit, match="2"):
        main(command)

    assert said in capsys.readouterr().err
