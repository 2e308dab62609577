"""Types of all sorts, as people return them: those that JSON keeps, and those that lose something."""

from __future__ import annotations

import datetime as dt
import enum
import functools
import typing
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, Literal, NamedTuple, NotRequired, TypeVar

import typing_extensions
from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Json,
    PrivateAttr,
    RootModel,
    SecretStr,
    Tag,
    computed_field,
    field_serializer,
    field_validator,
    model_serializer,
)
from pydantic.dataclasses import dataclass as pydantic_dataclass

T = TypeVar("T")


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1


class Word(enum.StrEnum):
    YES = "yes"


class Flags(enum.Flag):
    A = 1
    B = 2


class Leafy(BaseModel):
    a: int
    b: str | None = None
    c: bool = False


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)
    x: int


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    a: int


class Aliased(BaseModel):
    model_config = ConfigDict(extra="forbid")
    x: int = Field(validation_alias=AliasChoices("X", "ex"), serialization_alias="x-out")
    y: int = Field(alias="why")


COMPUTED: list[int] = []


class Computed(BaseModel):
    a: int

    @computed_field  # type: ignore[prop-decorator]
    @property
    def twice(self) -> int:
        COMPUTED.append(self.a)
        return self.a * 2


class Cached(BaseModel):
    a: int

    @functools.cached_property
    def twice(self) -> int:
        return self.a * 2


class Hidden(BaseModel):
    a: int
    _b: int = PrivateAttr(default=0)


class Parsed(BaseModel):
    inner: Json[list[int]]


class Cat(BaseModel):
    kind: Literal["cat"] = Field("cat", alias="type")
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"] = Field("dog", alias="type")
    name: str


Pet = Annotated[Cat | Dog, Field(discriminator="kind")]
Tagged = Annotated[
    Annotated[int, Tag("int")] | Annotated[str, Tag("str")], Discriminator(lambda value: type(value).__name__)
]


class Node(BaseModel):
    name: str
    children: list[Node] = []


class Measured(BaseModel):
    value: float
    raw: bytes = b""


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)
    when: dt.date
    ids: set[int]


class Box(BaseModel, Generic[T]):
    item: T


class Names(RootModel[list[str]]):
    pass


class ByName(RootModel[dict[str, set[int]]]):
    pass


@dataclass
class Point:
    x: float
    y: float = 0.0


@dataclass(slots=True, frozen=True, kw_only=True)
class Slotted:
    tags: frozenset[str]
    at: Point


@dataclass
class Derived:
    a: int
    b: int = field(init=False)

    def __post_init__(self) -> None:
        self.b = self.a * 2


@pydantic_dataclass(slots=True)
class Checked:
    a: int = Field(ge=0)


class Pair(NamedTuple):
    a: int
    b: Leafy | None = None


class Ticket(typing.TypedDict):
    label: Literal["bug", "idea"]
    order: NotRequired[Annotated[str, Field(description="the number of the order")]]


class Wide(Ticket, total=False):
    pair: Pair


class New(typing_extensions.TypedDict):
    b: int
    a: int


class Excluding(BaseModel):
    a: int
    secret: int = Field(default=0, exclude=True)


class Rounding(BaseModel):
    a: float

    @field_serializer("a")
    def rounded(self, value: float) -> float:
        return round(value)


class Redacting(BaseModel):
    a: int

    @model_serializer
    def redacted(self) -> dict[str, int]:
        return {"a": 0}


class Doubling(BaseModel):
    a: int

    @field_validator("a")
    @classmethod
    def doubled(cls, value: int) -> int:
        return value * 2


class Failing(BaseModel):
    a: int

    @field_serializer("a")
    def fails(self, _: int) -> int:
        raise LookupError("not now")


class Picky(BaseModel):
    a: int

    @field_validator("a")
    @classmethod
    def fails(cls, _: int) -> int:
        raise LookupError("never")


class Secretive(BaseModel):
    key: SecretStr


class Keeper(BaseModel):
    items: list[Leafy]


class Child(Leafy):
    d: int = 0


def changed(model: BaseModel, **values: Any) -> Any:
    """Set what validation would refuse, or not see."""
    for name, value in values.items():
        object.__setattr__(model, name, value)
    return model


def hidden(value: int) -> Hidden:
    """Return a model whose private attribute is set."""
    made = Hidden(a=1)
    made._b = value
    return made


def numbered(cases: Sequence[Any]) -> list[str]:
    """Name cases by their place: showing them may run code of their own, or show an address."""
    return [str(number) for number in range(len(cases))]


def named(cases: Sequence[tuple[Any, Any, Any]]) -> list[str]:
    """Name cases by their annotations: showing a value may run code of its own."""
    return [f"{getattr(case[0], '__name__', case[0])}-{number}" for number, case in enumerate(cases)]


class Plain:
    """A class without fields."""
