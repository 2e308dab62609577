"""Every option of a run, read once: under the name that the user wrote, and only with what it goes together with."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import pytest

from pytest_distil import SettingError
from pytest_distil.core.settings import Settings
from pytest_distil.plugin.options import OPTIONS

EVAL: Mapping[str, tuple[str, Any]] = {"models": ("--distil-eval", ["gpt"])}
COLLECT: Mapping[str, tuple[str, Any]] = {"collect": ("--distil-collect", True)}


def test_defaults() -> None:
    """Without options no mode is on, and everything is as the documentation says."""
    settings = Settings.read({})

    assert Settings() == settings
    assert settings.mode is None
    assert (0.2, 0.1, 32, 60.0, 10_000, ".distil", "latest") == (
        settings.holdout,
        settings.validation,
        settings.concurrency,
        settings.timeout,
        settings.max_requests,
        settings.dir,
        settings.session,
    )


def test_modes() -> None:
    """Collecting and evaluating are asked for by one option each."""
    assert "collect" == Settings.read(COLLECT).mode
    assert "eval" == Settings.read(EVAL).mode


def test_every_option_is_read() -> None:
    """Each option of the plugin sets the field that it names, and each field but those set elsewhere has an option."""
    keys = {option.key for option in OPTIONS}
    names = {one.name for one in dataclasses.fields(Settings)}

    assert keys - names == {"collect"}
    assert names - keys == {"mode", "cards", "factories"}


BAD = {
    "fail_under": ("0.95", "write 95"),
    "fail_under_tests": ("x", "takes a number"),
    "gate_on": ("seen", "is one of held-out, new-patterns, all"),
    "thresholds": ("a", "takes TASK=PCT"),
    "min_calls": ("0", "takes a whole number from 1"),
    "confidence": ("0.9", "write 90"),
    "baseline_missing": ("maybe", "is one of fail, ok"),
    "allowed_drop": ("-1", "takes points"),
    "models": ([""], "takes MODEL or TASK=MODEL"),
    "returns": ("both", "is one of model, original"),
    "original": ("skip", "is one of run, recorded"),
    "format": ("xml", "is one of json_schema, tools, functions, raw"),
    "concurrency": ("none", "takes a whole number from 1"),
    "sample": ("0", "more than 0"),
    "repeat": ("0", "takes a whole number from 1"),
    "shots": ("-1", "takes a whole number from 1"),
    "holdout": ("100", "less than 100"),
    "holdout_by": ("file", "is one of call, test"),
    "validation": ("0.1", "write 10"),
    "conflicts": ("keep", "is one of drop, majority"),
    "show_values": ("maybe", "is one of yes, differences, no"),
    "max_per_test": ("0", "takes a whole number from 1"),
    "exclude_fixtures": (
        ["mocker", "my-fixture"],
        "takes names of fixtures, .*, not 'my-fixture'",
    ),
    "redact": (["[a"], r"'\[a' is no regular expression"),
    "timeout": ("0", "takes seconds above 0"),
    "max_requests": ("many", "takes a whole number from 1"),
    "prices": ("student=1", "takes MODEL=IN/OUT, MODEL=IN/CACHED/OUT or train:BASE=AMOUNT"),
}
FLAGS = {"collect", "dry_run", "fail_under_noise", "disagreed", "offline", "refresh", "noise", "constrained"}
FREE = FLAGS | {"baseline", "reports", "functions", "dir", "session", "base_url"}
"""Options that are flags, or whose values are checked where they are used: paths, addresses, import paths."""


@pytest.mark.parametrize("key", sorted(BAD))
@pytest.mark.parametrize("name", ["--distil-it", "distil_it"])
def test_bad_values(key: str, name: str) -> None:
    """A bad value is refused under the name that the user wrote, be it an option or a line of the ini file."""
    value, message = BAD[key]
    with pytest.raises(SettingError, match=message) as caught:
        Settings.read({**EVAL, key: (name, value)})

    assert name == caught.value.name
    assert str(caught.value).startswith(f"{name}: ")


def test_every_option_has_a_bad_value() -> None:
    """No option is forgotten above."""
    assert {option.key for option in OPTIONS} == {*BAD} | FREE


def test_one_mode() -> None:
    """A run collects or evaluates."""
    with pytest.raises(SettingError, match=r"^--distil-collect: cannot be used with --distil-eval: one run"):
        Settings.read({**EVAL, **COLLECT})


@pytest.mark.parametrize("mode", [{}, COLLECT], ids=["none", "collect"])
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("fail_under", "95"),
        ("gate_on", "all"),
        ("reports", ["a.json"]),
        ("dry_run", True),
        ("sample", "10"),
        ("repeat", "2"),
    ],
)
def test_what_needs_a_model(mode: Mapping[str, tuple[str, Any]], key: str, value: Any) -> None:
    """A gate or a report that nobody makes is refused, not passed over; in the ini file it waits for its mode."""
    with pytest.raises(SettingError, match=r"^--distil-it: needs --distil-eval=MODEL$"):
        Settings.read({**mode, key: ("--distil-it", value)})

    Settings.read({**mode, key: ("distil_it", value)})


def test_contradictions() -> None:
    """Options that cannot both hold are refused by name."""
    flags = {"offline": ("--distil-offline", True), "refresh": ("--distil-refresh", True)}
    with pytest.raises(SettingError, match=r"^--distil-offline: cannot be used with --distil-refresh"):
        Settings.read({**EVAL, **flags})
    with pytest.raises(SettingError, match=r"^distil_format: no model can be asked in the format 'raw'"):
        Settings.read({**EVAL, "format": ("distil_format", "raw")})
    assert "raw" == Settings.read({**COLLECT, "format": ("--distil-format", "raw")}).format


def test_models_of_tasks() -> None:
    """A task is answered by the model that names most of it, from the end; else by the one that names none."""
    settings = Settings.read({"models": ("--distil-eval", ["price=a", "shop.price=b", "other"])})

    assert ["b", "a", "other"] == [settings.model_of(task) for task in ("my.shop.price", "bar.price", "my.price_of")]
    assert Settings.read({"models": ("--distil-eval", ["price=a"])}).model_of("other") is None


def test_as_json() -> None:
    """Settings are plain JSON, and come back as they were."""
    settings = Settings.read(
        {
            **EVAL,
            "reports": ("--distil-report", ["a.json", "b.md"]),
            "thresholds": ("distil_thresholds", "f=95"),
            "exclude_fixtures": ("distil_exclude_fixtures", ["mocker"]),
            "redact": ("distil_redact", ["$.key", "[0-9]{16}"]),
        }
    )

    assert settings == Settings.from_json(json.loads(json.dumps(settings.to_json())))
    assert Settings() == Settings.from_json(Settings().to_json())


def test_changed() -> None:
    """Some settings are read anew, checked like the first ones."""
    settings = Settings.read(EVAL)

    assert 0.5 == settings.changed({"fail_under": ("--fail-under", "50")}).fail_under
    with pytest.raises(SettingError, match="--fail-under: is a percentage: write 50"):
        settings.changed({"fail_under": ("--fail-under", "0.5")})


def test_noise_is_gated_on_where_there_is_any() -> None:
    """A gate on noise is refused where the original runs once."""
    gate = {"fail_under_noise": ("--distil-fail-under-noise", True)}
    with pytest.raises(SettingError, match=r"^--distil-fail-under-noise: needs --distil-noise"):
        Settings.read({**EVAL, **gate})

    assert Settings.read({**EVAL, **gate, "noise": ("--distil-noise", True)}).fail_under_noise
