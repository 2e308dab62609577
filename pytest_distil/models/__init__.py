"""Who answers in the original's place: a MODEL as users write it, and the leaf that it names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pytest_distil.core.prompt import Model
from pytest_distil.mark.errors import ModelError, SettingError
from pytest_distil.models.endpoint import Endpoint

Kind = Literal["chat", "recorded", "memory", "local", "own"]

MEMORIES = ("lookup", "nearest", "majority")
"""The ways to answer from memory, weakest first."""

_OPTION = "--distil-eval"
_NONE: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A MODEL, read."""

    kind: Kind
    name: str
    """The id at the server, the file of a recording, the way of a memory, the name of a local model."""
    text: str
    """As the user wrote it; what reports call it."""
    factory: str | None = None
    """Import path of what makes a model of a suite's own."""

    @property
    def asks_server(self) -> bool:
        """Tell whether an answer costs a request, so that it is stored and counted."""
        return self.kind in ("chat", "local", "own")


def parse(text: str, *, option: str = _OPTION, factories: Mapping[str, str] = _NONE) -> ModelSpec:
    """Read a MODEL; raise `SettingError` for one that names nothing, or that is a swallowed path.

    `factories` are the models of the suite's own, by name.
    """
    if text in factories:
        return ModelSpec("own", text, text, factories[text])
    prefix, colon, rest = text.partition(":")
    if colon and prefix in ("id", "recorded", "memory") and not rest:
        raise SettingError(option, f"{text!r} names nothing; write what comes after {prefix + colon!r}")
    if colon and prefix == "id":
        return ModelSpec("chat", rest, text)
    if colon and prefix == "recorded":
        return ModelSpec("recorded", _file(rest, option), text)
    if colon and prefix == "memory":
        return ModelSpec("memory", _memory(rest, option), text)
    if colon and prefix == "local":
        return ModelSpec("local", rest, text)
    return ModelSpec("chat", _id(text, option), text)


def load(  # noqa: PLR0913 - by keyword, each for one kind of model
    spec: ModelSpec,
    *,
    endpoint: Endpoint | None = None,
    concurrency: int = 32,
    timeout: float = 60.0,
    examples: Sequence[str | Path] = (),
    local: Path | None = None,
    bases: Path | None = None,
    constrained: bool = False,
) -> Model:
    """Return the model itself, importing only its own leaf.

    `endpoint`, `concurrency` and `timeout` (seconds for one request) are for models behind a server, `examples`
    (`calls.jsonl` files) for memories, `local` (the folder of trained models), `bases` (that of their bases) and
    `constrained` (answers kept to the schema by a grammar) for models of this machine. Raises `ModelError` or
    `DataError` where there is no such model.
    """
    if spec.kind == "recorded":
        from pytest_distil.models.recorded import Recorded

        return Recorded.read(Path(spec.name))
    if spec.kind == "memory":
        from pytest_distil.models.memory import MemoryModel

        return MemoryModel.read(spec.name, [Path(file) for file in examples])
    if spec.kind == "local":
        from pytest_distil.models.local.chat import LocalModel

        return LocalModel(spec.name, folder=local, bases=bases, constrained=constrained, timeout=timeout)
    if spec.factory is not None:
        from pytest_distil.models.own import OwnModel

        return OwnModel(spec.factory, spec.name)
    if endpoint is None:
        raise ModelError(f"{spec.text!r} is served somewhere, and no base URL was given")
    from pytest_distil.models.chat import Chat

    return Chat.at(endpoint, spec.name, concurrency=concurrency, timeout=timeout)


def _file(name: str, option: str) -> str:
    if not Path(name).is_file():
        raise SettingError(option, f"there is no file {name!r} with recorded answers")
    return name


def _memory(name: str, option: str) -> str:
    if name not in MEMORIES:
        raise SettingError(option, f"'memory:{name}' is none of {', '.join(f'memory:{how}' for how in MEMORIES)}")
    return name


def _id(text: str, option: str) -> str:
    if not text.strip():
        raise SettingError(option, "names no model; write the id of a model, or memory:nearest to try it without one")
    if Path(text).exists():
        raise SettingError(
            option,
            f"{text!r} is a path, not a model; write {option}=MODEL before it,"
            f" recorded:{text} for recorded answers, or id:{text} if a model has that name",
        )
    return text
