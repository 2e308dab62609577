"""The few kinds of node that a return type's schema is read into."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pytest_distil.core.text import Json

NULL = "null"


@dataclass(frozen=True, slots=True)
class Anything:
    """A value of any kind."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A definition, by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class Scalar:
    """A string, integer, number, boolean or null."""

    type: str
    limits: tuple[str, ...] = ()
    """What the schema says beyond the type, in words."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some values."""

    values: tuple[Json, ...]
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Items:
    """An array: `first` by position, then any number of `rest`; None where nothing may follow."""

    first: tuple[Node, ...]
    rest: Node | None
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """One key of an object."""

    name: str
    node: Node
    doc: str = ""
    optional: bool = False
    """Whether results may lack it: it is not required and has no default to be written in its place."""


@dataclass(frozen=True, slots=True)
class Record:
    """An object: fields in their order, then any other keys with values of `rest`; None where there may be none."""

    fields: tuple[Field, ...]
    rest: Node | None = None
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Union:
    """A value of one of several nodes; no branch is a union itself."""

    branches: tuple[Node, ...]


Node = Anything | Ref | Scalar | Choice | Items | Record | Union


@dataclass(frozen=True, slots=True)
class Returned:
    """What a task returns, as it travels: always an object."""

    root: Node
    """A record, or a reference to one."""
    named: Mapping[str, Node]
    """The definitions, in the order in which they are first met."""
    title: str | None
    """The return type's own name; None where it has none or is wrapped."""
    wrapped: bool
    """Whether the result stands under the key `value`, because it is no object itself."""

    def resolve(self, node: Node) -> Node:
        """Follow references until something else stands there."""
        while isinstance(node, Ref):
            node = self.named[node.name]
        return node

    def nullable(self, node: Node) -> bool:
        """Return whether null is a value of a node."""
        match self.resolve(node):
            case Anything():
                return True
            case Scalar(type=kind):
                return kind == NULL
            case Choice(values=values):
                return None in values
            case Union(branches=branches):
                return any(map(self.nullable, branches))
            case _:
                return False

    def walk(self) -> Iterator[Node]:
        """Yield every node once, each definition included."""
        todo = [self.root, *self.named.values()]
        while todo:
            node = todo.pop()
            yield node
            todo.extend(children(node))

    def fields(self) -> Iterator[Field]:
        """Yield every field once, those of definitions included."""
        for node in self.walk():
            if isinstance(node, Record):
                yield from node.fields


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly under one; a reference has none."""
    match node:
        case Items(first=first, rest=rest):
            return (*first, rest) if rest else first
        case Record(fields=fields, rest=rest):
            own = tuple(field.node for field in fields)
            return (*own, rest) if rest else own
        case Union(branches=branches):
            return branches
        case _:
            return ()
