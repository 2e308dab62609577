"""What the gate is to judge by: the settings, with the baseline read."""

from __future__ import annotations

from pathlib import Path

from pytest_distil.core.report_file import read_baseline
from pytest_distil.core.settings import Settings
from pytest_distil.core.wants import Wants


def wanted(settings: Settings) -> Wants:
    """Return what the gate asks for; raise `DataError` for a baseline file that is damaged.

    One that is missing is for the gate to judge.
    """
    path = settings.baseline
    return Wants(
        fail_under=settings.fail_under,
        fail_under_tests=settings.fail_under_tests,
        fail_under_noise=settings.fail_under_noise,
        gate_on=settings.gate_on,
        holdout=settings.holdout,
        thresholds=settings.thresholds,
        min_calls=settings.min_calls,
        confidence=settings.confidence,
        baseline=read_baseline(Path(path)) if path and Path(path).exists() else None,
        baseline_path=path,
        baseline_missing_ok=settings.baseline_missing == "ok",
        allowed_drop=settings.allowed_drop,
    )
