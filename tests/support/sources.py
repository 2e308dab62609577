"""The source files of the package, and what each of them imports.

A module is named without the package: `core.codec` is pytest_distil/core/codec.py; the facade is the empty string.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "pytest_distil"

STRING_IMPORT = re.compile(rf"{PACKAGE}\.[\w.]*(:\w+)?")


@dataclass(frozen=True, slots=True)
class Source:
    """One file of the package."""

    module: str
    path: str
    """From the package's parent, for messages."""
    text: str
    tree: ast.Module
    is_package: bool = False

    @property
    def wing(self) -> str:
        """The wing it stands in, or a module of `OUTSIDE`."""
        return self.module.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Import:
    """One name that a file imports, whole: `pytest_distil.core.codec`, `openai.types`."""

    line: int
    target: str
    by_string: bool = False

    @property
    def is_ours(self) -> bool:
        """Whether it is of this package."""
        return self.target.partition(".")[0] == PACKAGE

    @property
    def wing(self) -> str:
        """The wing that is imported from, empty for the facade."""
        return self.target.partition(":")[0].split(".")[1] if "." in self.target else ""


def package_folder() -> Path:
    """Return where the package lies, without importing it."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{PACKAGE} is not installed: python -m pip install --editable .")
    return Path(spec.origin).parent


def read_package(package: Path) -> dict[str, Source]:
    """Return the files of the package by module, without the examples that travel in the wheel."""
    paths = (path for path in sorted(package.rglob("*.py")) if "_examples" not in path.parts)
    return {source.module: source for source in (_read(path, package) for path in paths)}


def made_of(module: str, text: str) -> Source:
    """Return a file of the package that has this text."""
    path = f"{PACKAGE}/{module.replace('.', '/')}.py" if module else f"{PACKAGE}/__init__.py"
    return Source(module, path, text, ast.parse(text), is_package=not module)


def imports_of(source: Source, modules: set[str]) -> Iterator[Import]:
    """Yield all imports of a file: plain, relative, type-only, inside functions, and by string."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from (Import(node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base_of(node, source)
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                is_module = whole.removeprefix(f"{PACKAGE}.") in modules and whole.startswith(f"{PACKAGE}.")
                yield Import(node.lineno, whole if is_module else base)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and STRING_IMPORT.fullmatch(node.value):
            yield Import(node.lineno, node.value, by_string=True)


def _base_of(node: ast.ImportFrom, source: Source) -> str:
    """Return the whole name of the module after `from`."""
    if not node.level:
        return node.module or ""
    here = [PACKAGE, *filter(None, source.module.split("."))]
    ups = node.level - source.is_package
    return ".".join([*here[: len(here) - ups], *filter(None, [node.module])])


def _read(path: Path, package: Path) -> Source:
    """Read one file of the package."""
    parts = path.relative_to(package).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    module = ".".join(parts[:-1] if is_package else parts)
    text = path.read_text(encoding="utf-8")
    return Source(module, str(path.relative_to(package.parent)), text, ast.parse(text), is_package)
