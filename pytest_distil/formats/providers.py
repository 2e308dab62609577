"""What those who fine-tune want of a file, as data. All of it was looked up in November 2026.

openai      developers.openai.com, guides "Supervised fine-tuning" (10 examples at least) and "Direct preference
            optimization" (`input`, `preferred_output`, `non_preferred_output`); in its OpenAPI description the schema
            `FineTuneChatRequestInput` (`messages`, `tools`, `parallel_tool_calls`, `functions`); the reference of
            `files.create` in its SDK 3.54 (512 MB)
azure       learn.microsoft.com, "Customize a model with fine-tuning", page of 2025-09 (UTF-8 with a byte-order mark,
            below 512 MB, 10 examples at least), "Direct preference optimization", and its table of models ("training
            example context length: 65,536")
together    docs.together.ai, "Data preparation" and "Preference fine-tuning" (system or user first, then user and
            assistant in turn; one message a side); the package `together` 3.1.1 (`messages`, `tools`; 50.1 GB)
fireworks   docs.fireworks.ai, "Supervised Fine Tuning - Text" and "Direct Preference Optimization" (3 to 3,000,000
            examples, system first, `weight`)
trl         huggingface.co/docs/trl, "Dataset formats", and `trl` 1.16 (`prompt` and `completion`, without which it
            trains on prompts too; `prompt`, `chosen`, `rejected`; arguments of calls as objects, as chat templates
            read them), which tests/test_engines.py runs
generic     what all of them share: for servers that speak the OpenAI calls, and for tools of your own
"""

from __future__ import annotations

from dataclasses import dataclass

from pytest_distil.mark.errors import SettingError

MB = 1_000_000

MESSAGE_KEYS = frozenset(
    {"role", "content", "name", "tool_calls", "tool_call_id", "function_call", "refusal", "weight", "audio"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """The rules of one provider; the defaults are what nobody refuses."""

    name: str
    title: str
    beside: frozenset[str] = frozenset({"tools"})
    """What a line may hold beside its messages."""
    roles: frozenset[str] = frozenset({"system", "user", "assistant", "tool"})
    message_keys: frozenset[str] = MESSAGE_KEYS - {"refusal", "audio", "function_call"}
    system_first: bool = True
    alternate: bool = False
    """Whether user and assistant must take turns."""
    halves: tuple[str, str] | None = None
    """The keys of what is asked and what is replied, where a line is written in two; else it is one list."""
    pairs: tuple[str, str, str] = ("input", "preferred_output", "non_preferred_output")
    """The keys of a preference pair: prompt, better, worse."""
    pair_messages: int | None = 1
    """How many messages each side of a pair may have; None: any number."""
    calls_as_objects: bool = False
    """Whether the arguments of tool calls are objects, not JSON in a string."""
    bom: bool = False
    """Whether the file must begin with a byte-order mark; else it must not."""
    least: int = 1
    """Examples of a training file."""
    most: int | None = None
    most_bytes: int | None = None
    context: int | None = None
    """Tokens that one example may have, where all models that can be tuned have the same limit."""
    jobs: bool = False
    """Whether it speaks the OpenAI calls for files and jobs, so that `jobs` works."""

    def asked(self, method: str | None) -> str:
        """Return the key under which a line of a method holds what is asked."""
        return self.pairs[0] if method == "dpo" else self.halves[0] if self.halves else "messages"


_OPENAI_BESIDE = frozenset({"tools", "parallel_tool_calls", "functions"})
_OPENAI_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})

OPENAI = Provider(
    name="openai",
    title="OpenAI",
    beside=_OPENAI_BESIDE,
    roles=_OPENAI_ROLES,
    message_keys=MESSAGE_KEYS,
    system_first=False,
    pair_messages=None,
    least=10,
    most_bytes=512 * MB,
    context=65_536,
    jobs=True,
)
AZURE = Provider(
    name="azure",
    title="Azure OpenAI",
    beside=_OPENAI_BESIDE,
    roles=_OPENAI_ROLES,
    message_keys=MESSAGE_KEYS,
    system_first=False,
    pair_messages=None,
    bom=True,
    least=10,
    most_bytes=512 * MB,
    context=65_536,
    jobs=True,
)
TOGETHER = Provider(name="together", title="Together", alternate=True, most_bytes=50_100 * MB)
FIREWORKS = Provider(name="fireworks", title="Fireworks", least=3, most=3_000_000)
TRL = Provider(
    name="trl",
    title="Hugging Face TRL",
    halves=("prompt", "completion"),
    pairs=("prompt", "chosen", "rejected"),
    calls_as_objects=True,
)
GENERIC = Provider(
    name="generic",
    title="an OpenAI-compatible server",
    beside=_OPENAI_BESIDE,
    roles=_OPENAI_ROLES,
    message_keys=MESSAGE_KEYS,
    system_first=False,
    pair_messages=None,
    jobs=True,
)

PROVIDERS = {one.name: one for one in (OPENAI, AZURE, TOGETHER, FIREWORKS, TRL, GENERIC)}

_HOSTS = {
    "openai.com": OPENAI,
    "openai.azure.com": AZURE,
    "services.ai.azure.com": AZURE,
    "together.ai": TOGETHER,
    "together.xyz": TOGETHER,
    "fireworks.ai": FIREWORKS,
}


def provider(name: str, *, option: str = "--provider") -> Provider:
    """Return the rules of that name; raise `SettingError` where there are none."""
    if name not in PROVIDERS:
        raise SettingError(option, f"is one of {', '.join(PROVIDERS)}, not {name!r}")
    return PROVIDERS[name]


def provider_of(host: str) -> Provider:
    """Return whose rules hold at a host: those of a known provider, else what all of them share."""
    known = (rules for end, rules in _HOSTS.items() if host == end or host.endswith(f".{end}"))
    return next(known, GENERIC)
