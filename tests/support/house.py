"""The rules of DESIGN.md section 4 as data, and what holds a file of the package against them.

Every function here returns sentences of the form `path:line: what is wrong; what to do`.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter

from support.sources import PACKAGE, Import, Source, imports_of

FLOORS = {
    "mark": 1,
    "core": 2,
    "formats": 3,
    "models": 3,
    "store": 3,
    "reports": 3,
    "run": 4,
    "plugin": 5,
    "cli": 5,
}

OUTSIDE = {"": ("mark", "core"), "__main__": ("cli",)}
"""The modules that stand in no wing, and the wings that each may name."""

WALLS = {
    "_pytest": "plugin",
    "deepdiff": "run.compare",
    "gguf": "models.local",
    "huggingface_hub": "models.local",
    "httpx2": "models",  # what the openai SDK stands on: its transports and errors
    "jinja2": "reports",
    "openai": "models",
    "numpy": "models.local",
    "peft": "models.local",
    "pluggy": "plugin",
    "pydantic": "core.codec",
    "pydantic_core": "core.codec",
    "pytest": "plugin",
    "safetensors": "models.local",
    "sqlite3": "store",
    "tiktoken": "formats.tokens",
    "tokenizers": "formats.tokens",
    "torch": "models.local",
    "transformers": "models.local",
    "typing_extensions": "core.codec",  # what pydantic stands on: its TypedDict
    "xdist": "plugin",
    "xllamacpp": "models.local",
}
"""Where each library may be imported: in this module, or below it."""

DOOR = ("mark.tap", f"{PACKAGE}.run.production:interceptor")
"""The one string import that points up."""

PRINTING_WINGS = ("plugin", "cli")
STREAMS = ("stdout", "stderr", "__stdout__", "__stderr__")

MOST_LINES = 250
MOST_LINES_OF_A_FUNCTION = 40


def wrong_arrows(source: Source, modules: Iterable[str]) -> list[str]:
    """Say which imports go up, to another wing of the same floor, or to the facade."""
    ours = [one for one in imports_of(source, set(modules)) if one.is_ours]
    judged = ((one, _fault_of_arrow(source, one)) for one in ours)
    return [f"{source.path}:{one.line}: {fault}" for one, fault in judged if fault]


def broken_walls(source: Source) -> list[str]:
    """Say which libraries are imported where they may not be."""
    foreign = [one for one in imports_of(source, set()) if not one.is_ours]
    judged = ((one, _fault_of_library(source, one.target.partition(".")[0])) for one in foreign)
    return [f"{source.path}:{one.line}: {fault}" for one, fault in judged if fault]


def printing(source: Source) -> list[str]:
    """Say where a file outside the doors prints."""
    if source.wing in PRINTING_WINGS:
        return []
    return [
        f"{source.path}:{line}: {what} outside {' and '.join(PRINTING_WINGS)}; hand the text to what called"
        for line, what in _prints(source.tree)
    ]


def circle(sources: Iterable[Source]) -> list[str]:
    """Return the modules of a circle of imports among these files, empty where there is none."""
    by_module = {source.module: source for source in sources}
    names = {f"{PACKAGE}.{module}": module for module in by_module}
    arrows = {
        module: {names[one.target] for one in imports_of(source, set(by_module)) if one.target in names} - {module}
        for module, source in by_module.items()
    }
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def too_long(source: Source) -> list[str]:
    """Say which file and which functions are longer than they may be."""
    lines = len(source.text.splitlines())
    long = [f"{source.path}:1: {lines} lines, {MOST_LINES} may be; split it"] if lines > MOST_LINES else []
    for node in ast.walk(source.tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            size = (node.end_lineno or node.lineno) - node.lineno + 1
            if size > MOST_LINES_OF_A_FUNCTION:
                limit = f"{MOST_LINES_OF_A_FUNCTION} may be; split it"
                long.append(f"{source.path}:{node.lineno}: {node.name} has {size} lines, {limit}")
    return long


def _fault_of_arrow(source: Source, one: Import) -> str:
    """Say what is wrong with an import of this package, empty where nothing is."""
    if one.by_string and (source.module, one.target) == DOOR:
        return ""
    if not one.wing:
        if one.by_string:
            return f"the wing in {one.target!r} cannot be read; write it out"
        return "imports the facade; import from the file that has it"
    if source.module in OUTSIDE:
        allowed = OUTSIDE[source.module]
        return "" if one.wing in allowed else f"names {one.target!r}; this file hands on {' and '.join(allowed)} only"
    if one.wing not in FLOORS:
        return f"imports {one.target!r}, which is in no wing; give it a place in DESIGN.md section 4"
    return _fault_between(source.wing, one)


def _fault_between(wing: str, one: Import) -> str:
    """Say what is wrong with an import from one wing into another, empty where nothing is."""
    here, there = FLOORS[wing], FLOORS[one.wing]
    if wing == one.wing or there < here:
        return ""
    how = "names by string" if one.by_string else "imports"
    if here == there:
        return f"{wing}/ {how} {one.target!r}, a wing of its own floor; take it by argument, or by a protocol in core/"
    return f"{wing}/ on floor {here} {how} {one.target!r} on floor {there}; imports go down, so move one of them"


def _fault_of_library(source: Source, library: str) -> str:
    """Say what is wrong with importing a library in a file, empty where nothing is."""
    wall = WALLS.get(library)
    if wall is None:
        if library in sys.stdlib_module_names:
            return ""
        return f"imports {library!r}, which has no wall; choose its one place in tests/support/house.py"
    if f"{source.module}.".startswith(f"{wall}."):
        return ""
    return f"imports {library!r}, whose place is {PACKAGE}.{wall}; call that instead"


def _prints(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and name of what prints."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield node.lineno, "print()"
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "sys" and node.attr in STREAMS:
                yield node.lineno, f"sys.{node.attr}"
        elif isinstance(node, ast.ImportFrom) and node.module == "sys":
            yield from ((node.lineno, f"sys.{alias.name}") for alias in node.names if alias.name in STREAMS)
