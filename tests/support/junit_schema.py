"""JUnit files, held against the common schema and against their own counts.

The schema is the one of Jenkins' xUnit plugin (MIT, its notice stands in it), by which pytest tests its own files.
"""

from __future__ import annotations

import functools
import xml.etree.ElementTree as ET
from pathlib import Path

from xmlschema import XMLSchema10

_COUNTED = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}


def faults(path: Path, *, reruns: int = 0) -> list[str]:
    """Return what a file breaks of the schema, and every count that is not the number of elements that it counts.

    For each attempt that failed before its teardown and was rerun, pytest-rerunfailures leaves a test case that pytest
    does not count; it does so without us, too.
    """
    found = [str(one.reason) for one in _schema().iter_errors(str(path))]
    for suite in ET.parse(path).getroot().iter("testsuite"):  # noqa: S314 - written by pytest just now
        there = {name: sum(1 for _ in suite.iter(tag)) for name, tag in _COUNTED.items()}
        there["tests"] -= reruns
        found += [f"{name}={suite.get(name)}, but {n}" for name, n in there.items() if str(n) != suite.get(name)]
    return found


@functools.cache
def _schema() -> XMLSchema10:
    """Read the schema, once a process."""
    return XMLSchema10(Path(__file__).with_name("junit-10.xsd"))
