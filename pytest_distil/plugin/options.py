"""The options and the marker, as pytest shows them; standard library and pytest only, because every run loads this."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import pytest


class Option(NamedTuple):
    """One option of the command line, of the ini file, or of both under the same name."""

    key: str
    """The field of `Settings`."""
    name: str
    """`fail-under` becomes `--distil-fail-under` and `distil_fail_under`."""
    help: str
    metavar: str | None = None
    """None for a flag."""
    cli: bool = True
    ini: bool = True
    many: bool = False
    ini_name: str | None = None
    """Where the ini file has lines of it, under a name of its own."""


OPTIONS = (
    Option("collect", "collect", "Collect the calls that this run's tests vouch for, as training data.", ini=False),
    Option(
        "models",
        "eval",
        "Answer marked functions by MODEL and report where it agrees with the original; repeatable for different "
        "tasks. MODEL: an id served at the base URL, recorded:FILE, memory:lookup, memory:nearest, memory:majority, "
        "local:NAME; id:X takes X as it is.",
        "[TASK=]MODEL",
        ini=False,
        many=True,
    ),
    Option(
        "returns", "return", "What tests receive: the model's values (default), or the original's.", "model|original"
    ),
    Option(
        "original",
        "original",
        "Run the original (default), or take its recorded result where the session holds one.",
        "run|recorded",
    ),
    Option("fail_under", "fail-under", "Fail the run when agreement is below PCT, such as 95.", "PCT"),
    Option(
        "fail_under_tests",
        "fail-under-tests",
        "Fail the run when the share of tests that pass with the model's values is below PCT.",
        "PCT",
    ),
    Option(
        "fail_under_noise",
        "fail-under-noise",
        "With --distil-noise: fail the run when the model agrees less with the original than the original with itself, "
        "by more than distil_allowed_drop.",
        ini=False,
    ),
    Option(
        "gate_on",
        "gate-on",
        "Which calls --distil-fail-under judges (default: held-out, or all where nothing is held out).",
        "held-out|new-patterns|all",
    ),
    Option(
        "confidence",
        "confidence",
        "Judge the lower bound of agreement at PCT confidence, in place of the rate itself.",
        "PCT",
    ),
    Option("baseline", "baseline", "Fail the run when it is worse than this report, compared call by call.", "REPORT"),
    Option("baseline_missing", "baseline-missing", "What a missing baseline file is: fail (default) or ok.", "fail|ok"),
    Option("reports", "report", "Also write the report here: .json, .md or .html; repeatable.", "PATH", many=True),
    Option("dir", "dir", "Where sessions, answers and reports are kept (default: .distil).", "DIR"),
    Option(
        "session", "session", "The session to ask ahead from and to judge by (default: latest).", "latest|none|PATH"
    ),
    Option("dry_run", "dry-run", "Say how many prompts there are, how long and where to; ask nothing.", ini=False),
    Option("disagreed", "disagreed", "Run only the tests that disagreed last time.", ini=False),
    Option(
        "format",
        "format",
        "The shape of conversations (default: json_schema); raw is for collecting only.",
        "json_schema|tools|functions|raw",
    ),
    Option("concurrency", "concurrency", "Requests in flight, over the whole run (default: 32).", "N"),
    Option("offline", "offline", "Use stored answers only; a missing one counts as failed.", ini=False),
    Option("refresh", "refresh", "Ask again where an answer is stored.", ini=False),
    Option("sample", "sample", "Ask only about PCT of the calls, chosen by fingerprint.", "PCT"),
    Option("repeat", "repeat", "Ask N times about each call; agreement is the mean.", "N"),
    Option("noise", "noise", "Run the original twice, and compare it with itself.", ini=False),
    Option("constrained", "constrained", "Keep the answers of local: models to the schema by a grammar.", ini=False),
    Option("shots", "shots", "Put the K nearest training examples before each call, as messages.", "K"),
    Option(
        "functions",
        "function",
        "Mark a function by its import path, pkg.mod:function or pkg.mod:Class.method, in this run; repeatable. "
        "Options may follow: name=..., exclude=a,b, dataset=..., group=..., and its type: -> pkg.models:Receipt.",
        "PATH",
        many=True,
        ini_name="distil_functions",
    ),
    Option("holdout", "holdout", "Percentage of calls kept from training (default: 20).", "PCT", cli=False),
    Option("holdout_by", "holdout-by", "Hold out single calls (default) or whole test functions.", "", cli=False),
    Option(
        "validation",
        "validation",
        "Percentage of the training side that becomes validation (default: 10).",
        "",
        cli=False,
    ),
    Option(
        "thresholds",
        "thresholds",
        "Thresholds of tasks and fields: triage=95 receipts.total=99.",
        "",
        cli=False,
    ),
    Option("min_calls", "min-calls", "Judged calls that there must be at least (default: 1).", "", cli=False),
    Option(
        "allowed_drop", "allowed-drop", "Points that agreement may lose to the baseline (default: 2).", "", cli=False
    ),
    Option("conflicts", "conflicts", "One call with different results: drop it (default) or majority.", "", cli=False),
    Option(
        "max_per_test",
        "max-per-test",
        "Examples of a task that one test function contributes at most (default: all).",
        "",
        cli=False,
    ),
    Option(
        "exclude_fixtures",
        "exclude-fixtures",
        "Names of fixtures: the calls of tests that use one of them are left out.",
        "",
        cli=False,
        many=True,
    ),
    Option(
        "redact",
        "redact",
        "What is taken out of arguments before they are recorded or sent, one a line: regular expressions, and fields "
        "($.customer.email).",
        "",
        cli=False,
        many=True,
        ini_name="distil_redact",
    ),
    Option("show_values", "show-values", "Show values in reports: yes (default), differences or no.", "", cli=False),
    Option("base_url", "base-url", "Address of the model's server; before OPENAI_BASE_URL.", "", cli=False),
    Option("timeout", "timeout", "Seconds that one answer may take, retries included (default: 60).", "", cli=False),
    Option("max_requests", "max-requests", "Requests after which asking stops (default: 10000).", "", cli=False),
    Option(
        "prices",
        "prices",
        "What a million tokens cost, MODEL=IN/OUT, MODEL=IN/CACHED/OUT or train:BASE=AMOUNT: m=0.15/0.6.",
        "",
        cli=False,
    ),
)

_MARKER = (
    "distil(*, collect=True, held_out=False, must_agree=False, must_pass=False): how pytest-distil treats the calls of "
    "a test: collect=False leaves them out, held_out=True keeps them from training, must_agree=True and must_pass=True "
    "fail the gate where a model differs."
)


def add_options(parser: pytest.Parser) -> None:
    """Register every option and its ini twin."""
    group = parser.getgroup("distil", "distillation: collect training data, evaluate a model (pytest-distil)")
    for option in OPTIONS:
        if option.cli:
            group.addoption(f"--distil-{option.name}", dest=_dest(option), help=option.help, **_kind(option))
        if option.ini:
            parser.addini(_ini(option), option.help, type=_ini_type(option), default=None)


def add_marker(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", _MARKER)


def given(config: pytest.Config) -> dict[str, tuple[str, Any]]:
    """Return what the user gave, by the key of `Settings`, with the name that it was given under."""
    found: dict[str, tuple[str, Any]] = {}
    for option in OPTIONS:
        value = config.getoption(_dest(option)) if option.cli else None
        if value:
            found[option.key] = (f"--distil-{option.name}", value)
        elif option.ini and (value := config.getini(_ini(option))):
            found[option.key] = (_ini(option), value)
    return found


def _kind(option: Option) -> dict[str, Any]:
    """Return how argparse takes an option: values stay text, so that a bad one is refused in our words."""
    if option.metavar is None:
        return {"action": "store_true", "default": False}
    return {"action": "append" if option.many else "store", "metavar": option.metavar, "default": None}


def _ini_type(option: Option) -> Literal["args", "linelist", "string"]:
    if option.ini_name:
        return "linelist"
    return "args" if option.many else "string"


def _dest(option: Option) -> str:
    return f"distil_{option.key}"


def _ini(option: Option) -> str:
    return option.ini_name or f"distil_{option.name.replace('-', '_')}"
