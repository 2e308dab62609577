"""The common JUnit schema (Jenkins' junit-10.xsd, as far as pytest's files use it), as a check without a library."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

_ATTRIBUTES = {
    "testsuites": ({"name", "time", "tests", "failures", "disabled", "errors"}, set[str]()),
    "testsuite": (
        {"name", "tests", "failures", "errors", "time", "disabled", "skipped", "timestamp", "hostname", "id"},
        {"name"},
    ),
    "testcase": ({"name", "assertions", "time", "classname", "status", "file", "line"}, {"name"}),
    "properties": (set[str](), set[str]()),
    "property": ({"name", "value"}, {"name", "value"}),
    "failure": ({"type", "message"}, set[str]()),
    "error": ({"type", "message"}, set[str]()),
    "skipped": ({"type", "message"}, set[str]()),
    "system-out": (set[str](), set[str]()),
    "system-err": (set[str](), set[str]()),
}
"""Each element with the attributes it may have, and those it must have."""

_CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase", "system-out", "system-err"},
    "testcase": {"properties", "skipped", "error", "failure", "system-out", "system-err"},
    "properties": {"property"},
}

_DECIMAL = re.compile(r"-?\d+(\.\d+)?")


def faults(path: Path) -> list[str]:
    """Return what a file breaks of the schema, and every count that is not the number of elements that it counts."""
    root = ET.parse(path).getroot()  # noqa: S314 - written by pytest just now
    found = [] if root.tag == "testsuites" else [f"the root is {root.tag}"]
    for element in root.iter():
        found += _of_element(element)
    for suite in root.iter("testsuite"):
        found += _of_counts(suite)
    return found


def _of_element(element: ET.Element) -> list[str]:
    """Return what is wrong with one element."""
    if element.tag not in _ATTRIBUTES:
        return [f"unknown element {element.tag}"]
    allowed, needed = _ATTRIBUTES[element.tag]
    given = set(element.keys())
    found = [f"{element.tag} has {name}" for name in given - allowed]
    found += [f"{element.tag} lacks {name}" for name in needed - given]
    found += [f"{child.tag} in {element.tag}" for child in element if child.tag not in _CHILDREN.get(element.tag, ())]
    if not _DECIMAL.fullmatch(element.get("time", "0")):
        found.append(f"{element.tag}: time {element.get('time')!r}")
    if len(element.findall("properties")) > 1:
        found.append(f"{element.tag} has properties twice")
    return found


def _of_counts(suite: ET.Element) -> list[str]:
    """Return which counts of a suite are not true."""
    tags = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}
    real = {name: sum(1 for _ in suite.iter(tag)) for name, tag in tags.items()}
    return [f"{name}={suite.get(name)}, but {n}" for name, n in real.items() if str(n) != suite.get(name)]
