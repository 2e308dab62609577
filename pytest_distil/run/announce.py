"""What is said before anything is asked: how many prompts, how long, and where they go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pytest_distil.core.call import Example, in_sample
from pytest_distil.core.phrases import plural
from pytest_distil.core.settings import Settings
from pytest_distil.core.thresholds import unreachable
from pytest_distil.core.wants import on_side
from pytest_distil.formats import load
from pytest_distil.models import parse
from pytest_distil.models.endpoint import Endpoint, endpoint
from pytest_distil.run.asked import text_length
from pytest_distil.run.asker.wire import AskerSettings
from pytest_distil.run.recorded import Recorded
from pytest_distil.run.sightings import Key
from pytest_distil.run.stock import format_of

_BYTES_A_TOKEN = 4
"""Of English text and JSON; good enough to tell ten thousand tokens from ten million."""


def announcement(
    settings: Settings, wanted: AskerSettings, recorded: Recorded | None, tests: Sequence[str]
) -> str | None:
    """Return a line about what will be asked for these tests; None where no server is asked.

    Worded with the session's briefs, because today's are only known where the tests are; it says "about".
    """
    return announced(settings, wanted, recorded, recorded.of_tests(tests) if recorded else [])


def announced(
    settings: Settings, wanted: AskerSettings, recorded: Recorded | None, held: Sequence[Example]
) -> str | None:
    """Return the same for what a session holds."""
    if wanted.base_url is None:
        return None
    where = f"{_models(settings)} at {Endpoint(wanted.base_url).shown}"
    if settings.offline:
        return f"distil: offline: stored answers of {where}, and nothing is asked"
    examples = [one for one in held if _is_asked(one, settings)]
    if recorded is None or not examples:
        return f"distil: no session holds calls of these tests; {where} is asked as they make them{_limit(settings)}"
    lengths = list(_lengths(settings, recorded, examples))
    shots = f", each with {plural(settings.shots, 'example')} before it," if settings.shots else ""
    return f"distil: up to {_amount(settings, lengths)}{shots} go to {where}; stored answers are not asked for again"


def out_of_reach(settings: Settings, recorded: Recorded | None, tests: Sequence[str]) -> str | None:
    """Return a line that says that even full agreement could not hold the gate; None where it could, or is unknown.

    Each call that the session holds of these tests counts as independent, which is the most that it can be worth.
    """
    if settings.confidence is None or settings.fail_under is None or (recorded is None and settings.fail_under < 1):
        return None
    judged = settings.gate_on or ("held-out" if settings.holdout else "all")
    n = sum(
        on_side(judged, one.held_out) and settings.model_of(one.task) is not None
        for one in (recorded.of_tests(tests) if recorded else ())
        if in_sample(one.fingerprint, settings.sample)
    )
    verb = {"held-out": "holds out", "new-patterns": "holds out as new patterns", "all": "holds"}[judged]
    holding = f"this session {verb} {n:,}"
    said = unreachable(settings.fail_under, confidence=settings.confidence, independent=max(1, n), holding=holding)
    return f"distil: {said}" if said else None


def dry_run(settings: Settings, prompts: Mapping[Key, int], variables: Mapping[str, str]) -> list[str]:
    """Return lines about what a run would ask; `prompts` are the bytes of each call's."""
    lengths = sorted(prompts.values())
    if not lengths:
        return ["nothing would be asked: the tests that ran called no marked function"]
    by_server = any(_is_served(model, settings) for model in settings.models.values())
    server = endpoint(variables, base_url=settings.base_url, needed=False) if by_server else None
    where = f"{_models(settings)} at {server.shown}" if server else _models(settings)
    lines = [
        f"{_amount(settings, lengths)} would go to {where}; nothing was asked",
        f"the longest is about {_tokens(lengths[-1]):,} tokens, the median {_tokens(lengths[len(lengths) // 2]):,}",
    ]
    tasks = sorted({task for task, _ in prompts})
    if len(tasks) > 1:
        for task in tasks:
            own = [length for key, length in prompts.items() if key[0] == task]
            lines.append(f"{task}: {_amount(settings, own)}")
    return lines


def _amount(settings: Settings, lengths: Sequence[int]) -> str:
    """Say how many prompts there are, repeated ones counted each, and how long they are together."""
    n = len(lengths) * settings.repeat
    tokens = sum(map(_tokens, lengths)) * settings.repeat
    limit = _limit(settings) if n > settings.max_requests else ""
    return f"{plural(n, 'prompt')} of about {plural(tokens, 'token')}{limit}"


def _limit(settings: Settings) -> str:
    return f" (distil_max_requests stops it after {settings.max_requests:,})"


def _tokens(length: int) -> int:
    return -(-length // _BYTES_A_TOKEN)


def _models(settings: Settings) -> str:
    return ", ".join(dict.fromkeys(settings.models.values()))


def _is_asked(example: Example, settings: Settings) -> bool:
    model = settings.model_of(example.task)
    return model is not None and _is_served(model, settings) and in_sample(example.fingerprint, settings.sample)


def _is_served(model: str, settings: Settings) -> bool:
    """Return whether a MODEL is asked at the base URL."""
    return parse(model, factories=settings.factories).kind == "chat"


def _lengths(settings: Settings, recorded: Recorded, examples: Sequence[Example]) -> Iterator[int]:
    """Yield the bytes of each prompt."""
    briefs = recorded.manifest.briefs()
    for one in examples:
        brief = briefs[one.task]
        yield text_length(load(format_of(brief, settings)).prompt(brief, one.arguments))
