"""A return type in words that a small model reads cheaply."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pytest_distil.core.brief import Brief
from pytest_distil.core.text import compact
from pytest_distil.formats.nodes import Choice, Field, Items, Node, Record, Ref, Returned, Scalar, Union
from pytest_distil.formats.schema import per_brief, returned
from pytest_distil.formats.strict import shape


@per_brief
def type_text(brief: Brief) -> str:
    """Return the object that a reply is, and below it the definitions that it names.

    A field a line, with its type, allowed values, limits and description:

        {
          label: "billing" | "bug"  // what it is about
          items: Item[] (at least 1 item)
          note?: string
        }
        Item: {
          price: number (>= 0)
        }
    """
    kind = returned(brief)
    words = _Words(kind, nulls=shape(brief).strict)
    return "\n".join(words.lines())


class _Words:
    """Writes the nodes of one type."""

    def __init__(self, kind: Returned, *, nulls: bool) -> None:
        self._kind = kind
        self._nulls = nulls
        used = Counter(node.name for node in kind.walk() if isinstance(node, Ref))
        self._inline = {name for name, node in kind.named.items() if isinstance(node, Choice) and used[name] == 1}
        """Values that one field alone may have: they stand there."""

    def lines(self) -> Iterator[str]:
        """Yield the text's lines: the root, then the definitions."""
        yield from self._block("", self._kind.root)
        for name, node in self._kind.named.items():
            if name not in self._inline:
                yield from self._block(f"{name}: ", node)

    def _block(self, start: str, node: Node) -> Iterator[str]:
        """Yield one definition, an object's fields on a line each."""
        if not isinstance(node, Record) or not node.fields:
            yield _noted(f"{start}{self.text(node)}", node.doc if isinstance(node, Record | Choice) else "")
            return
        yield _noted(f"{start}{{", node.doc)
        for field in node.fields:
            yield _noted(f"  {self._field(field)}", field.doc or self._doc(field.node))
        if node.rest:
            yield f"  ...: {self.text(node.rest)}"
        yield "}"

    def _doc(self, node: Node) -> str:
        """Return the description of values that stand in a field."""
        found = self._kind.resolve(node) if isinstance(node, Ref) and node.name in self._inline else node
        return found.doc if isinstance(found, Choice) else ""

    def _field(self, field: Field) -> str:
        """Return `name: type`, with how its lack is said."""
        name = field.name if field.name.isidentifier() else compact(field.name)
        if self._nulls and field.optional:
            return f"{name}: {self.text(field.node)} | null"
        return f"{name}{'?' * field.optional}: {self.text(field.node)}"

    def text(self, node: Node) -> str:
        """Return a node on one line."""
        match node:
            case Ref(name=name):
                return self.text(self._kind.named[name]) if name in self._inline else name
            case Scalar(type=of, limits=limits):
                return _limited(of, limits)
            case Choice(values=values):
                return " | ".join(map(compact, values))
            case Items(first=(), rest=rest, limits=limits):
                return _limited(f"{self._one(rest)}[]" if rest else "[]", limits)
            case Items(first=first, rest=rest):
                return f"[{', '.join([*map(self.text, first), *([f'...{self.text(rest)}'] if rest else [])])}]"
            case Record():
                return self._object(node)
            case Union(branches=branches):
                return " | ".join(map(self.text, branches))
            case _:
                return "any"

    def _one(self, node: Node) -> str:
        """Return a node as the item of an array: `(string | null)[]`, `integer[]`."""
        text = self.text(node)
        return f"({text})" if " " in text and not isinstance(node, Record) else text

    def _object(self, node: Record) -> str:
        """Return an object on one line."""
        parts = [self._field(field) for field in node.fields]
        if node.rest:
            parts.append(f"...: {self.text(node.rest)}" if parts else f"any key: {self.text(node.rest)}")
        return f"{{{', '.join(parts)}}}"


def _limited(text: str, limits: tuple[str, ...]) -> str:
    return f"{text} ({', '.join(limits)})" if limits else text


def _noted(line: str, doc: str) -> str:
    return f"{line}  // {doc}" if doc else line
